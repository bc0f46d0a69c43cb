/* setup.h - a configuration from "key=value" texts, and a run of it. */
#ifndef TESTS_RUN_SETUP_H
#define TESTS_RUN_SETUP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/run.h"
#include "test.h"

/* The defaults, then each text of a NULL-terminated list. */
static inline struct run_config config_of(const char *const *settings)
{
    struct run_config config;
    struct error err;
    schema_defaults(&run_schema, &config);
    for (; *settings; settings++) {
        char name[KEY_NAME_SIZE];
        const char *value = strchr(*settings, '=');
        snprintf(name, sizeof name, "%.*s", (int)(value - *settings), *settings);
        int key = schema_find(&run_schema, name);
        if (key < 0)
            fail_msg("%s", *settings);
        if (schema_set(&run_schema, &config, key, value + 1, &err) != OK)
            fail_msg("%s", err.text);
    }
    return config;
}
#define CONFIG(...) config_of((const char *const[]){__VA_ARGS__, NULL})

/* Milliseconds of training. */
#define TINY                                                                                       \
    "train.steps=10", "train.batch=24", "train.evaluations=3", "evaluation.tasks=40",              \
        "task.dimension=3", "task.context=4", "train.clip_norm=10", "model.init_scale=1",          \
        "train.rate=0.01"

static const uint64_t ALL_ANALYSES = ~UINT64_C(0);

struct done {
    struct record record;
    enum run_outcome outcome;
};

static inline struct done execute(const struct run_config *config, uint64_t analyses,
                                  const struct run_host *host)
{
    struct run_host nobody = {0};
    struct error err = {""};
    struct done done = {.record.size = run_record_bytes(config, analyses)};
    done.record.memory = malloc(done.record.size);
    if (run_execute(&done.record, &done.outcome, config, analyses, host ? host : &nobody, &err) !=
        OK)
        fail_msg("%s", err.text);
    return done;
}

static inline void done_dispose(struct done *done)
{
    free(done->record.memory);
}

/* The part of a kind and an index, or NULL. */
static inline const struct part *part_of(const struct record *record, enum part_kind kind,
                                         int index)
{
    size_t at = 0;
    const struct part *part;
    while ((part = record_next(record->memory, record->used, &at)))
        if (part->kind == (int32_t)kind && part->index == index)
            return part;
    return NULL;
}

static inline int column_named(const char *name)
{
    for (int i = 0; i < run_columns(); i++)
        if (strcmp(run_column(i)->name, name) == 0)
            return i;
    fail_msg("no column %s", name);
    return -1;
}

#endif
