/* Few-shot regression as a stream of raw states (science.md 2.8): x_1, y_1, x_2, y_2, ..., x_N of
 * one task, y = W x + noise, W Haar; then a y_N and the next task. Predicted is y after each x. */
#include "kinds.h"

static int tokens(const struct task_config *config)
{
    return 2 * config->context * config->tasks - 1;
}

/* W [d][d] is scratch; pairs [N][2][d] written. */
static void draw_pairs(real *pairs, const struct task_config *c, const struct kernels *kernels,
                       struct random_lanes *random, real *W)
{
    int d = c->dimension, state = d * LANES;
    real half = (real)(c->input_range / 2), *y = pairs + state;
    draw_orthogonal(W, d, kernels, random, W + (ptrdiff_t)d * state);
    for (int i = 0; i < c->context; i++)
        kernels->uniform(pairs + (ptrdiff_t)2 * i * state, random, d, -half, half);
    for (int i = 0; i < c->context; i++)
        kernels->normal(y + (ptrdiff_t)2 * i * state, random, d, (real)c->noise);
    kernels->lanes_lanes((struct matrix){y, 2 * state, LANES},
                         (struct operand){pairs, 2 * state, LANES},
                         (struct operand){W, LANES, state}, c->context, d, d, ADD);
    for (int i = 0; i < c->context; i++)
        kernels->clip(y + (ptrdiff_t)2 * i * state, y + (ptrdiff_t)2 * i * state,
                      (real)c->state_clip, d);
}

static void sample(real *at, real *target, const struct task *task, const struct kernels *kernels,
                   struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    real *states = scratch + (ptrdiff_t)(c->dimension + 1) * c->dimension * LANES;
    for (int t = 0; t < c->tasks; t++)
        draw_pairs(states + (ptrdiff_t)t * 2 * c->context * c->dimension * LANES, c, kernels,
                   random, scratch);
    sequence_place(at, target, states, task, kernels);
}

static int scratch_rows(const struct task *task)
{
    int d = task->config.dimension;
    return d * d + d + sequence_states(task);
}

static double cost(const struct task *task)
{
    double d = task->config.dimension, N = task->config.context;
    return task->config.tasks * (NUMBER_COST * (d * d + 2 * N * d) + 2 * d * d * d + N * d * d);
}

const struct task_row task_few_shot = {.data = DATA_SEQUENCE,
                                       .sequence = {tokens, 1},
                                       .sample = sample,
                                       .scratch = scratch_rows,
                                       .cost = cost};
