/* Inputs of another distribution than in training (science.md 1.4): drawn independently, then the
 * whole context is divided by its Frobenius norm, the query by that norm too, and both are
 * multiplied by r. */
#include "pairs.h"

/* -log(1 - u): never infinite, for 1 - u is 2^-24 at least. */
static void exponential(real *x, const struct kernels *kernels, struct random_lanes *random, int n)
{
    kernels->uniform(x, random, n, 1, 0);
    kernels->log(x, x, n);
    kernels->scale(x, x, -1, n);
}

/* x [n] of one distribution; a Laplace number is the difference of two exponential ones. */
static void draw(real *x, enum task_inputs inputs, const struct kernels *kernels,
                 struct random_lanes *random, int n, real *scratch)
{
    if (inputs == INPUTS_NORMAL) {
        kernels->normal(x, random, n, 1);
        return;
    }
    exponential(x, kernels, random, n);
    if (inputs == INPUTS_LAPLACE) {
        exponential(scratch, kernels, random, n);
        kernels->axpy(x, scratch, -1, n);
    }
}

/* One of the three in each lane; all are drawn, so that every lane advances by the same count. */
static void draw_mixed(real *x, const struct kernels *kernels, struct random_lanes *random, int n,
                       real *scratch)
{
    real choice[LANES], *other = scratch + (ptrdiff_t)n * LANES;
    kernels->uniform(choice, random, 1, 0, 3); /* 3 (1 - 2^-24) rounds to less than 3 */
    for (int k = INPUTS_EXPONENTIAL; k <= INPUTS_LAPLACE; k++) {
        draw(other, (enum task_inputs)k, kernels, random, n, scratch);
        for (int i = 0; i < n * LANES; i++)
            if (INPUTS_EXPONENTIAL + (int)choice[i % LANES] == k)
                x[i] = other[i];
    }
}

void inputs_draw(real *x, const struct task_config *config, const struct kernels *kernels,
                 struct random_lanes *random, real *scratch)
{
    int context = config->context * config->dimension, n = context + config->dimension;
    real norm[LANES];
    if (config->inputs == INPUTS_MIXED)
        draw_mixed(x, kernels, random, n, scratch);
    else
        draw(x, (enum task_inputs)config->inputs, kernels, random, n, scratch);
    kernels->unit(x, norm, x, context);
    for (int i = context * LANES; i < n * LANES; i++)
        x[i] /= norm[i % LANES];
    kernels->scale(x, x, (real)config->input_range, n);
}

int inputs_scratch(const struct task_config *config)
{
    static const int copies[] = {[INPUTS_LAPLACE] = 1, [INPUTS_MIXED] = 2};
    return copies[config->inputs] * (config->context + 1) * config->dimension;
}

double inputs_numbers(const struct task_config *config)
{
    static const double draws[] = {[INPUTS_UNIFORM] = 1,
                                   [INPUTS_EXPONENTIAL] = 1,
                                   [INPUTS_NORMAL] = 1,
                                   [INPUTS_LAPLACE] = 2,
                                   [INPUTS_MIXED] = 4};
    return draws[config->inputs] * (config->context + 1) * config->dimension;
}
