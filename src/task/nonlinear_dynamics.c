/* Non-linear dynamics (science.md 2.1): s_{t+1} = clip(W f(s_t) / |f(s_t)| + noise, +-state_clip),
 * f(s) = gelu(s A) B. W is Haar for each sequence, A [d, 4d] and B [4d, d] of 1.1 N(0, 1) are the
 * same for all sequences of all runs with this d. */
#include "kinds.h"

enum { HIDDEN = 4 }; /* times d */

static const real DEVIATION = (real)1.1;

static int rows(int count)
{
    return count * LANES;
}

/* Reals of A and B in all lanes; then the hidden features, f and its length. */
static int matrices(int d)
{
    return 2 * HIDDEN * d * d;
}

int nonlinear_scratch(const struct task *task)
{
    int d = task->config.dimension;
    return matrices(d) + HIDDEN * d + d + 1;
}

/* The first lane of a stream of their own: the same numbers in every group. */
static void draw_matrices(real *scratch, int d, const struct kernels *kernels)
{
    struct random_lanes random;
    random_seed(&random, 0, STREAM_SHARED, SHARED_NONLINEAR, 0);
    kernels->normal(scratch, &random, matrices(d), DEVIATION);
}

/* features [d] of state [d], one token; the matrices are in the scratch. */
static void apply(real *features, const real *state, int d, const struct kernels *kernels,
                  real *scratch)
{
    int hidden = HIDDEN * d;
    const real *A = scratch, *B = A + rows(d * hidden);
    real *h = scratch + rows(matrices(d)), *f = h + rows(hidden), *length = f + rows(d);
    kernels->lanes_shared((struct matrix){h, rows(hidden), LANES},
                          (struct operand){state, rows(d), LANES},
                          (struct operand){A, rows(hidden), LANES}, 1, hidden, d, SET);
    kernels->gelu(h, NULL, h, hidden);
    kernels->lanes_shared((struct matrix){f, rows(d), LANES},
                          (struct operand){h, rows(hidden), LANES},
                          (struct operand){B, rows(d), LANES}, 1, d, hidden, SET);
    kernels->unit(features, length, f, d);
}

void nonlinear_features(real *features, const real *states, int count, const struct task *task,
                        const struct kernels *kernels, real *scratch)
{
    int d = task->config.dimension;
    draw_matrices(scratch, d, kernels);
    for (int i = 0; i < count; i++)
        apply(features + (ptrdiff_t)i * rows(d), states + (ptrdiff_t)i * rows(d), d, kernels,
              scratch);
}

static void sample(real *at, real *target, const struct task *task, const struct kernels *kernels,
                   struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    int d = c->dimension, T = c->context;
    real *W = scratch, *along = W + rows(d * d), *states = along + rows(d);
    real *own = states + rows(sequence_states(task)), half = (real)(c->input_range / 2);
    draw_orthogonal(W, d, kernels, random, along);
    kernels->uniform(states, random, d, -half, half);
    kernels->normal(states + rows(d), random, T * d, (real)c->noise);
    draw_matrices(own, d, kernels);
    for (int t = 0; t < T; t++) {
        real *next = states + rows((t + 1) * d);
        apply(along, next - rows(d), d, kernels, own);
        kernels->lanes_lanes((struct matrix){next, LANES, LANES},
                             (struct operand){W, rows(d), LANES},
                             (struct operand){along, LANES, LANES}, d, 1, d, ADD);
        kernels->clip(next, next, (real)c->state_clip, d);
    }
    sequence_place(at, target, states, task, kernels);
}

static int scratch_rows(const struct task *task)
{
    int d = task->config.dimension;
    return d * d + d + sequence_states(task) + nonlinear_scratch(task);
}

static double cost(const struct task *task)
{
    double d = task->config.dimension, T = task->config.context, shared = matrices((int)d);
    return NUMBER_COST * (d * d + d + T * d + shared) + 2 * d * d * d +
           T * (d * d + shared + NUMBER_COST * HIDDEN * d);
}

const struct task_row task_nonlinear_dynamics = {.data = DATA_SEQUENCE,
                                                 .sequence = {dynamics_tokens, 0},
                                                 .sample = sample,
                                                 .scratch = scratch_rows,
                                                 .cost = cost};
