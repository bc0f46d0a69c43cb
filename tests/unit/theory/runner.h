/* runner.h - a transformer on sequences, of any weights, for the tests of what theory makes of its
 * weights. */
#ifndef TESTS_THEORY_RUNNER_H
#define TESTS_THEORY_RUNNER_H

#include <stdlib.h>
#include <string.h>

#include "near.h"
#include "sample.h"

/* One group of tasks, and the model's predictions. */
struct runner {
    struct task task;
    struct model model;
    real *weights, *target, *scratch;
    struct arena arena;
    struct pass *pass;
};

static inline void runner_lay_out(struct runner *s)
{
    const struct token_shape *shape = &s->task.shape;
    s->pass = pass_create(&s->arena, &s->model, kernels_at(0), PASS_FAST);
    s->weights = ARENA_TAKE(&s->arena, real, s->model.parameters);
    s->target = ARENA_TAKE(&s->arena, real, shape->output_tokens * shape->outputs * LANES);
    s->scratch = ARENA_TAKE(&s->arena, real, task_scratch(&s->task) * LANES);
}

/* Weights are 0. */
static inline void runner_open_model(struct runner *s, const struct task *task,
                                     const struct model *model)
{
    *s = (struct runner){.task = *task, .model = *model, .arena = arena_measure()};
    runner_lay_out(s);
    size_t size = s->arena.used;
    assert_int_equal(arena_create(&s->arena, size, NULL), OK);
    runner_lay_out(s);
}

static inline void runner_open(struct runner *s, const struct task_config *task,
                               const struct tokens_config *tokens, const struct model_config *model)
{
    struct error err = {""};
    enum status st = task_init(&s->task, task, tokens, &err);
    if (st == OK)
        st = model_init(&s->model, model, &s->task.shape, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(st, OK);
    struct runner plan = *s;
    runner_open_model(s, &plan.task, &plan.model);
}

/* Predictions [output_tokens][O][LANES] for the tasks first .. first+15; the tokens are in the
 * pass, the target beside it. */
static inline const real *runner_predict(struct runner *s, int first)
{
    struct task_source source = {11, STREAM_TRAIN, 0};
    pass_weights(s->pass, s->weights);
    task_draw(pass_tokens(s->pass), s->target, &s->task, kernels_at(0), &source, (uint64_t)first,
              s->scratch);
    pass_forward(s->pass);
    return pass_outputs(s->pass);
}

static inline void runner_random(struct runner *s, double deviation, uint64_t seed)
{
    for (size_t i = 0; i < s->model.parameters; i++)
        s->weights[i] = (real)(deviation * sample_normal(&seed));
}

static inline void runner_close(struct runner *s)
{
    arena_destroy(&s->arena);
}

/* Two models give the same predictions to `tolerance`, relative to the largest of them. */
static inline void runners_agree(struct runner *a, struct runner *b, double tolerance)
{
    const real *x = runner_predict(a, 0), *y = runner_predict(b, 0);
    int count = a->task.shape.output_tokens * a->task.shape.outputs * LANES;
    double largest = 0;
    for (int i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)x[i]));
    assert_true(largest > 0);
    for (int i = 0; i < count; i++)
        assert_near((double)x[i], (double)y[i], tolerance * largest);
}

static const struct task_config small_sequence = {.kind = TASK_LINEAR_DYNAMICS,
                                                  .dimension = 3,
                                                  .context = 7,
                                                  .outputs = 1,
                                                  .input_range = 2,
                                                  .weight_scale = 1,
                                                  .noise = .01,
                                                  .state_clip = 10,
                                                  .tasks = 1};

#endif
