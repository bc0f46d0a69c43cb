/* zip, random, include, points, require: which runs they make. */
#include "sweep_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_swept(const struct plan *plan, const char *key)
{
    const int *keys;
    int count = plan_swept(plan, &keys);
    for (int i = 0; i < count; i++)
        if (keys[i] == schema_find(&run_schema, key))
            return true;
    return false;
}

/* ---- zip */

static void keys_of_a_zip_go_together_and_cross_with_the_grid(void **state)
{
    (void)state;
    struct plan *plan =
        good_plan("zip:\n"
                  "  - {model.heads: [1, 2], train: {steps: {linear: [100, 200], count: 2}}}\n"
                  "  - {train.batch: [16, 32, 64], evaluation.seed: {count: 3}}\n"
                  "grid: {seed: [5, 6]}\n",
                  false, NULL);
    assert_int_equal(plan_count(plan), 12);
    assert_values(plan, "seed", "5 5 5 5 5 5 6 6 6 6 6 6");
    assert_values(plan, "model.heads", "1 1 1 2 2 2 1 1 1 2 2 2");
    assert_values(plan, "train.steps", "100 100 100 200 200 200 100 100 100 200 200 200");
    assert_values(plan, "train.batch", "16 32 64 16 32 64 16 32 64 16 32 64");
    assert_values(plan, "evaluation.seed", "0 1 2 0 1 2 0 1 2 0 1 2");
    assert_true(is_swept(plan, "model.heads") && is_swept(plan, "train.steps"));
    plan_destroy(plan);
}

static void when_sees_what_a_zip_gave(void **state)
{
    (void)state;
    struct plan *plan = good_plan("zip: [{model.depth: [1, 2], seed: [3, 4]}]\n"
                                  "when: [{if: {seed: 4}, set: {model.heads: 2}}]\n",
                                  false, NULL);
    assert_values(plan, "model.heads", "1 2");
    plan_destroy(plan);
}

/* ---- random */

static const char searched[] = "random:\n"
                               "  samples: 4\n"
                               "  stream: 7\n"
                               "  over:\n"
                               "    train: {rate: {log: [1.0e-4, 1.0e-2]}}\n"
                               "    model.depth: {linear: [1, 4]}\n"
                               "    train.batch: {log: [16, 1024]}\n"
                               "    task.noise: {linear: [0, 0.5]}\n"
                               "    tokens.kind: {choice: [joint, separate]}\n";

/* Frozen: results that people have stored are named by these values. Made with Philox4x32-10 in
 * Python: key (stream low, stream high), counter (sample low, sample high, low word of XXH64 of the
 * key's name, 0x73776570), of whose first two words come 53 bits as in its random(). */
static void samples_never_change(void **state)
{
    (void)state;
    struct plan *plan = good_plan(searched, false, NULL);
    assert_values(plan, "train.rate",
                  "0.0065131182299 0.00350271987161 0.00606816363903 0.00726722389416");
    assert_values(plan, "model.depth", "2 4 1 1");
    assert_values(plan, "train.batch", "120 122 86 20");
    assert_values(plan, "task.noise", "0.151014299232 0.458258487258 0.3782428429 0.385614273238");
    assert_values(plan, "tokens.kind", "separate separate joint joint");
    plan_destroy(plan);
}

static void a_sample_does_not_depend_on_the_rest_of_the_file(void **state)
{
    (void)state;
    static const char other[] = "set: {train.steps: 100}\n"
                                "grid: {seed: [1, 2]}\n"
                                "zip: [{model.heads: [1, 2], model.key_size: [4, 8]}]\n"
                                "random:\n"
                                "  over:\n"
                                "    task.input_range: {linear: [1, 2]}\n"
                                "    train.rate: {log: [1.0e-4, 1.0e-2]}\n"
                                "  stream: 7\n"
                                "  samples: 9\n";
    struct plan *plan = good_plan(searched, false, NULL), *more = good_plan(other, false, NULL);
    assert_int_equal(plan_count(more), 36);
    for (int64_t sample = 0; sample < 4; sample++) {
        char one[KEY_TEXT_SIZE], two[KEY_TEXT_SIZE];
        for (int64_t at = 0; at < 36; at += 9)
            assert_string_equal(value_of(plan, sample, "train.rate", one),
                                value_of(more, at + sample, "train.rate", two));
    }
    plan_destroy(plan);
    plan_destroy(more);
}

