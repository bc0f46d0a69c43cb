#include "sweep_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void an_empty_grid_is_one_run_of_defaults(void **state)
{
    (void)state;
    struct plan *plan = good_plan("name: one\n", false, NULL);
    struct run_config config, defaults;
    assert_int_equal(plan_count(plan), 1);
    plan_config(plan, 0, &config);
    schema_defaults(&run_schema, &defaults);
    assert_memory_equal(&config, &defaults, sizeof config);
    assert_string_equal(plan_name(plan), "one");
    assert_string_equal(plan_about(plan), "");
    assert_string_equal(plan_overrides(plan), "");
    assert_string_equal(plan_text(plan), "name: one\n");
    assert_false(plan_quick(plan));
    const int *keys;
    assert_int_equal(plan_swept(plan, &keys), 0);
    plan_destroy(plan);
    plan_destroy(NULL);
}

static void without_a_name_the_file_gives_it(void **state)
{
    (void)state;
    static const char *const paths[][2] = {{"sweeps/first.yaml", "first"},
                                           {"first", "first"},
                                           {"a.b/c.d.yaml", "c.d"},
                                           {"dir/.hidden", ".hidden"}};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct plan *plan = NULL;
        struct plan_options options = {0};
        assert_int_equal(plan_parse(&plan, paths[i][0], "about: x\n", 9, &options, NULL), OK);
        assert_string_equal(plan_name(plan), paths[i][1]);
        plan_destroy(plan);
    }
}

static void the_grid_is_every_combination_first_key_slowest(void **state)
{
    (void)state;
    struct plan *plan = good_plan("grid:\n"
                                  "  model: {depth: [1, 2], heads: [4]}\n"
                                  "  train.rate: [3e-3, 0.001]\n"
                                  "  seed: {count: 2}\n",
                                  false, NULL);
    assert_int_equal(plan_count(plan), 8);
    assert_values(plan, "model.depth", "1 1 1 1 2 2 2 2");
    assert_values(plan, "model.heads", "4 4 4 4 4 4 4 4");
    assert_values(plan, "train.rate", "0.003 0.003 0.001 0.001 0.003 0.003 0.001 0.001");
    assert_values(plan, "seed", "0 1 0 1 0 1 0 1");
    const int *keys;
    int count = plan_swept(plan, &keys);
    assert_int_equal(count, 4); /* heads too: it stands under grid */
    for (int i = 1; i < count; i++)
        assert_true(keys[i - 1] < keys[i]);
    plan_destroy(plan);
}

