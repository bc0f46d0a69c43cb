/* pairs.h - what all tasks of pairs have in common: where x comes from, and what happens to the
 * labels of the context. scratch [pairs_scratch(task)][LANES]. */
#ifndef TASK_PAIRS_H
#define TASK_PAIRS_H

#include "task/task.h"

/* Writes x_1 ... x_N and x_q into the tokens. */
void pairs_inputs(real *tokens, const struct task *task, const struct kernels *kernels,
                  struct random_lanes *random, real *scratch);

/* Adds noise to the labels of the context, then replaces those of noisy pairs by N(0, 1). */
void pairs_disturb(real *tokens, const struct task *task, const struct kernels *kernels,
                   struct random_lanes *random, real *scratch);

int pairs_scratch(const struct task *task);
double pairs_cost(const struct task *task); /* of both, for one task */

/* Inputs other than uniform ones (science.md 1.4): x [N + 1][d][LANES], the last one the query;
 * scratch [inputs_scratch][LANES]. */
void inputs_draw(real *x, const struct task_config *config, const struct kernels *kernels,
                 struct random_lanes *random, real *scratch);
int inputs_scratch(const struct task_config *config);
double inputs_numbers(const struct task_config *config); /* random numbers that it draws */

#endif
