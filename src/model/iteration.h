/* iteration.h - a model that is an iteration: it approaches least squares on the states s_1 .. s_T,
 * which are its tokens, by steps of two numbers each (arXiv 2309.05858, science.md 2.3).
 *
 * With R = sum of s_{i-1} s_{i-1}' and C = sum of s_i s_{i-1}' over the pairs that token t knows
 * (model.pairs), M = R + .001, A = M / |M|_F, and x = term = s_t at first, step l does
 *
 *   term <- term - step_l A term,   x <- x + term + momentum_l (x - what it was one step before);
 *
 * the prediction is C x / |M|_F. Step and momentum train, from 1 and 0, which is Neumann's series.
 * The stream after layer l is x after step l. */
#ifndef MODEL_ITERATION_H
#define MODEL_ITERATION_H

#include "base/arena.h"
#include "model/model.h"

struct pass;
struct iteration;

/* Whether such a model can be made of these keys: ERR_CONFIG "model.kind: chebyshev needs ...". */
enum status iteration_check(const struct model *model, struct error *err) MUST_CHECK;

double iteration_cost(const struct model *model); /* multiply-adds of one task */

/* Takes tokens, outputs and what else the pass of such a model needs. */
struct iteration *iteration_create(struct pass *pass, struct arena *arena);

void iteration_forward(struct pass *pass);

/* Adds to pass->gradient. What forward computed is computed again. */
void iteration_backward(struct pass *pass, const real *doutputs);

#endif
