/* sweep_test.h - plans from text, in tests. */
#ifndef TESTS_SWEEP_TEST_H
#define TESTS_SWEEP_TEST_H

#include "test.h"

#include <string.h>

#include "base/text.h"
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

/* The values of a key in all runs: "1 2 2". */
static inline void assert_values(const struct plan *plan, const char *key, const char *values)
{
    struct text all = {0};
    char value[KEY_TEXT_SIZE];
    for (int64_t run = 0; run < plan_count(plan); run++)
        text_print(&all, "%s%s", run ? " " : "", value_of(plan, run, key, value));
    assert_string_equal(all.data, values);
    text_dispose(&all);
}

#endif
