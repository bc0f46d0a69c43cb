/* loss.h - squared error of a group of 16 tasks, and its gradient.
 *
 * One task: l = 1/2 sum_i w_i sum_o (yhat[i,o] - y[i,o])^2 over output tokens i and outputs o.
 * w_i = 1/(output tokens) unless weights are given: paper 1 has one output token, paper 2 takes the
 * mean over T. A batch: mean of l over B tasks.
 * Differences are reals; squares and sums are doubles, in the order of (i, o), so bits are equal
 * everywhere.
 */
#ifndef TRAIN_LOSS_H
#define TRAIN_LOSS_H

#include "math/real.h"

struct loss {
    int tokens, outputs;   /* of the prediction, per task */
    const double *weights; /* w [tokens]; NULL: 1/tokens each */
};

/* losses[LANES] = l of each lane; outputs, target [tokens][outputs][LANES]. */
void loss_value(double losses[LANES], const real *outputs, const real *target,
                const struct loss *loss);

/* doutputs [tokens][outputs][LANES] = d (mean of l over `batch` tasks) / d outputs in lanes
 * 0 .. lanes-1; 0 in the others. */
void loss_gradient(real *doutputs, const real *outputs, const real *target, const struct loss *loss,
                   int batch, int lanes);

#endif