static void quick_takes_the_first_samples(void **state)
{
    (void)state;
    static const char text[] = "random: {samples: 9, quick: 2, over: {train.rate: {log: [1.0e-4, "
                               "1.0e-2]}}}\nquick: {train.steps: 60}\n";
    struct plan *plan = good_plan(text, false, NULL), *quick = good_plan(text, true, NULL);
    assert_int_equal(plan_count(plan), 9);
    assert_int_equal(plan_count(quick), 2);
    for (int64_t sample = 0; sample < 2; sample++) {
        char one[KEY_TEXT_SIZE], two[KEY_TEXT_SIZE];
        assert_string_equal(value_of(plan, sample, "train.rate", one),
                            value_of(quick, sample, "train.rate", two));
    }
    plan_destroy(plan);
    plan_destroy(quick);
}

static void another_stream_gives_other_samples(void **state)
{
    (void)state;
    struct plan *plans[3] = {
        good_plan("random: {samples: 1, over: {task.noise: {linear: [0, 1]}}}\n", false, NULL),
        good_plan("random: {samples: 1, over: {task.noise: {linear: [0, 1]}}, stream: 0}\n", false,
                  NULL),
        good_plan("random: {samples: 1, over: {task.noise: {linear: [0, 1]}}, stream: 1}\n", false,
                  NULL)};
    assert_true(plan_identity(plans[0], 0) == plan_identity(plans[1], 0));
    assert_false(plan_identity(plans[0], 0) == plan_identity(plans[2], 0));
    for (int i = 0; i < 3; i++)
        plan_destroy(plans[i]);
}

/* Counts in equal parts of the range, of n draws: five standard deviations of a binomial. */
static void assert_even(const int *counts, int parts, int n)
{
    double expected = (double)n / parts, reach = 5 * sqrt(expected * (1 - 1.0 / parts));
    for (int i = 0; i < parts; i++)
        assert_true(fabs(counts[i] - expected) < reach);
}

static void samples_are_spread_as_their_distribution_says(void **state)
{
    (void)state;
    enum { N = 20000, PARTS = 5 };
    struct plan *plan =
        good_plan("random:\n  samples: 20000\n  over:\n"
                  "    task.noise: {linear: [1, 3]}\n    train.rate: {log: [1.0e-5, 1]}\n"
                  "    model.depth: {linear: [2, 6]}\n    train.batch: {log: [1, 242]}\n"
                  "    model.heads: {choice: [1, 2, 4, 8, 16]}\n",
                  false, NULL);
    int counts[5][PARTS] = {{0}};
    assert_int_equal(plan_count(plan), N);
    for (int64_t run = 0; run < N; run++) {
        struct run_config config;
        plan_config(plan, run, &config);
        assert_true(config.task.noise >= 1 && config.task.noise <= 3);
        assert_true(config.train.batch >= 1 && config.train.batch <= 242);
        counts[0][(int)((config.task.noise - 1) / 2 * PARTS)]++;
        counts[1][(int)(log10(config.train.rate) + 5)]++;
        counts[2][config.model.depth - 2]++;
        counts[3][(int)(log((double)config.train.batch + 1e-9) / log(3))]++; /* 1, 3, 9, 27, 81 */
        counts[4][(int)log2(config.model.heads)]++;
    }
    for (int i = 0; i < 5; i++)
        assert_even(counts[i], PARTS, N);
    plan_destroy(plan);
}

/* ---- include */

