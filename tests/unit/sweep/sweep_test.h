/* sweep_test.h - plans from text, in tests. */
#ifndef TESTS_SWEEP_TEST_H
#define TESTS_SWEEP_TEST_H

#include "test.h"

#include <string.h>

#include "sweep/plan.h"

/* The plan of a text called s.yaml; with overrides up to a NULL when not NULL. */
static inline enum status plan_of(struct plan **plan, const char *text, bool quick,
                                  const char *const *overrides, struct error *err)
{
    struct plan_options options = {.overrides = overrides, .quick = quick};
    while (overrides && overrides[options.override_count])
        options.override_count++;
    *plan = NULL;
    return plan_parse(plan, "s.yaml", text, strlen(text), &options, err);
}

/* One that must be read. */
static inline struct plan *good_plan(const char *text, bool quick, const char *const *overrides)
{
    struct plan *plan;
    struct error err = {""};
    if (plan_of(&plan, text, quick, overrides, &err) != OK)
        fail_msg("%s", err.text);
    return plan;
}

/* The canonical text of a value of a run. */
static inline const char *value_of(const struct plan *plan, int64_t run, const char *key,
                                   char text[KEY_TEXT_SIZE])
{
    struct run_config config;
    plan_config(plan, run, &config);
    schema_print(&run_schema, &config, schema_find(&run_schema, key), text, KEY_TEXT_SIZE);
    return text;
}

#endif
