/* sample.h - one group of tasks, drawn into memory that is NaN before: what task_draw does not
 * write is seen. */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include <math.h>
#include <stdlib.h>

#include "task/task.h"
#include "test.h"

static const struct task_config paper = {.kind = TASK_LINEAR_REGRESSION,
                                         .dimension = 10,
                                         .context = 10,
                                         .outputs = 1,
                                         .input_range = 1,
                                         .weight_scale = 1};

enum { REALS = 512 * 1024 };

struct sample {
    struct task task;
    real tokens[REALS], target[REALS], scratch[REALS];
};

static inline struct sample *draw_tokens(const struct task_config *config,
                                         const struct tokens_config *tokens, uint64_t first)
{
    struct sample *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    struct task_source source = {7, STREAM_TRAIN, 3};
    assert_int_equal(task_init(&s->task, config, tokens, NULL), OK);
    assert_true(task_scratch(&s->task) * LANES < REALS);
    assert_true(s->task.shape.tokens * s->task.shape.width * LANES < REALS);
    for (int i = 0; i < REALS; i++)
        s->tokens[i] = s->target[i] = s->scratch[i] = (real)NAN;
    task_draw(s->tokens, s->target, &s->task, kernels_at(0), &source, first, s->scratch);
    assert_true(isnan(s->scratch[task_scratch(&s->task) * LANES]));
    assert_true(isnan(s->tokens[s->task.shape.tokens * s->task.shape.width * LANES]));
    return s;
}

static inline struct sample *draw(const struct task_config *config, int tokens_kind, uint64_t first)
{
    return draw_tokens(config, &(struct tokens_config){.kind = tokens_kind}, first);
}

static inline real x_at(const struct sample *s, int i, int c, int b)
{
    bool query = i == s->task.config.context;
    ptrdiff_t at = query ? s->task.pairs.query : s->task.pairs.x + i * s->task.pairs.pair;
    return s->tokens[at + c * LANES + b];
}

static inline real y_at(const struct sample *s, int i, int o, int b)
{
    if (i == s->task.config.context)
        return s->target[o * LANES + b];
    return s->tokens[s->task.pairs.y + i * s->task.pairs.pair + o * LANES + b];
}

#endif
