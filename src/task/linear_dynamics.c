/* Linear dynamics (science.md 2.1), with a rotation of their own for each sequence, or with another
 * matrix (matrices.c):
 * s_{t+1} = clip(W s_t + noise, +-state_clip), W ~ Haar on O(d), s_1 ~ U(-r/2, r/2)^d. */
#include "kinds.h"

static int rows(int count)
{
    return count * LANES;
}

static void draw_matrix(real *W, const struct task_config *c, const struct kernels *kernels,
                        struct random_lanes *random, real *along)
{
    if (c->kind == TASK_FIXED_DYNAMICS)
        fixed_orthogonal(W, c->dimension, kernels, along);
    else if (c->kind == TASK_CONTRACTING_DYNAMICS)
        draw_contracting(W, c->dimension, kernels, random, along);
    else
        draw_orthogonal(W, c->dimension, kernels, random, along);
}

static void sample(real *at, real *target, const struct task *task, const struct kernels *kernels,
                   struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    int d = c->dimension, T = c->context;
    real *W = scratch, *along = W + rows(d * d), *states = along + rows(d); /* [T+1][d][LANES] */
    real half = (real)(c->input_range / 2);

    draw_matrix(W, c, kernels, random, along);
    kernels->uniform(states, random, d, -half, half);
    kernels->normal(states + rows(d), random, T * d, (real)c->noise);
    sequence_turn(states, W, d, c, kernels);
    sequence_place(at, target, states, task, kernels);
}

static int scratch_rows(const struct task *task)
{
    int d = task->config.dimension;
    return d * d + d + sequence_states(task);
}

static double cost(const struct task *task)
{
    double d = task->config.dimension, T = task->config.context;
    return NUMBER_COST * (d * d + d + T * d) + 2 * d * d * d + T * d * d;
}

const struct task_row task_linear_dynamics = {.data = DATA_SEQUENCE,
                                              .sequence = {dynamics_tokens, 0},
                                              .sample = sample,
                                              .scratch = scratch_rows,
                                              .cost = cost};
