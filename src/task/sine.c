/* Sines (science.md 1.6): y = amplitude sin(x + phase). */
#include <math.h>

#include "kinds.h"
#include "pairs.h"

/* What a sine costs, in multiply-adds at peak. */
#define SINE_COST 15.0

static enum status check(const struct task_config *config, struct error *err)
{
    if (config->dimension != 1)
        return error_set(
            err, ERR_CONFIG,
            "task.dimension: %d is not for task.kind sine, whose x is a number; set it "
            "to 1",
            config->dimension);
    if (config->outputs != 1)
        return error_set(err, ERR_CONFIG,
                         "task.outputs: %d is not for task.kind sine, whose y is a number; set it "
                         "to 1",
                         config->outputs);
    return OK;
}

struct wave {
    real amplitude[LANES], phase[LANES];
};

static struct wave draw_wave(const struct task_config *c, const struct kernels *kernels,
                             struct random_lanes *random)
{
    struct wave wave;
    kernels->uniform(wave.amplitude, random, 1, (real)(.1 * c->weight_scale),
                     (real)(.5 * c->weight_scale));
    kernels->uniform(wave.phase, random, 1, 0, (real)M_PI);
    return wave;
}

static void label(real *y, const real *x, const struct wave *wave, const struct kernels *kernels)
{
    kernels->copy(y, x, 1);
    kernels->axpy(y, wave->phase, 1, 1);
    kernels->sin(y, y, 1);
    kernels->multiply(y, y, wave->amplitude, SET, 1);
}

static void sample(real *tokens, real *target, const struct task *task,
                   const struct kernels *kernels, struct random_lanes *random, real *scratch)
{
    const struct task_config *c = &task->config;
    const struct pairs *at = &task->pairs;
    struct wave wave = draw_wave(c, kernels, random);
    pairs_inputs(tokens, task, kernels, random, scratch);
    for (int i = 0; i < c->context; i++)
        label(tokens + at->y + i * at->pair, tokens + at->x + i * at->pair, &wave, kernels);
    label(target, tokens + at->query, &wave, kernels);
    pairs_disturb(tokens, task, kernels, random, scratch);
}

void sine_label(real *y, const real *x, int n, const struct task *task,
                const struct kernels *kernels, const struct task_source *source, uint64_t first)
{
    struct random_lanes random;
    random_seed(&random, source->seed, (uint32_t)source->stream, source->step, first);
    struct wave wave = draw_wave(&task->config, kernels, &random);
    for (int i = 0; i < n; i++)
        label(y + i * LANES, x + i * LANES, &wave, kernels);
}

static double cost(const struct task *task)
{
    return 2 * NUMBER_COST + pairs_cost(task) + (task->config.context + 1) * SINE_COST;
}

const struct task_row task_sine = {
    .data = DATA_PAIRS, .check = check, .sample = sample, .scratch = pairs_scratch, .cost = cost};
