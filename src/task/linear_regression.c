/* Linear regression in context: y_i = W x_i (+ noise), science.md 1.1. */
#include "kinds.h"

/* y[n,O] = x[n,d] W', for `n` pairs that are `pair` reals apart. */
static void label(real *y, const real *x, const real *W, const struct task *task,
                  const struct kernels *kernels, ptrdiff_t pair, int n)
{
    int d = task->config.dimension, O = task->config.outputs;
    kernels->lanes_lanes((struct matrix){y, pair, LANES}, (struct operand){x, pair, LANES},
                         (struct operand){W, LANES, (ptrdiff_t)d * LANES}, n, O, d, SET);
}

static void add_noise(real *y, const struct task *task, const struct kernels *kernels,
                      struct random_lanes *random, real *noise)
{
    int O = task->config.outputs, N = task->config.context;
    kernels->normal(noise, random, N * O, (real)task->config.noise);
    for (int i = 0; i < N; i++)
        kernels->axpy(y + i * task->pairs.pair, noise + (ptrdiff_t)i * O * LANES, 1, O);
}

static void sample(real *tokens, real *target, const struct task *task,
                   const struct kernels *kernels, struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    const struct pairs *at = &task->pairs;
    real *W = scratch; /* [O][d][LANES] */
    real half = (real)(c->input_range / 2);

    kernels->normal(W, random, c->outputs * c->dimension, (real)c->weight_scale);
    for (int i = 0; i < c->context; i++)
        kernels->uniform(tokens + at->x + i * at->pair, random, c->dimension, -half, half);
    kernels->uniform(tokens + at->query, random, c->dimension, -half, half);

    label(tokens + at->y, tokens + at->x, W, task, kernels, at->pair, c->context);
    label(target, tokens + at->query, W, task, kernels, 0, 1);
    if (c->noise > 0)
        add_noise(tokens + at->y, task, kernels, random,
                  scratch + (ptrdiff_t)c->outputs * c->dimension * LANES);
}

static int scratch_rows(const struct task *task)
{
    const struct task_config *c = &task->config;
    return c->outputs * c->dimension + (c->noise > 0 ? c->context * c->outputs : 0);
}

static double cost(const struct task *task)
{
    const struct task_config *c = &task->config;
    double d = c->dimension, O = c->outputs, N = c->context;
    double numbers = O * d + (N + 1) * d + (c->noise > 0 ? N * O : 0);
    return NUMBER_COST * numbers + (N + 1) * d * O;
}

const struct task_row task_linear_regression = {DATA_PAIRS, sample, scratch_rows, cost};
