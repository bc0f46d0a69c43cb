#include "pairs.h"

#include "kinds.h"

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int input_count(const struct task_config *c)
{
    return (c->context + 1) * c->dimension;
}

static void uniform_inputs(real *tokens, const struct task *task, const struct kernels *kernels,
                           struct random_lanes *random)
{
    const struct pairs *at = &task->pairs;
    int d = task->config.dimension;
    real half = (real)(task->config.input_range / 2);
    for (int i = 0; i < task->config.context; i++)
        kernels->uniform(tokens + at->x + i * at->pair, random, d, -half, half);
    kernels->uniform(tokens + at->query, random, d, -half, half);
}

void pairs_inputs(real *tokens, const struct task *task, const struct kernels *kernels,
                  struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    const struct pairs *at = &task->pairs;
    ptrdiff_t row = (ptrdiff_t)c->dimension * LANES;
    if (c->inputs == INPUTS_UNIFORM) {
        uniform_inputs(tokens, task, kernels, random);
        return;
    }
    real *x = scratch; /* [N + 1][d][LANES] */
    inputs_draw(x, c, kernels, random, x + (ptrdiff_t)input_count(c) * LANES);
    for (int i = 0; i < c->context; i++)
        kernels->copy(tokens + at->x + i * at->pair, x + i * row, c->dimension);
    kernels->copy(tokens + at->query, x + c->context * row, c->dimension);
}

static void add_noise(real *y, const struct task *task, const struct kernels *kernels,
                      struct random_lanes *random, real *noise)
{
    int O = task->config.outputs, N = task->config.context;
    kernels->normal(noise, random, N * O, (real)task->config.noise);
    for (int i = 0; i < N; i++)
        kernels->axpy(y + i * task->pairs.pair, noise + (ptrdiff_t)i * O * LANES, 1, O);
}

/* Of the N - i pairs from i on, `left` are still to be chosen: i is one of them with probability
 * left / (N - i). The product is exact in double, so exactly n are chosen, the same in every build.
 */
static void replace(real *y, const struct task *task, const struct kernels *kernels,
                    struct random_lanes *random, real *scratch)
{
    int O = task->config.outputs, N = task->config.context, left[LANES];
    real *chance = scratch, *label = scratch + (ptrdiff_t)N * LANES; /* [N], [N][O] */
    kernels->uniform(chance, random, N, 0, 1);
    kernels->normal(label, random, N * O, 1);
    for (int b = 0; b < LANES; b++)
        left[b] = task->config.noisy_labels;
    for (int i = 0; i < N; i++, y += task->pairs.pair, label += (ptrdiff_t)O * LANES)
        for (int b = 0; b < LANES; b++) {
            if ((N - i) * (double)chance[i * LANES + b] >= left[b])
                continue;
            left[b]--;
            for (int o = 0; o < O; o++)
                y[o * LANES + b] = label[o * LANES + b];
        }
}

void pairs_disturb(real *tokens, const struct task *task, const struct kernels *kernels,
                   struct random_lanes *random, real *scratch)
{
    if (task->config.noise > 0)
        add_noise(tokens + task->pairs.y, task, kernels, random, scratch);
    if (task->config.noisy_labels > 0)
        replace(tokens + task->pairs.y, task, kernels, random, scratch);
}

int pairs_scratch(const struct task *task)
{
    const struct task_config *c = &task->config;
    int inputs = c->inputs == INPUTS_UNIFORM ? 0 : input_count(c) + inputs_scratch(c);
    int noise = c->noise > 0 ? c->context * c->outputs : 0;
    int labels = c->noisy_labels > 0 ? c->context * (1 + c->outputs) : 0;
    return max(inputs, max(noise, labels));
}

double pairs_cost(const struct task *task)
{
    const struct task_config *c = &task->config;
    double labels = c->context * c->outputs, numbers = inputs_numbers(c);
    if (c->noise > 0)
        numbers += labels;
    if (c->noisy_labels > 0)
        numbers += c->context + labels;
    return NUMBER_COST * numbers;
}
