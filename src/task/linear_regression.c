/* Linear regression in context: y_i = W x_i (+ noise), science.md 1.1. */
#include "kinds.h"
#include "pairs.h"

/* Uniform x_1 ... x_N and x_q, each with its label. */
static void uniform_pairs(real *tokens, real *target, const real *W, const struct task *task,
                          const struct kernels *kernels, struct random_lanes *random)
{
    const struct task_config *c = &task->config;
    const struct pairs *at = &task->pairs;
    real half = (real)(c->input_range / 2);
    struct uniform_pairs pairs = {.x = tokens + at->x,
                                  .y = tokens + at->y,
                                  .W = W,
                                  .n = c->context,
                                  .d = c->dimension,
                                  .O = c->outputs,
                                  .pair = at->pair,
                                  .low = -half,
                                  .high = half};
    kernels->uniform_pairs(&pairs, random);
    pairs.x = tokens + at->query;
    pairs.y = target;
    pairs.n = 1;
    kernels->uniform_pairs(&pairs, random);
}

/* y[n,O] = x[n,d] W', for `n` pairs that are `pair` reals apart. */
static void label(real *y, const real *x, const real *W, const struct task *task,
                  const struct kernels *kernels, int pair, int n)
{
    int d = task->config.dimension, O = task->config.outputs;
    kernels->lanes_lanes((struct matrix){y, pair, LANES}, (struct operand){x, pair, LANES},
                         (struct operand){W, LANES, d * LANES}, n, O, d, SET);
}

static void sample(real *tokens, real *target, const struct task *task,
                   const struct kernels *kernels, struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    const struct pairs *at = &task->pairs;
    int weights = c->outputs * c->dimension;
    real *W = scratch, *rest = scratch + (ptrdiff_t)weights * LANES; /* [O][d][LANES] */

    kernels->normal(W, random, weights, (real)c->weight_scale);
    if (c->inputs == INPUTS_UNIFORM) {
        uniform_pairs(tokens, target, W, task, kernels, random);
    } else {
        pairs_inputs(tokens, task, kernels, random, rest);
        label(tokens + at->y, tokens + at->x, W, task, kernels, at->pair, c->context);
        label(target, tokens + at->query, W, task, kernels, 0, 1);
    }
    pairs_disturb(tokens, task, kernels, random, rest);
}

static int scratch_rows(const struct task *task)
{
    return task->config.outputs * task->config.dimension + pairs_scratch(task);
}

static double cost(const struct task *task)
{
    const struct task_config *c = &task->config;
    double d = c->dimension, O = c->outputs, N = c->context;
    return NUMBER_COST * O * d + pairs_cost(task) + (N + 1) * d * O;
}

const struct task_row task_linear_regression = {
    .data = DATA_PAIRS, .sample = sample, .scratch = scratch_rows, .cost = cost};