static void included_runs_come_after_the_grid_and_pass_by_when(void **state)
{
    (void)state;
    struct plan *plan = good_plan("set: {train.steps: 100}\n"
                                  "grid: {model.depth: [1, 2]}\n"
                                  "when: [{if: {model.heads: 1}, set: {train.batch: 64}}]\n"
                                  "include:\n"
                                  "  - {model.depth: 8, train.steps: 300}\n"
                                  "  - {seed: [1, 2], model: {heads: [2, 4]}}\n"
                                  "  - {model.depth: 1, train.batch: 64}\n"
                                  "exclude: [{seed: 2, model.heads: 2}]\n",
                                  false, NULL);
    assert_int_equal(plan_count(plan), 6);
    assert_int_equal(plan_excluded(plan), 1);
    assert_int_equal(plan_duplicates(plan), 1);
    assert_values(plan, "model.depth", "1 2 8 1 1 1");
    assert_values(plan, "train.steps", "100 100 300 100 100 100");
    assert_values(plan, "train.batch", "64 64 2048 2048 2048 2048");
    assert_values(plan, "seed", "0 0 0 1 1 2");
    assert_values(plan, "model.heads", "1 1 1 2 4 4");
    assert_true(is_swept(plan, "seed") && is_swept(plan, "train.steps"));
    assert_false(is_swept(plan, "train.rate"));
    plan_destroy(plan);
}

static void without_a_grid_there_are_only_the_included_runs(void **state)
{
    (void)state;
    struct plan *plan = good_plan("include: [{model.depth: 8}, {model.depth: 4}]\n", false, NULL);
    assert_values(plan, "model.depth", "8 4");
    plan_destroy(plan);
    static const char *const overrides[] = {"model.depth=[2, 3]", "train.steps=50", "seed=[1, 2]",
                                            NULL};
    plan = good_plan("include: [{model.depth: 8, train.steps: 70}, {model.heads: 4}]\n", false,
                     overrides);
    assert_values(plan, "model.depth", "2 2 3 3 2 2 3 3");
    assert_values(plan, "model.heads", "1 1 1 1 4 4 4 4");
    assert_values(plan, "seed", "1 2 1 2 1 2 1 2");
    assert_values(plan, "train.steps", "50 50 50 50 50 50 50 50");
    plan_destroy(plan);
}

/* ---- settings that win */

static void a_setting_that_wins_leaves_the_others_of_its_axis(void **state)
{
    (void)state;
    static const char text[] = "grid: {seed: [0, 1]}\n"
                               "zip: [{model.depth: [1, 2, 3], model.heads: [4, 5, 6]}]\n"
                               "quick: {model.heads: 7}\n";
    struct plan *plan = good_plan(text, true, NULL);
    assert_values(plan, "model.depth", "1 2 3 1 2 3");
    assert_values(plan, "model.heads", "7 7 7 7 7 7");
    plan_destroy(plan);
    static const char *const overrides[] = {"model.depth=[1, 2]", NULL};
    plan = good_plan(text, true, overrides);
    assert_values(plan, "model.depth", "1 2 1 2");
    plan_destroy(plan);
    static const char *const both[] = {"model.depth=2", NULL};
    plan = good_plan(text, true, both);
    assert_values(plan, "model.depth", "2 2");
    assert_values(plan, "seed", "0 1");
    plan_destroy(plan);
}

/* ---- require */

static void runs_that_do_not_meet_require_are_left_out(void **state)
{
    (void)state;
    struct plan *plan = good_plan("grid: {model.depth: [1, 2, 3, 4], model.heads: [1, 2, 3]}\n"
                                  "exclude: [{model.depth: 4}]\n"
                                  "require:\n  - model.depth % model.heads == 0\n"
                                  "  - not (model.depth == 1 and tokens.kind == 'joint')\n",
                                  false, NULL);
    assert_values(plan, "model.depth", "2 2 3 3");
    assert_values(plan, "model.heads", "1 2 1 3");
    assert_int_equal(plan_excluded(plan), 3);
    assert_int_equal(plan_unmet(plan), 5);
    plan_destroy(plan);
    plan = good_plan("grid: {seed: {count: 9}}\nrequire: seed // 2 % 2 == 1\n", false, NULL);
    assert_values(plan, "seed", "2 3 6 7");
    plan_destroy(plan);
}

