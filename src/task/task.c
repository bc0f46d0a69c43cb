#include "task/task.h"

#include "kinds.h"

static const struct task_row *const tasks[] = {
    [TASK_LINEAR_REGRESSION] = &task_linear_regression,
};

static const struct tokens_row *const constructions[] = {
    [TOKENS_JOINT] = &tokens_joint,
    [TOKENS_SEPARATE] = &tokens_separate,
};

enum status task_init(struct task *task, const struct task_config *config,
                      const struct tokens_config *tokens, struct error *err)
{
    (void)err; /* every task goes with every construction so far */
    *task = (struct task){.config = *config, .tokens = *tokens};
    constructions[tokens->kind]->shape(task);
    return OK;
}

void task_sample(real *tokens, real *target, const struct task *task, const struct kernels *kernels,
                 struct random_lanes *random, real *scratch)
{
    constructions[task->tokens.kind]->blank(tokens, task, kernels);
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
