/* Partially observed dynamics (science.md 2.1): states as in linear_dynamics.c, of which a sequence
 * shows o_t = C s_t + noise, with C [d, n] ~ .5 N(0, 1) of its own, n = task.state. */
#include "kinds.h"

static const real OBSERVATION_DEVIATION = (real).5;

static int rows(int count)
{
    return count * LANES;
}

static enum status check(const struct task_config *config, struct error *err)
{
    if (config->state > 0)
        return OK;
    return error_set(err, ERR_CONFIG,
                     "task.state: task.kind partially_observed needs the size of the state behind "
                     "its %d observed numbers; the paper: 15, with task.dimension 5",
                     config->dimension);
}

/* Where everything lies in the scratch. */
struct parts {
    real *W, *C, *states, *seen; /* [n][n], [d][n], [T + 1][n], [T + 1][d] */
    real *along;                 /* [n] */
};

static struct parts parts_of(const struct task *task, real *scratch)
{
    int d = task->config.dimension, n = task->config.state, T = task->config.context;
    struct parts parts = {.W = scratch};
    parts.along = parts.W + rows(n * n);
    parts.C = parts.along + rows(n);
    parts.states = parts.C + rows(d * n);
    parts.seen = parts.states + rows((T + 1) * n);
    return parts;
}

static void sample(real *at, real *target, const struct task *task, const struct kernels *kernels,
                   struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    int d = c->dimension, n = c->state, T = c->context;
    struct parts parts = parts_of(task, scratch);
    real half = (real)(c->input_range / 2), noise = (real)c->noise;
    draw_orthogonal(parts.W, n, kernels, random, parts.along);
    kernels->normal(parts.C, random, d * n, OBSERVATION_DEVIATION);
    kernels->uniform(parts.states, random, n, -half, half);
    kernels->normal(parts.states + rows(n), random, T * n, noise);
    kernels->normal(parts.seen, random, (T + 1) * d, noise);
    sequence_turn(parts.states, parts.W, n, c, kernels);
    kernels->lanes_lanes((struct matrix){parts.seen, rows(d), LANES},
                         (struct operand){parts.states, rows(n), LANES},
                         (struct operand){parts.C, LANES, rows(n)}, T + 1, d, n, ADD);
    sequence_place(at, target, parts.seen, task, kernels);
}

static int scratch_rows(const struct task *task)
{
    int d = task->config.dimension, n = task->config.state, T = task->config.context;
    return n * n + n + d * n + (T + 1) * (n + d);
}

static double cost(const struct task *task)
{
    double d = task->config.dimension, n = task->config.state, T = task->config.context;
    return NUMBER_COST * (n * n + d * n + (T + 1) * (n + d)) + 2 * n * n * n + T * n * (n + d);
}

const struct task_row task_partially_observed = {.data = DATA_SEQUENCE,
                                                 .sequence = {dynamics_tokens, 0},
                                                 .check = check,
                                                 .sample = sample,
                                                 .scratch = scratch_rows,
                                                 .cost = cost};