/* ---- points */

static char path[] = "points-XXXXXX.jsonl";

static void write_points(const char *text, size_t length)
{
    memcpy(path, "points-XXXXXX", strlen("points-XXXXXX"));
    int file = mkstemps(path, 6);
    assert_true(file >= 0 && write(file, text, length) == (ssize_t)length);
    close(file);
}

/* The plan of a sweep with `points: ` and that file; `more` stands before it. */
static enum status plan_with_points(struct plan **plan, const char *more, const char *text,
                                    size_t length, const char *const *overrides, struct error *err)
{
    char sweep[400];
    write_points(text, length);
    snprintf(sweep, sizeof sweep, "%spoints: %s\n", more, path);
    enum status st = plan_of(plan, sweep, false, overrides, err);
    unlink(path);
    return st;
}

static const char listed[] = "{\"model.depth\": 2, \"train.rate\": 0.003}\r\n"
                             "\n"
                             "  {\"model\": {\"depth\": 3}, \"tokens.kind\": \"separate\"}  \n"
                             "{\"seed\":4,\"keep.weights\":\"at 0\",\"model.y_update\": true}\n"
                             "{}";

static void each_line_of_a_file_is_a_run(void **state)
{
    (void)state;
    struct plan *plan;
    struct error err = {""};
    static const char more[] = "set: {seed: 9, train.batch: 32}\n";
    if (plan_with_points(&plan, more, listed, strlen(listed), NULL, &err) != OK)
        fail_msg("%s", err.text);
    assert_values(plan, "model.depth", "2 3 1 1");
    assert_values(plan, "train.rate", "0.003 0.001 0.001 0.001");
    assert_values(plan, "tokens.kind", "joint separate joint joint");
    assert_values(plan, "seed", "9 9 4 9");
    assert_values(plan, "train.batch", "32 32 32 32");
    assert_values(plan, "model.y_update", "false false true false");
    assert_string_equal(plan_points(plan), listed);
    assert_true(is_swept(plan, "model.depth"));
    assert_false(is_swept(plan, "train.batch"));
    plan_destroy(plan);

    static const char *const overrides[] = {"seed=[1, 2]", "model.depth=4", NULL};
    assert_int_equal(
        plan_with_points(&plan, "grid: {seed: 5}\n", listed, strlen(listed), overrides, &err), OK);
    assert_values(plan, "seed", "1 2 1 2 1 2 1 2");
    assert_values(plan, "tokens.kind", "joint joint joint joint separate separate joint joint");
    plan_destroy(plan);
}

/* What `resume` does: the file may be gone. */
static void points_are_made_again_from_what_the_plan_tells(void **state)
{
    (void)state;
    struct plan *plan, *again;
    struct error err = {""};
    assert_int_equal(plan_with_points(&plan, "", listed, strlen(listed), NULL, &err), OK);
    struct plan_options options = {.points = plan_points(plan)};
    const char *text = plan_text(plan);
    assert_int_equal(plan_parse(&again, "r.h5", text, strlen(text), &options, &err), OK);
    assert_int_equal(plan_count(again), 4);
    for (int64_t run = 0; run < 4; run++)
        assert_true(plan_identity(again, run) == plan_identity(plan, run));
    assert_string_equal(plan_points(again), listed);
    plan_destroy(plan);
    plan_destroy(again);
}

