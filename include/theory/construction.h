/* construction.h - weights with which a linear transformer is gradient descent, by construction
 * (arXiv 2212.07677, proposition 1; science.md section 4, statement 1). */
#ifndef THEORY_CONSTRUCTION_H
#define THEORY_CONSTRUCTION_H

#include "theory/descent.h"

/* Whether the model can hold it: tokens joint, the stream is the tokens (no embedding, positions,
 * MLP, normalisation), key size >= max(d, O), every layer linear. */
bool construction_fits(const struct model *model, const struct task *task);

/* Writes all of weights[parameters]. Row form, in head 0 (the other heads are 0):
 *   Wq = Wk = (I_d; 0),  Wv = (W0^T; -I_O),  Wp = (rate / damping) (0, I_O)
 * so that a layer adds rate sum_i (W0 x_i - y_i) (x_i . x_j) to the y slot of token j, and L layers
 * are L steps: yhat = -out_q for a query token (x_q, -W0 x_q). steps and clip of `descent` are the
 * model's own and not read. construction_fits must hold. */
void construction_write(real *weights, const struct model *model, const struct task *task,
                        const struct descent *descent);

#endif
