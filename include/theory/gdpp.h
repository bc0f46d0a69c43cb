/* gdpp.h - GD++, gradient descent whose inputs are preconditioned (arXiv 2212.07677, science.md 1.2
 * and section 4, statement 2), on the slots that a transformer of its construction carries.
 *
 * Tokens j = 1 .. N of the context and the query have slots (x_j, y_j), the query's y is 0 at
 * first. Layer l, with G = sum_i x_i x_i' and b = sum_i y_i x_i over the context:
 *
 *   y_j <- y_j - c_l b . x_j,   x_j <- x_j - gamma_l G x_j   (both from what was before),
 *
 * then all slots are limited to [-clip, clip] when clip > 0. yhat = -(y of the query). gamma = 0 is
 * gradient descent from 0 (descent.h). The gamma of the last layer has no effect.
 *
 * Plain C in double as in descent.h: equal bits everywhere.
 */
#ifndef THEORY_GDPP_H
#define THEORY_GDPP_H

#include "theory/regression.h"

struct gdpp {
    int layers; /* L */
    double rate[MODEL_LAYERS_MAX], gamma[MODEL_LAYERS_MAX];
};

/* What an optimum may choose. */
enum gdpp_freedom {
    GDPP_DESCENT,   /* one rate, gamma 0 */
    GDPP_RATES,     /* a rate for each layer, gamma 0 */
    GDPP_SHARED,    /* one rate and one gamma */
    GDPP_PER_LAYER, /* a rate and a gamma for each layer */
};

/* Doubles of scratch that the functions below need for tasks of this size. */
size_t gdpp_scratch(int layers, int d, int N, int O);

/* prediction[O][LANES] = yhat; sensitivity[O][d][LANES] = d yhat / d x_q (may be NULL). */
void gdpp_predict(double *prediction, double *sensitivity, const struct regression *group,
                  const struct gdpp *gdpp, double clip, double *scratch);

/* Mean over the set of .5 |yhat - y_q|^2. gradient[2 L], d loss / d (rates, gammas), is written
 * when not NULL; a slot on its limit counts as cut. */
double gdpp_loss(double *gradient, const struct regression_set *set, const struct gdpp *gdpp,
                 double clip, double *scratch);

/* Doubles of scratch of gdpp_search. */
size_t gdpp_search_scratch(int layers, int d, int N, int O);

/* Minimises gdpp_loss over what is free for gdpp->layers layers; returns the loss there, which is
 * within 1e-5 relative of a local minimum. The first 1,024 tasks are searched from the optimum of
 * their eigenvalues (spectral.h) and from half of it; with rates for each layer the first 4,096
 * from rates that grow with the layer, more and more steeply; the best goes on with the whole set.
 *
 * Costs about 30 losses with gradient of the whole set, and 5 for the first look, when layers share
 * their numbers; else several hundred, for the loss then has narrow valleys and many minima: for L
 * > 3 another set gives other numbers. Without a clip the optimum per layer for L > 3 follows a few
 * tasks of the set. A loss with gradient takes 3 L us a task with d = N = 10. */
double gdpp_search(struct gdpp *gdpp, const struct regression_set *set, double clip,
                   enum gdpp_freedom freedom, double *scratch);

#endif