static void points_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message; /* %s: the file */
    } cases[] = {
        {"", "%s: has no line, allowed are runs as in {\"model.depth\": 2}"},
        {" \n\r\n", "%s: has no line, allowed are runs as in {\"model.depth\": 2}"},
        {"{}\n{}\n{}\n{}\n", "%s: 4 lines, limit allows 3"},
        {"{}\nmodel.depth=2\n",
         "%s:2: no run, allowed is an object of keys as in {\"model.depth\": 2}"},
        {"[1]\n", "%s:1: no run, allowed is an object of keys as in {\"model.depth\": 2}"},
        {"\n{\"model.dpeth\": 2}\n", "%s:2: model.dpeth: unknown key, did you mean model.depth?"},
        {"{\"model.depth\": 0}\n", "%s:1: model.depth: 0 is outside 1..32"},
        {"{\"model.depth\": null}\n",
         "%s:1: model.depth: 'null' is not a number, allowed is an integer 1..32"},
        {"{\"model.depth\": \"2\"}\n",
         "%s:1: model.depth: '2' is text because of its quotes, allowed is a plain value"},
        {"{\"model.depth\": [1, 2]}\n",
         "%s:1: model.depth: one value is allowed here, an axis belongs under grid"},
        {"{\"seed\": 1, \"seed\": 2}\n", "%s:1: seed: given twice, first in line 1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plan *plan;
        struct error err = {""};
        char message[300];
        assert_int_equal(
            plan_with_points(&plan, "limit: 3\n", cases[i].text, strlen(cases[i].text), NULL, &err),
            ERR_CONFIG);
        snprintf(message, sizeof message, "%s%s", path, cases[i].message + strlen("%s"));
        assert_string_equal(err.text, message);
    }
    struct plan *plan;
    struct error err = {""};
    char message[300];
    assert_int_equal(plan_with_points(&plan, "", "{}\0{}\n", 6, NULL, &err), ERR_CONFIG);
    snprintf(message, sizeof message, "s.yaml:1:9: points: %s: has a NUL byte, allowed is text",
             path);
    assert_string_equal(err.text, message);
    assert_int_equal(plan_of(&plan, "points: absent.jsonl\n", false, NULL, &err), ERR_CONFIG);
    assert_string_equal(err.text, "s.yaml:1:9: points: absent.jsonl: can not be read: No such file "
                                  "or directory");
    assert_int_equal(plan_of(&plan, "points: /absent.jsonl\n", false, NULL, &err), ERR_CONFIG);
    assert_string_equal(err.text, "s.yaml:1:9: points: /absent.jsonl: can not be read: No such "
                                  "file or directory");
}

static void a_file_of_points_lies_beside_its_sweep(void **state)
{
    (void)state;
    struct plan *plan;
    struct plan_options options = {0};
    struct error err = {""};
    static const char text[] = "points: a.jsonl\n";
    assert_int_equal(plan_parse(&plan, "no/s.yaml", text, strlen(text), &options, &err),
                     ERR_CONFIG);
    assert_string_equal(err.text,
                        "no/s.yaml:1:9: points: no/a.jsonl: can not be read: No such file "
                        "or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_a_zip_go_together_and_cross_with_the_grid),
        cmocka_unit_test(when_sees_what_a_zip_gave),
        cmocka_unit_test(samples_never_change),
        cmocka_unit_test(a_sample_does_not_depend_on_the_rest_of_the_file),
        cmocka_unit_test(quick_takes_the_first_samples),
        cmocka_unit_test(another_stream_gives_other_samples),
        cmocka_unit_test(samples_are_spread_as_their_distribution_says),
        cmocka_unit_test(included_runs_come_after_the_grid_and_pass_by_when),
        cmocka_unit_test(without_a_grid_there_are_only_the_included_runs),
        cmocka_unit_test(a_setting_that_wins_leaves_the_others_of_its_axis),
        cmocka_unit_test(runs_that_do_not_meet_require_are_left_out),
        cmocka_unit_test(each_line_of_a_file_is_a_run),
        cmocka_unit_test(points_are_made_again_from_what_the_plan_tells),
        cmocka_unit_test(points_are_refused_with_their_line),
        cmocka_unit_test(a_file_of_points_lies_beside_its_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
