/* optimum.h - the least of a loss over what GD++ may choose, from several starts. */
#ifndef THEORY_OPTIMUM_H
#define THEORY_OPTIMUM_H

#include "theory/gdpp.h"

/* Writes gradient[2 L], d loss / d (rates, gammas). */
struct objective {
    double (*loss)(double *gradient, const void *context, const struct gdpp *gdpp);
    const void *context;
    double precision; /* relative gain of the loss below which a search ends */
};

/* Takes gdpp, which obeys the freedom, downhill to a local minimum, by BFGS; returns the loss
 * there. */
double optimum_descend(struct gdpp *gdpp, const struct objective *objective,
                       enum gdpp_freedom freedom);

/* Starts with this rate and gamma in all layers or, when each layer has its own, with rates that
 * grow from the first layer to the last, more and more steeply; writes the best minimum that is
 * below `least`, if one is, and returns the smaller of both. */
double optimum_search(struct gdpp *gdpp, double least, const struct objective *objective,
                      enum gdpp_freedom freedom, double rate, double gamma);

#endif
