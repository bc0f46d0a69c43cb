/* Linear dynamics with a rotation of their own for each sequence (science.md 2.1):
 * s_{t+1} = clip(W s_t + noise, +-state_clip), W ~ Haar on O(d), s_1 ~ U(-r/2, r/2)^d. */
#include "kinds.h"

static int rows(int count)
{
    return count * LANES;
}

/* W[d,d] ~ Haar: Gram-Schmidt on Gaussian rows, each projected twice, since once is not orthogonal
 * to working precision. `along` [d] is scratch. */
static void draw_orthogonal(real *W, int d, const struct kernels *kernels,
                            struct random_lanes *random, real *along)
{
    kernels->normal(W, random, d * d, 1);
    for (int i = 0; i < d; i++) {
        real *row = W + rows(i * d);
        for (int pass = 0; pass < 2 && i > 0; pass++) {
            kernels->lanes_lanes((struct matrix){along, LANES, LANES},
                                 (struct operand){W, rows(d), LANES},
                                 (struct operand){row, LANES, LANES}, i, 1, d, SET);
            kernels->lanes_lanes((struct matrix){row, rows(d), LANES},
                                 (struct operand){along, rows(i), LANES},
                                 (struct operand){W, rows(d), LANES}, 1, d, i, SUBTRACT);
        }
        kernels->unit(row, along, row, d);
    }
}

static void sample(real *tokens, real *target, const struct task *task,
                   const struct kernels *kernels, struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    int d = c->dimension, T = c->context;
    real *W = scratch, *along = W + rows(d * d), *states = along + rows(d); /* [T+1][d][LANES] */
    real half = (real)(c->input_range / 2);

    draw_orthogonal(W, d, kernels, random, along);
    kernels->uniform(states, random, d, -half, half);
    kernels->normal(states + rows(d), random, T * d, (real)c->noise);
    for (int t = 0; t < T; t++) {
        real *next = states + rows((t + 1) * d);
        kernels->lanes_lanes((struct matrix){next, LANES, LANES},
                             (struct operand){W, rows(d), LANES},
                             (struct operand){next - rows(d), LANES, LANES}, d, 1, d, ADD);
        kernels->clip(next, next, (real)c->state_clip, d);
    }
    kernels->copy(target, states + rows(d), T * d);
    tokens_of(task)->place(tokens, states, task, kernels);
}

static int scratch_rows(const struct task *task)
{
    int d = task->config.dimension;
    return d * d + d + (task->config.context + 1) * d;
}

static double cost(const struct task *task)
{
    double d = task->config.dimension, T = task->config.context;
    return NUMBER_COST * (d * d + d + T * d) + 2 * d * d * d + T * d * d;
}

const struct task_row task_linear_dynamics = {
    .data = DATA_SEQUENCE, .sample = sample, .scratch = scratch_rows, .cost = cost};
