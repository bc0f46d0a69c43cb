/* construction.h - weights with which a linear transformer is gradient descent, by construction: on
 * pairs (arXiv 2212.07677, proposition 1; science.md section 4, statement 1), and on the states of
 * a sequence (arXiv 2309.05858; science.md 2.3 and section 4, statement 8). */
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

/* Whether the model can hold it: the stream is constructed tokens (0, s_t, s_t, s_{t-1}) and
 * nothing else, causal linear layers with weights of their own, key size >= d; masked tokens for
 * one layer only. */
bool construction_fits_sequence(const struct model *model, const struct task *task);

/* Writes all of weights[parameters]. In head 0 (the other heads are 0) layers k = 1 .. L-1
 * precondition the query, and the last one is a step of gradient descent from 0:
 *
 *   layer k    query part 2, key and value part 4, -damping[k - 1] to part 2:
 *              z <- z - damping_k sum_{i<=t} s_{i-1} (s_{i-1} . z),  z = s_t at first
 *   layer L    query part 2 (of one layer part 3), key part 4, value part 3, rate to part 1
 *
 * so that, while nothing is clipped, the prediction is rate C_t prod_k (1 - damping_k R_t) s_t with
 * R_t = sum_{i<=t} s_{i-1} s_{i-1}', C_t = sum_{i<=t} s_i s_{i-1}': SOLVER_PRODUCT of forecast.h.
 * damping [L - 1] may be NULL for one layer. construction_fits_sequence must hold. */
void construction_write_sequence(real *weights, const struct model *model, const struct task *task,
                                 double rate, const double *damping);

#endif