static void forms_make_values(void **state)
{
    (void)state;
    static const struct {
        const char *form, *key, *values;
    } cases[] = {
        {"seed: {count: 3}", "seed", "0 1 2"},
        {"seed: 7", "seed", "7"},
        {"model.depth: {from: 1, to: 10, step: 3}", "model.depth", "1 4 7 10"},
        {"model.depth: {from: 1, to: 9, step: 3}", "model.depth", "1 4 7"},
        {"model.depth: {step: -2, to: 1, from: 5}", "model.depth", "5 3 1"},
        {"model.depth: {from: 2, to: 2, step: 1}", "model.depth", "2"},
        {"model.depth: {log: [1, 16], count: 5}", "model.depth", "1 2 4 8 16"},
        {"train.rate: {from: 0.1, to: 0.5, step: 0.1}", "train.rate", "0.1 0.2 0.3 0.4 0.5"},
        {"train.rate: {log: [1.0e-4, 1.0e-2], count: 3}", "train.rate", "0.0001 0.001 0.01"},
        {"train.rate: {log: [1, 1e-2], count: 4}", "train.rate",
         "1 0.215443469003 0.0464158883361 0.01"},
        {"train.rate: {linear: [0, 1], count: 4}", "train.rate",
         "0 0.333333333333 0.666666666667 1"},
        {"model.layers: [linear*, \"softmax linear*\"]", "model.layers", "linear* softmax linear*"},
        {"tokens.kind: [separate, 'joint']", "tokens.kind", "separate joint"},
        {"model.y_update: [true, false]", "model.y_update", "true false"},
        {"seed: {from: 9007199254740990, to: 9007199254740992, step: 1}", "seed",
         "9007199254740990 9007199254740991 9007199254740992"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[200];
        snprintf(text, sizeof text, "set: {model.depth: 2, model.key_size: 4}\ngrid: {%s}\n",
                 cases[i].form);
        const char *without = strstr(cases[i].form, "model.depth") ? strchr(text, '\n') : text;
        struct plan *plan = good_plan(without, false, NULL);
        assert_values(plan, cases[i].key, cases[i].values);
        plan_destroy(plan);
    }
}

static void when_changes_runs_and_the_later_entry_wins(void **state)
{
    (void)state;
    struct plan *plan =
        good_plan("grid: {model.depth: [1, 2, 3], seed: [0, 1]}\n"
                  "when:\n"
                  "  - {if: {model.depth: [2, 3]}, set: {train.steps: 100}}\n"
                  "  - {if: {model: {depth: 3}, seed: 1}, set: {train.steps: 200}}\n"
                  "  - {if: {train.steps: 200}, set: {train.rate: 0.5}}\n",
                  false, NULL);
    assert_values(plan, "train.steps", "5000 5000 100 100 100 200");
    assert_values(plan, "train.rate", "0.001 0.001 0.001 0.001 0.001 0.5");
    const int *keys;
    assert_int_equal(plan_swept(plan, &keys), 4);
    plan_destroy(plan);
}

static void keys_that_when_sets_alike_everywhere_are_not_swept(void **state)
{
    (void)state;
    struct plan *plan = good_plan("grid: {seed: [0, 1]}\n"
                                  "when: [{if: {model.depth: 1}, set: {train.steps: 100}}]\n",
                                  false, NULL);
    const int *keys;
    assert_int_equal(plan_swept(plan, &keys), 1);
    assert_int_equal(keys[0], schema_find(&run_schema, "seed"));
    plan_destroy(plan);
}

static void exclude_needs_all_its_keys(void **state)
{
    (void)state;
    struct plan *plan = good_plan("grid: {model.depth: [1, 2, 3], model.heads: [1, 2, 4]}\n"
                                  "exclude:\n"
                                  "  - {model.depth: 1, model.heads: 2}\n"
                                  "  - {model.depth: 3, model.heads: {from: 2, to: 4, step: 1}}\n",
                                  false, NULL);
    assert_int_equal(plan_count(plan), 6);
    assert_int_equal(plan_excluded(plan), 3);
    assert_int_equal(plan_duplicates(plan), 0);
    assert_values(plan, "model.depth", "1 1 2 2 2 3");
    assert_values(plan, "model.heads", "1 4 1 2 4 1");
    plan_destroy(plan);
}

static void equal_runs_are_listed_once(void **state)
{
    (void)state;
    struct plan *plan = good_plan("grid: {model.depth: [1, 2, 3], seed: [0, 0, 1]}\n"
                                  "when: [{if: {model.depth: 3}, set: {model.depth: 2}}]\n",
                                  false, NULL);
    assert_int_equal(plan_count(plan), 4);
    assert_int_equal(plan_duplicates(plan), 5);
    assert_values(plan, "model.depth", "1 1 2 2");
    assert_values(plan, "seed", "0 1 0 1");
    plan_destroy(plan);
}

static const char with_quick[] = "set: {train.rate: 0.01}\n"
                                 "grid: {model.depth: [1, 2], seed: {count: 2}}\n"
                                 "when: [{if: {model.depth: 2}, set: {train.steps: 100, "
                                 "train.rate: 0.1}}]\n"
                                 "quick: {train: {steps: 60}, seed: 7}\n";

static void the_command_line_replaces_axes_and_wins_over_when(void **state)
{
    (void)state;
    static const char *const overrides[] = {"seed=5", "train.steps=70", "train.batch=[16, 32]",
                                            "train.rate={count: 2}", NULL};
    struct plan *plan = good_plan(with_quick, false, overrides);
    assert_int_equal(plan_count(plan), 8);
    assert_values(plan, "seed", "5 5 5 5 5 5 5 5");
    assert_values(plan, "train.steps", "70 70 70 70 70 70 70 70");
    assert_values(plan, "model.depth", "1 1 1 1 2 2 2 2");
    assert_values(plan, "train.batch", "16 16 32 32 16 16 32 32");
    assert_values(plan, "train.rate", "0 1 0 1 0 1 0 1");
    assert_string_equal(plan_overrides(plan),
                        "seed=5\ntrain.steps=70\ntrain.batch=[16, 32]\ntrain.rate={count: 2}");
    plan_destroy(plan);
}

static void of_two_settings_of_a_key_the_last_wins(void **state)
{
    (void)state;
    static const char *const overrides[] = {"model.depth=[1, 2, 3]", "seed=1", "model.depth=4",
                                            "model.layers=softmax linear*", NULL};
    struct plan *plan = good_plan("name: x\n", false, overrides);
    assert_values(plan, "model.depth", "4");
    assert_values(plan, "seed", "1");
    assert_values(plan, "model.layers", "softmax linear*");
    plan_destroy(plan);
}

static void quick_comes_on_top_and_the_command_line_above_it(void **state)
{
    (void)state;
    struct plan *plan = good_plan(with_quick, false, NULL);
    assert_values(plan, "train.steps", "5000 5000 100 100");
    assert_values(plan, "seed", "0 1 0 1");
    plan_destroy(plan);

    plan = good_plan(with_quick, true, NULL);
    assert_true(plan_quick(plan));
    assert_values(plan, "train.steps", "60 60");
    assert_values(plan, "train.rate", "0.01 0.1");
    assert_values(plan, "seed", "7 7");
    plan_destroy(plan);

    static const char *const overrides[] = {"train.steps=50", NULL};
    plan = good_plan(with_quick, true, overrides);
    assert_values(plan, "train.steps", "50 50");
    assert_values(plan, "seed", "7 7");
    plan_destroy(plan);
}

static void analyses_are_all_or_those_that_are_listed(void **state)
{
    (void)state;
    char text[200];
    struct plan *plan = good_plan("name: x\n", false, NULL);
    assert_int_equal(plan_analyses(plan), ((uint64_t)1 << run_analyses()) - 1);
    plan_destroy(plan);
    plan = good_plan("analyses: []\n", false, NULL);
    assert_int_equal(plan_analyses(plan), 0);
    plan_destroy(plan);
    for (int i = 0; i < run_analyses(); i++) {
        snprintf(text, sizeof text, "analyses: [%s]\n", run_analysis_name(i));
        plan = good_plan(text, false, NULL);
        assert_int_equal(plan_analyses(plan), (uint64_t)1 << i);
        plan_destroy(plan);
    }
}

/* What `resume` does: text, settings and quick, as stored. */
static void a_plan_is_made_again_from_what_it_tells(void **state)
{
    (void)state;
    static const char *const overrides[] = {"seed=[3, 4]", "train.batch=32", NULL};
    struct plan *plan = good_plan(with_quick, true, overrides);
    char *lines = strdup(plan_overrides(plan)), *rest = lines;
    const char *again[3] = {strsep(&rest, "\n"), strsep(&rest, "\n"), NULL};
    struct plan *same = good_plan(plan_text(plan), plan_quick(plan), again);
    assert_int_equal(plan_count(same), plan_count(plan));
    for (int64_t run = 0; run < plan_count(plan); run++)
        assert_int_equal(plan_identity(same, run), plan_identity(plan, run));
    free(lines);
    plan_destroy(plan);
    plan_destroy(same);
}

static void a_file_is_read_as_its_text(void **state)
{
    (void)state;
    struct plan *plan = NULL;
    struct plan_options options = {0};
    struct error err = {""};
    char path[] = "plan-XXXXXX.yaml", message[200];
    int file = mkstemps(path, 5);
    assert_true(file >= 0);
    assert_int_equal(write(file, "grid: {seed: {count: 3}}\n", 25), 25);
    assert_int_equal(plan_read(&plan, path, &options, &err), OK);
    assert_int_equal(plan_count(plan), 3);
    plan_destroy(plan);

    assert_int_equal(ftruncate(file, (1 << 20) + 1), 0);
    assert_int_equal(plan_read(&plan, path, &options, &err), ERR_CONFIG);
    snprintf(message, sizeof message, "%s:1:1: 1048577 bytes, at most 1048576 are allowed", path);
    assert_string_equal(err.text, message);
    close(file);
    unlink(path);

    assert_int_equal(plan_read(&plan, "absent.yaml", &options, &err), ERR_USAGE);
    assert_string_equal(err.text, "absent.yaml: can not be read: No such file or directory");
    assert_int_equal(plan_read(&plan, "/", &options, &err), ERR_USAGE);
    assert_string_equal(err.text, "/: can not be read: Is a directory");
}

/* The sweep of the first minutes: 24 runs, and seconds with --quick. */
static void the_first_sweep_is_as_its_comments_say(void **state)
{
    (void)state;
    struct plan *plan = NULL;
    struct plan_options options = {0};
    struct error err = {""};
    if (plan_read(&plan, TEST_SOURCE_DIR "/sweeps/first.yaml", &options, &err) != OK)
        fail_msg("%s", err.text);
    assert_string_equal(plan_name(plan), "first");
    assert_int_equal(plan_count(plan), 24);
    assert_int_equal(plan_excluded(plan), 8);
    assert_int_equal(plan_duplicates(plan), 0);
    for (int64_t run = 0; run < 24; run++) {
        struct run_config config;
        plan_config(plan, run, &config);
        bool separate = config.tokens.kind == TOKENS_SEPARATE;
        assert_int_equal(config.train.batch, 256);
        assert_int_equal(config.train.steps, separate ? 2000 : 1000);
        assert_true(config.train.clip_norm == (separate ? 10 : 1e-3));
        assert_int_equal(config.model.positions,
                         separate ? POSITIONS_CONCATENATED : POSITIONS_NONE);
        assert_true(!separate || config.model.depth == 2);
    }
    plan_destroy(plan);

    options.quick = true;
    assert_int_equal(plan_read(&plan, TEST_SOURCE_DIR "/sweeps/first.yaml", &options, &err), OK);
    assert_int_equal(plan_count(plan), 12);
    plan_destroy(plan);
}

static void a_map_of_one_list_is_a_text(void **state)
{
    (void)state;
    char text[KEY_TEXT_SIZE];
    struct plan *plan = good_plan("set: {keep.weights: {at: [500, 1000]}}\n", false, NULL);
    assert_string_equal(value_of(plan, 0, "keep.weights", text), "at 500 1000");
    plan_destroy(plan);
    static const char *const overrides[] = {"keep.weights={at: [0]}", NULL};
    plan = good_plan("set: {model.depth: 2}\n", false, overrides);
    assert_string_equal(value_of(plan, 0, "keep.weights", text), "at 0");
    plan_destroy(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_of_one_list_is_a_text),
        cmocka_unit_test(an_empty_grid_is_one_run_of_defaults),
        cmocka_unit_test(without_a_name_the_file_gives_it),
        cmocka_unit_test(the_grid_is_every_combination_first_key_slowest),
        cmocka_unit_test(forms_make_values),
        cmocka_unit_test(when_changes_runs_and_the_later_entry_wins),
        cmocka_unit_test(keys_that_when_sets_alike_everywhere_are_not_swept),
        cmocka_unit_test(exclude_needs_all_its_keys),
        cmocka_unit_test(equal_runs_are_listed_once),
        cmocka_unit_test(the_command_line_replaces_axes_and_wins_over_when),
        cmocka_unit_test(of_two_settings_of_a_key_the_last_wins),
        cmocka_unit_test(quick_comes_on_top_and_the_command_line_above_it),
        cmocka_unit_test(analyses_are_all_or_those_that_are_listed),
        cmocka_unit_test(a_plan_is_made_again_from_what_it_tells),
        cmocka_unit_test(a_file_is_read_as_its_text),
        cmocka_unit_test(the_first_sweep_is_as_its_comments_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
