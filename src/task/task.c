#include "task/task.h"

#include "kinds.h"

static const struct task_row *const tasks[] = {
    [TASK_LINEAR_REGRESSION] = &task_linear_regression,
    [TASK_LINEAR_DYNAMICS] = &task_linear_dynamics,
    [TASK_SINE] = &task_sine,
    [TASK_FEW_SHOT] = &task_few_shot,
    [TASK_FIXED_DYNAMICS] = &task_linear_dynamics,
    [TASK_CONTRACTING_DYNAMICS] = &task_linear_dynamics,
    [TASK_PARTIALLY_OBSERVED] = &task_partially_observed,
    [TASK_NONLINEAR_DYNAMICS] = &task_nonlinear_dynamics,
};

static const struct tokens_row *const constructions[] = {
    [TOKENS_JOINT] = &tokens_joint,
    [TOKENS_SEPARATE] = &tokens_separate,
    [TOKENS_CONSTRUCTED] = &tokens_constructed,
    [TOKENS_RAW] = &tokens_raw,
};

const struct tokens_row *tokens_of(const struct task *task)
{
    return constructions[task->tokens.kind];
}

const struct sequence *sequence_of(const struct task *task)
{
    return &tasks[task->config.kind]->sequence;
}

int readout_channel(const struct task *task, int clean)
{
    return task->tokens.readout == READOUT_PUBLISHED ? CHANNELS_LAST : clean;
}

static enum status check_pairs(const struct task_config *config, const struct tokens_config *tokens,
                               struct error *err)
{
    if (tokens->kind == TOKENS_SEPARATE && tokens->readout == READOUT_PUBLISHED &&
        config->outputs > config->dimension)
        return error_set(err, ERR_CONFIG,
                         "tokens.readout: published tokens of %d channels do not hold %d outputs; "
                         "use clean",
                         config->dimension, config->outputs);
    if (config->noisy_labels > config->context)
        return error_set(err, ERR_CONFIG, "task.noisy_labels: %d of %d labels; at most all of them",
                         config->noisy_labels, config->context);
    return OK;
}

static enum status check_sequence(const struct task_config *config,
                                  const struct tokens_config *tokens, struct error *err)
{
    const char *kind = task_kinds[config->kind];
    if (config->inputs != INPUTS_UNIFORM)
        return error_set(err, ERR_CONFIG,
                         "task.inputs: task.kind %s has uniform ones, leave it at uniform", kind);
    if (config->noisy_labels > 0)
        return error_set(err, ERR_CONFIG,
                         "task.noisy_labels: task.kind %s has no labels, leave it at 0", kind);
    if (tokens->readout != READOUT_CLEAN)
        return error_set(err, ERR_CONFIG,
                         "tokens.readout: tokens.kind %s is read at its first channels, leave it "
                         "at clean",
                         tokens_kinds[tokens->kind]);
    return OK;
}

enum status task_init(struct task *task, const struct task_config *config,
                      const struct tokens_config *tokens, struct error *err)
{
    enum status st = OK;
    const struct tokens_row *row = constructions[tokens->kind];
    enum task_data data = row->place ? DATA_SEQUENCE : DATA_PAIRS;
    if (tasks[config->kind]->data != data)
        return error_set(err, ERR_CONFIG, "tokens.kind: %s is not for task.kind %s, allowed are %s",
                         tokens_kinds[tokens->kind], task_kinds[config->kind],
                         data == DATA_PAIRS ? "constructed, raw" : "joint, separate");
    if (config->tasks > 1 && config->kind != TASK_FEW_SHOT)
        return error_set(err, ERR_CONFIG,
                         "task.tasks: task.kind %s has one task in a sequence, leave it at 1",
                         task_kinds[config->kind]);
    if (config->state > 0 && config->kind != TASK_PARTIALLY_OBSERVED)
        return error_set(
            err, ERR_CONFIG,
            "task.state: task.kind %s has no state behind what it shows, leave it at 0",
            task_kinds[config->kind]);
    if (data == DATA_SEQUENCE)
        st = check_sequence(config, tokens, err);
    else
        st = check_pairs(config, tokens, err);
    if (st == OK && tasks[config->kind]->check)
        st = tasks[config->kind]->check(config, err);
    if (st != OK)
        return st;
    *task = (struct task){.config = *config, .tokens = *tokens};
    row->shape(task);
    return OK;
}

void task_sample(real *tokens, real *target, const struct task *task, const struct kernels *kernels,
                 struct random_lanes *random, real *scratch)
{
    if (tokens_of(task)->blank)
        tokens_of(task)->blank(tokens, task, kernels);
    tasks[task->config.kind]->sample(tokens, target, task, kernels, random, scratch);
}

int task_scratch(const struct task *task)
{
    return tasks[task->config.kind]->scratch(task);
}

double task_cost(const struct task *task)
{
    return tasks[task->config.kind]->cost(task);
}

void task_draw(real *tokens, real *target, const struct task *task, const struct kernels *kernels,
               const struct task_source *source, uint64_t first, real *scratch)
{
    struct random_lanes random;
    random_seed(&random, source->seed, (uint32_t)source->stream, source->step, first);
    task_sample(tokens, target, task, kernels, &random, scratch);
}
