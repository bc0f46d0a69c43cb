/* What is wrong with a configuration whose keys are each in their range. */
#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "run/run.h"
#include "task/task.h"
#include "train/schedule.h"

static enum status check_train(const struct train_config *train, struct error *err)
{
    if (train->evaluations - 1 > train->steps)
        return error_set(err, ERR_CONFIG,
                         "train.evaluations: %d points of a curve need at least %d steps, "
                         "train.steps is %" PRId64 "; at most %" PRId64 " points fit",
                         train->evaluations, train->evaluations - 1, train->steps,
                         train->steps + 1);
    if (train->schedule == SCHEDULE_COSINE && schedule_end(train) <= train->warmup)
        return error_set(err, ERR_CONFIG,
                         "train.warmup: %" PRId64 " steps leave none for the cosine, which ends "
                         "at step %" PRId64 "; lower it, or raise train.decay_steps",
                         train->warmup, schedule_end(train));
    return OK;
}

/* Gradient descent by construction takes pairs (x, y) from single tokens. */
static enum status check_construction(const struct run_config *config, struct error *err)
{
    bool constructed = config->model.kind == MODEL_GDPP || config->model.kind == MODEL_MLP_GD;
    if (!constructed || config->tokens.kind == TOKENS_JOINT)
        return OK;
    return error_set(err, ERR_CONFIG, "model.kind: %s needs tokens.kind: joint",
                     model_kinds[config->model.kind]);
}

struct keep run_keep(const struct run_config *config)
{
    struct keep keep = {.weights = true};
    enum status st = keep_read(&keep, config->keep.weights.text, NULL); /* it was checked */
    assert(st == OK);
    (void)st;
    return keep;
}

static enum status check_keep(const struct run_config *config, struct error *err)
{
    struct keep keep = run_keep(config);
    if (keep.count == 0 || keep.steps[keep.count - 1] <= config->train.steps)
        return OK;
    return error_set(err, ERR_CONFIG,
                     "keep.weights: step %" PRId64 " is behind the end of training, train.steps is "
                     "%" PRId64,
                     keep.steps[keep.count - 1], config->train.steps);
}

bool run_same_but_seed(const struct run_config *a, const struct run_config *b)
{
    enum { SEED = offsetof(struct run_config, seed), REST = SEED + sizeof(int64_t) };
    return memcmp(a, b, SEED) == 0 &&
           memcmp((const char *)a + REST, (const char *)b + REST, sizeof *a - REST) == 0;
}

enum status run_check(const struct run_config *config, struct model *model, struct error *err)
{
    struct task task;
    struct model own;
    enum status st = task_init(&task, &config->task, &config->tokens, err);
    if (st == OK)
        st = check_construction(config, err);
    if (st == OK)
        st = model_init(model ? model : &own, &config->model, &task.shape, err);
    if (st == OK)
        st = check_train(&config->train, err);
    if (st == OK)
        st = check_keep(config, err);
    return st;
}
