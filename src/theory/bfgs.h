/* bfgs.h - minimum of a smooth function of a few variables. */
#ifndef THEORY_BFGS_H
#define THEORY_BFGS_H

enum { BFGS_MAX = 64 };

/* value at x[n]; writes gradient[n]. Values that are not finite count as +infinity. */
struct smooth {
    double (*value)(double *gradient, const void *context, const double *x);
    const void *context;
    int n;            /* <= BFGS_MAX */
    double precision; /* relative gain of the value below which the search ends */
};

/* Goes from x[n] downhill to a local minimum, by BFGS with halving of the step until it is a
 * sufficient descent; ends when five steps together gain less than the precision. Returns the value
 * at x. */
double bfgs_minimise(double *x, const struct smooth *f);

#endif
