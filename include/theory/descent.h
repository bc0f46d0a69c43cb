/* descent.h - gradient descent on the context of regression tasks: the algorithm that paper 1
 * finds in trained transformers (arXiv 2212.07677, science.md 1.2).
 *
 *   L(W) = 1/2 sum_i |y_i - W x_i|^2,   W <- W - rate dL/dW,   yhat = W x_q,
 *
 * `rate` is eta/N of the paper. It is computed on the slots that a transformer of the construction
 * carries, y_i - (W - W0) x_i and -W x_q, so that limiting them to [-clip, clip] after each step is
 * the clip of that transformer; with clip 0 nothing is limited and the formula above holds.
 *
 * Plain C in double, sums in a fixed order, no transcendental function: equal bits everywhere.
 */
#ifndef THEORY_DESCENT_H
#define THEORY_DESCENT_H

#include "theory/regression.h"

struct descent {
    int steps;        /* L; 0 predicts with W0 */
    double rate;      /* c = eta/N */
    double clip;      /* > 0, or 0: none */
    const double *W0; /* [O][d]; NULL: 0 */
};

/* Doubles of scratch that the functions below need for tasks of this size. */
size_t descent_scratch(int d, int N, int O);

/* prediction[O][LANES] = yhat; sensitivity[O][d][LANES] = d yhat / d x_q (may be NULL). */
void descent_predict(double *prediction, double *sensitivity, const struct regression *group,
                     const struct descent *descent, double *scratch);

/* predictions[steps][O][LANES]: yhat after each step. */
void descent_trace(double *predictions, const struct regression *group,
                   const struct descent *descent, double *scratch);

/* Mean over the set of .5 |yhat - y_q|^2. losses[count], the terms, is written when not NULL. */
double descent_loss(double *losses, const struct regression_set *set, const struct descent *descent,
                    double *scratch);

/* The rate that minimises descent_loss over the set; descent->rate is not read. The loss there is
 * within 1e-9 relative of the minimum found.
 *
 * One step without clip is a parabola: closed form. Otherwise first on 512 tasks: a scan of
 * (0, 2 c1], c1 the one-step rate (later steps make the best rate smaller, and a clip hardly
 * larger; the interval doubles while the minimum is at its upper end), then Brent's method. Its
 * result is enclosed on the whole set, by steps downhill, and Brent's method goes on there. 0 when
 * the set has nothing to descend on (c1 is 0 or not finite). Costs about 12 losses of the whole
 * set. */
double descent_search(const struct regression_set *set, const struct descent *descent,
                      double *scratch);

#endif
