/* setup.h - a small training for tests: paper 1's defaults, made smaller by the test. */
#ifndef TESTS_TRAIN_SETUP_H
#define TESTS_TRAIN_SETUP_H

#include <stdio.h>
#include <string.h>

#include "test.h"
#include "train/train.h"

struct setup {
    struct task_config task_config;
    struct tokens_config tokens_config;
    struct model_config model_config;
    struct train_config train;
    struct evaluation_config evaluation;
    int64_t seed;
    const struct kernels *kernels;

    struct task task;
    struct model model;
    struct arena arena;
    struct trainer *trainer;
};

static const struct schema setup_schema = {
    .tables = {{&task_keys, offsetof(struct setup, task_config)},
               {&tokens_keys, offsetof(struct setup, tokens_config)},
               {&model_keys, offsetof(struct setup, model_config)},
               {&train_keys, offsetof(struct setup, train)},
               {&evaluation_keys, offsetof(struct setup, evaluation)}},
    .count = 5,
    .size = sizeof(struct setup),
};

/* The defaults, then "key=value" of each text in a NULL-terminated list. */
static inline struct setup setup_of(const char *const *settings)
{
    struct setup s;
    struct error err;
    schema_defaults(&setup_schema, &s);
    s.seed = 1;
    for (; *settings; settings++) {
        char name[64];
        const char *value = strchr(*settings, '=');
        snprintf(name, sizeof name, "%.*s", (int)(value - *settings), *settings);
        if (schema_set(&setup_schema, &s, schema_find(&setup_schema, name), value + 1, &err) != OK)
            fail_msg("%s", err.text);
    }
    s.kernels = kernels_at(0);
    return s;
}
#define SETUP(...) setup_of((const char *const[]){__VA_ARGS__, NULL})

/* Makes the trainer; setup must not move afterwards. */
static inline void setup_start(struct setup *s)
{
    struct error err = {""};
    struct train_setup train = {.config = &s->train,
                                .evaluation = &s->evaluation,
                                .task = &s->task,
                                .model = &s->model,
                                .seed = s->seed};
    if (task_init(&s->task, &s->task_config, &s->tokens_config, &err) != OK ||
        model_init(&s->model, &s->model_config, &s->task.shape, &err) != OK)
        fail_msg("%s", err.text);
    struct arena measure = arena_measure();
    assert_null(train_create(&measure, &train));
    assert_int_equal(arena_create(&s->arena, measure.used, &err), OK);
    train.kernels = s->kernels;
    s->trainer = train_create(&s->arena, &train);
    assert_int_equal(s->arena.used, measure.used);
}

static inline void setup_end(struct setup *s)
{
    arena_destroy(&s->arena);
}

static inline enum train_outcome setup_run(struct setup *s)
{
    struct train_host nobody = {0};
    return train_run(s->trainer, &nobody);
}

static inline void assert_same_weights(const struct setup *a, const struct setup *b)
{
    assert_int_equal(a->model.parameters, b->model.parameters);
    assert_memory_equal(train_weights(a->trainer), train_weights(b->trainer),
                        a->model.parameters * sizeof(real));
}

#endif
