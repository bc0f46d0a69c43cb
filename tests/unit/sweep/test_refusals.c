#include "sweep_test.h"

#include <ctype.h>
#include <stdio.h>

static void sections_are_refused_with_place_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"zipp: []\n",
         "s.yaml:1:1: zipp: unknown section, did you mean zip? allowed are name, about, limit, "
         "set, grid, zip, random, when, include, points, exclude, require, quick, analyses"},
        {"name: x\ngird: {}\n",
         "s.yaml:2:1: gird: unknown section, did you mean grid? allowed are name, about, limit, "
         "set, grid, zip, random, when, include, points, exclude, require, quick, analyses"},
        {"colours: 3\n",
         "s.yaml:1:1: colours: unknown section, allowed are name, about, limit, set, grid, zip, "
         "random, when, include, points, exclude, require, quick, analyses"},
        {"name: a/b\n", "s.yaml:1:7: name: 'a/b' names no file, allowed are up to 100 letters, "
                        "digits and . _ -, the first a letter or digit"},
        {"name: .a\n", "s.yaml:1:7: name: '.a' names no file, allowed are up to 100 letters, "
                       "digits and . _ -, the first a letter or digit"},
        {"name: [a]\n", "s.yaml:1:7: name: is a list, allowed is a text"},
        {"name:\n", "s.yaml:1:1: name: nothing in it, leave it out or fill it"},
        {"grid:\n", "s.yaml:1:1: grid: nothing in it, leave it out or fill it"},
        {"set: [1]\n", "s.yaml:1:6: set: is a list, allowed is a map of keys"},
        {"grid: 5\n", "s.yaml:1:7: grid: is a text, allowed is a map of keys"},
        {"when: {a: b}\n", "s.yaml:1:7: when: is a map of keys, allowed is a list"},
        {"limit: 0\n", "s.yaml:1:8: limit: '0' is no number of runs, allowed is 1..100000000"},
        {"limit: many\n",
         "s.yaml:1:8: limit: 'many' is no number of runs, allowed is 1..100000000"},
        {"limit: '5'\n", "s.yaml:1:8: limit: '5' is no number of runs, allowed is 1..100000000"},
        {"when: [1]\n", "s.yaml:1:8: when: an entry has two parts, as in {if: {tokens.kind: "
                        "separate}, set: {model.depth: 2}}"},
        {"when: [{if: {seed: 1}}]\n", "s.yaml:1:8: when: an entry has two parts, as in {if: "
                                      "{tokens.kind: separate}, set: {model.depth: 2}}"},
        {"when: [{if: {seed: 1}, set: {seed: 2}, then: 3}]\n",
         "s.yaml:1:8: when: an entry has two parts, as in {if: {tokens.kind: separate}, set: "
         "{model.depth: 2}}"},
        {"when: [{if: {}, set: {seed: 2}}]\n",
         "s.yaml:1:13: when: if: no condition, allowed is a map as in {model.depth: 1}"},
        {"exclude: [{}]\n",
         "s.yaml:1:11: exclude: no condition, allowed is a map as in {model.depth: 1}"},
        {"exclude: [model.depth]\n",
         "s.yaml:1:11: exclude: no condition, allowed is a map as in {model.depth: 1}"},
        {"exclude: [{seed: 0}]\n", "s.yaml:1:1: exclude: leaves no run"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plan *plan;
        struct error err = {""};
        assert_int_equal(plan_of(&plan, cases[i].text, false, NULL, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        assert_null(plan);
    }
}

static void keys_and_values_are_refused_with_place_and_reason(void **state)
{
    (void)state;
    static const char nested[] = "set:\n  model:\n    depth: 2\n    dpeth: 3\n";
    static const struct {
        const char *text, *message;
    } cases[] = {
        {nested, "s.yaml:4:5: model.dpeth: unknown key, did you mean model.depth?"},
        {"set: {depth: 2}\n", "s.yaml:1:7: depth: unknown key, did you mean model.depth?"},
        {"set: {colour: red}\n", "s.yaml:1:7: colour: unknown key, 'mesasweep keys' lists all"},
        {"set: {model: 5}\n",
         "s.yaml:1:7: model: a group of keys, not a key; 'mesasweep keys' lists them"},
        {"set: {model.depth: {x: 1}}\n",
         "s.yaml:1:20: model.depth: one value is allowed here, an axis belongs under grid"},
        {"set: {model.depth: [1, 2]}\n",
         "s.yaml:1:20: model.depth: one value is allowed here, an axis belongs under grid"},
        {"when: [{if: {seed: 0}, set: {seed: [1]}}]\n",
         "s.yaml:1:36: seed: one value is allowed here, an axis belongs under grid"},
        {"set: {model.depth: 1, model: {depth: 2}}\n",
         "s.yaml:1:31: model.depth: given twice, first in line 1"},
        {"set: {model.depth: 1}\ngrid:\n  model.depth: [2]\n",
         "s.yaml:3:16: model.depth: given twice, first in line 1 under set"},
        {"set: {model.depth: 0}\n", "s.yaml:1:20: model.depth: 0 is outside 1..32"},
        {"set: {model.depth: two}\n",
         "s.yaml:1:20: model.depth: 'two' is not a number, allowed is an integer 1..32"},
        {"set: {model.depth: 0x2}\n",
         "s.yaml:1:20: model.depth: '0x2' is not a number, allowed is an integer 1..32"},
        {"set: {model.depth: 02}\n",
         "s.yaml:1:20: model.depth: '02' is not a number, allowed is an integer 1..32"},
        {"set: {train.rate: .nan}\n",
         "s.yaml:1:19: train.rate: '.nan' is not a number, allowed is a number 0..100"},
        {"set: {train.rate: inf}\n",
         "s.yaml:1:19: train.rate: 'inf' is not a number, allowed is a number 0..100"},
        {"set: {model.y_update: yes}\n",
         "s.yaml:1:23: model.y_update: 'yes' is neither true nor false"},
        {"set: {model.y_update: 'true'}\n",
         "s.yaml:1:23: model.y_update: 'true' is text because of its quotes, allowed is a plain "
         "value"},
        {"set: {model.depth: \"2\"}\n", "s.yaml:1:20: model.depth: '2' is text because of its "
                                        "quotes, allowed is a plain value"},
        {"set: {model.depth: }\n", "s.yaml:1:20: model.depth: has no value"},
        {"set:\n  model.layers:\n", "s.yaml:2:16: model.layers: has no value"},
        {"set: {model.weights: both}\n",
         "s.yaml:1:22: model.weights: 'both' is unknown, allowed are per_layer, shared"},
        {"grid: {seed: []}\n", "s.yaml:1:14: seed: an empty list leaves no run"},
        {"grid: {seed: [[1]]}\n",
         "s.yaml:1:15: seed: a list or map inside a list, allowed are values"},
        {"grid: {seed: [0, -1]}\n", "s.yaml:1:18: seed: -1 is outside 0..9007199254740992"},
        {"exclude: [{model.depht: 1}]\n",
         "s.yaml:1:12: model.depht: unknown key, did you mean model.depth?"},
        {"quick: {train.step: 5}\n",
         "s.yaml:1:9: train.step: unknown key, did you mean train.steps?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plan *plan;
        struct error err = {""};
        assert_int_equal(plan_of(&plan, cases[i].text, false, NULL, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
    }
}

static void forms_are_refused_with_place_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"grid: {seed: {cuont: 3}}\n",
         "s.yaml:1:14: seed: a map that is no form, allowed are [list], {from, to, step}, {log: "
         "[a, b], count}, {linear: [a, b], count}, {count}"},
        {"grid: {seed: {count: 3, from: 1}}\n",
         "s.yaml:1:14: seed: a map that is no form, allowed are [list], {from, to, step}, {log: "
         "[a, b], count}, {linear: [a, b], count}, {count}"},
        {"grid: {tokens.kind: {count: 2}}\n",
         "s.yaml:1:21: tokens.kind: forms make numbers, allowed are a value or a [list]"},
        {"grid: {seed: {count: two}}\n", "s.yaml:1:22: seed: 'two' is not a number"},
        {"grid: {seed: {count: '2'}}\n", "s.yaml:1:22: seed: '2' is not a number"},
        {"grid: {seed: {count: [2]}}\n",
         "s.yaml:1:22: seed: a list or map where a number is allowed"},
        {"grid: {seed: {count: 0}}\n",
         "s.yaml:1:22: seed: 0 values, allowed are 1..1000000 (see limit)"},
        {"grid: {seed: {count: 2.5}}\n",
         "s.yaml:1:22: seed: 2.5 values, allowed are 1..1000000 (see limit)"},
        {"grid: {seed: {count: 1000001}}\n",
         "s.yaml:1:22: seed: 1000001 values, allowed are 1..1000000 (see limit)"},
        {"grid: {train.rate: {log: [0, 1], count: 3}}\n",
         "s.yaml:1:26: train.rate: log needs two numbers above 0"},
        {"grid: {train.rate: {log: [1], count: 3}}\n",
         "s.yaml:1:26: train.rate: log needs two numbers [first, last]"},
        {"grid: {train.rate: {linear: 1, count: 3}}\n",
         "s.yaml:1:29: train.rate: linear needs two numbers [first, last]"},
        {"grid: {train.rate: {linear: [0, 1], count: 1}}\n",
         "s.yaml:1:44: train.rate: 1 values, allowed are 2..1000000 (see limit)"},
        {"grid: {seed: {from: 1, to: 5, step: 0}}\n",
         "s.yaml:1:14: seed: step does not lead from 1 to 5"},
        {"grid: {seed: {from: 5, to: 1, step: 1}}\n",
         "s.yaml:1:14: seed: step does not lead from 5 to 1"},
        {"grid: {seed: {from: 0, to: 1, step: 1e-9}}\n",
         "s.yaml:1:14: seed: 1000000001 values, allowed are 1..1000000 (see limit)"},
        {"grid: {seed: {from: 0, to: 1, step: 0.5}}\n",
         "s.yaml:1:14: seed: '0.5' is not an integer, allowed is an integer 0..9007199254740992"},
        {"grid: {model.depth: {count: 2}}\n", "s.yaml:1:21: model.depth: 0 is outside 1..32"},
        {"limit: 3\ngrid: {seed: [1, 2, 3, 4]}\n", "s.yaml:2:14: seed: 4 values, limit allows 3"},
        {"limit: 5\ngrid:\n  model.depth: [1, 2]\n  seed: {count: 3}\n",
         "s.yaml:4:9: seed: with these 3 values the sweep has more runs than limit allows (5)"},
        {"limit: 100\ngrid: {seed: {count: 100}, evaluation.seed: {count: 100}, train.batch: "
         "[1]}\n",
         "s.yaml:2:45: evaluation.seed: with these 100 values the sweep has more runs than limit "
         "allows (100)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plan *plan;
        struct error err = {""};
        assert_int_equal(plan_of(&plan, cases[i].text, false, NULL, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
    }
}

static void sections_of_runs_are_refused_with_place_and_reason(void **state)
{
    (void)state;
    static const char zip[] = "zip: no keys that go together, allowed is a map as in {model.depth: "
                              "[1, 2], train.steps: [500, 1000]}";
    static const char random[] = "random: allowed are samples, over, quick and stream, as in "
                                 "{samples: 100, over: {train.rate: {log: [1e-4, 1e-2]}}, quick: "
                                 "4, stream: 0}";
    static const char include[] = "include: no run, allowed is a map as in {model.depth: 8, seed: "
                                  "[0, 1]}; runs from a file stand under points";
    static const char drawn[] = "is no distribution, allowed are {linear: [least, greatest]}, "
                                "{log: [least, greatest]}, {choice: [list]}";
    static const struct {
        const char *text, *place, *message;
    } cases[] = {
        {"zip: {seed: [1]}\n", "1:6: zip: ", "is a map of keys, allowed is a list"},
        {"zip: [seed]\n", "1:7: ", zip},
        {"zip: [{}]\n", "1:7: ", zip},
        {"zip: [{seed: [1, 2], model.depth: [1, 2, 3]}]\n",
         "1:35: model.depth: ", "3 values, but seed has 2; keys that go together have as many"},
        {"zip: [{seed: [1, 2], model.depth: 1}]\n",
         "1:35: model.depth: ", "1 values, but seed has 2; keys that go together have as many"},
        {"zip: [{sead: [1, 2]}]\n", "1:8: sead: ", "unknown key, did you mean seed?"},
        {"zip: [{seed: [1, 2]}, {seed: [3]}]\n", "1:30: seed: ", "given twice, first in line 1"},
        {"grid: {seed: 2}\nzip: [{seed: [1, 2]}]\n",
         "2:14: seed: ", "given twice, first in line 1"},
        {"set: {seed: 2}\nzip: [{seed: [1, 2]}]\n",
         "2:14: seed: ", "given twice, first in line 1 under set"},
        {"limit: 5\ngrid: {seed: {count: 3}}\nzip: [{model.depth: [1, 2]}]\n",
         "3:21: model.depth: ",
         "with these 2 values the sweep has more runs than limit allows (5)"},

        {"random: {samples: 2}\n", "1:9: ", random},
        {"random: {over: {seed: {linear: [0, 9]}}}\n", "1:9: ", random},
        {"random: {samples: 2, over: {}}\n", "1:9: ", random},
        {"random: {samples: 2, over: [seed]}\n", "1:9: ", random},
        {"random: {samples: 2, over: {seed: {linear: [0, 9]}}, sed: 1}\n", "1:9: ", random},
        {"random: {samples: 0, over: {seed: {linear: [0, 9]}}}\n",
         "1:19: random: samples: ", "'0' is no integer 1..1000000"},
        {"random: {samples: 1000001, over: {seed: {linear: [0, 9]}}}\n",
         "1:19: random: samples: ", "'1000001' is no integer 1..1000000"},
        {"random: {samples: 2, quick: 0, over: {seed: {linear: [0, 9]}}}\n",
         "1:29: random: quick: ", "'0' is no integer 1..1000000"},
        {"random: {samples: 2, quick: 3, over: {seed: {linear: [0, 9]}}}\n",
         "1:29: random: quick: ", "3 is more than samples, 2; --quick takes the first of these"},
        {"random: {samples: '2', over: {seed: {linear: [0, 9]}}}\n",
         "1:19: random: samples: ", "'2' is no integer 1..1000000"},
        {"random: {samples: [2], over: {seed: {linear: [0, 9]}}}\n",
         "1:19: random: samples: ", "'a list or map' is no integer 1..1000000"},
        {"random: {samples: 2, stream: -1, over: {seed: {linear: [0, 9]}}}\n",
         "1:30: random: stream: ", "'-1' is no integer 0..9007199254740992"},
        {"random: {samples: 2, over: {sead: {linear: [0, 9]}}}\n",
         "1:29: sead: ", "unknown key, did you mean seed?"},
        {"random: {samples: 2, over: {seed: 5}}\n", "1:35: seed: ", drawn},
        {"random: {samples: 2, over: {seed: [1, 2]}}\n", "1:35: seed: ", drawn},
        {"random: {samples: 2, over: {seed: {normal: [0, 1]}}}\n", "1:35: seed: ", drawn},
        {"random: {samples: 2, over: {seed: {linear: [0, 1], count: 2}}}\n", "1:35: seed: ", drawn},
        {"random: {samples: 2, over: {seed: {linear: [0]}}}\n",
         "1:44: seed: ", "linear needs two numbers [first, last]"},
        {"random: {samples: 2, over: {seed: {linear: [a, b]}}}\n",
         "1:45: seed: ", "'a' is not a number"},
        {"random: {samples: 2, over: {seed: {linear: [9, 0]}}}\n",
         "1:44: seed: ", "nothing lies between 9 and 0, the lower end comes first"},
        {"random: {samples: 2, over: {seed: {linear: [9, 9]}}}\n",
         "1:44: seed: ", "nothing lies between 9 and 9, the lower end comes first"},
        {"random: {samples: 2, over: {train.rate: {log: [0, 1]}}}\n",
         "1:47: train.rate: ", "log needs two numbers above 0"},
        {"random: {samples: 2, over: {model.depth: {linear: [0, 9]}}}\n",
         "1:52: model.depth: ", "0 is outside 1..32"},
        {"random: {samples: 2, over: {model.depth: {linear: [1, 2.5]}}}\n",
         "1:55: model.depth: ", "'2.5' is not an integer, allowed is an integer 1..32"},
        {"random: {samples: 2, over: {tokens.kind: {linear: [0, 1]}}}\n",
         "1:51: tokens.kind: ", "linear makes numbers, allowed is {choice: [list]}"},
        {"random: {samples: 2, over: {tokens.kind: {choice: joint}}}\n",
         "1:51: tokens.kind: ", "choice needs a [list] of values"},
        {"random: {samples: 2, over: {tokens.kind: {choice: []}}}\n",
         "1:51: tokens.kind: ", "an empty list leaves no run"},
        {"grid: {seed: 1}\nrandom: {samples: 2, over: {seed: {linear: [0, 9]}}}\n",
         "2:35: seed: ", "given twice, first in line 1"},

        {"include: {seed: 1}\n", "1:10: include: ", "is a map of keys, allowed is a list"},
        {"include: [other.yaml]\n", "1:11: ", include},
        {"include: [{}]\n", "1:11: ", include},
        {"include: [{sead: 1}]\n", "1:12: sead: ", "unknown key, did you mean seed?"},
        {"include: [{seed: 1, seed: 2}]\n", "1:21: seed: ", "given twice, first in line 1"},
        {"limit: 3\ngrid: {seed: {count: 3}}\ninclude: [{seed: 5}]\n",
         "3:18: seed: ", "with these 1 values the sweep has more runs than limit allows (3)"},

        {"limit: 5\ninclude: [{seed: {count: 3}}, {seed: {count: 3}}]\n",
         "2:46: seed: ", "3 values, allowed are 1..2 (see limit)"},
        {"limit: 5\nexclude: [{seed: {count: 3}}, {seed: [1, 2, 3]}]\n",
         "2:38: seed: ", "3 values, limit allows 2"},

        {"points: [a]\n", "1:9: points: ", "is a list, allowed is a text"},

        {"require: {seed: 1}\n",
         "1:10: require: ", "is a map of keys, allowed is a text or a list"},
        {"require: [[seed]]\n",
         "1:11: ", "require: no condition, allowed is a text as in \"model.depth > 1\""},
        {"require: model.width > 1\n",
         "1:10: require: ", "column 1: model.width: unknown key, did you mean model.depth?"},
        {"require:\n  - seed == 0\n  - \"seed = 1\"\n",
         "3:5: require: ", "column 6: '=' is no operator here, equality is =="},
        {"grid: {seed: [2, 0]}\nrequire: 6 % seed == 0\n",
         "2:10: require: ", "column 3: division by zero (run 1: seed=0)"},
        {"require: seed == 1\n", "1:1: ", "require: leaves no run"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plan *plan;
        struct error err = {""};
        char message[sizeof err.text];
        snprintf(message, sizeof message, "s.yaml:%s%s", cases[i].place, cases[i].message);
        assert_int_equal(plan_of(&plan, cases[i].text, false, NULL, &err), ERR_CONFIG);
        assert_string_equal(err.text, message);
        assert_null(plan);
    }
}

static void the_command_line_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *message;
        enum status status;
    } cases[] = {
        {"model.depth", "command line: 'model.depth' is no key=value", ERR_USAGE},
        {"=5", "command line: '=5' is no key=value", ERR_USAGE},
        {"seed=[1,\n2]", "command line: 'seed=[1,?2]' has more than one line", ERR_USAGE},
        {"model.depth=", "command line: model.depth: has no value", ERR_CONFIG},
        {"model.depth=0", "command line: model.depth: 0 is outside 1..32", ERR_CONFIG},
        {"model.dpeth=1", "command line: model.dpeth: unknown key, did you mean model.depth?",
         ERR_CONFIG},
        {"limit=5", "command line: limit: unknown key, 'mesasweep keys' lists all", ERR_CONFIG},
        {"seed=[1",
         "command line: no YAML: did not find expected ',' or ']' while parsing a flow "
         "sequence",
         ERR_CONFIG},
        {"seed={count: 0}", "command line: seed: 0 values, allowed are 1..1000000 (see limit)",
         ERR_CONFIG},
        {"seed=\033[0m", "command line: control character U+001B, allowed are tabs and line ends",
         ERR_CONFIG},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plan *plan;
        struct error err = {""};
        const char *const overrides[] = {cases[i].setting, NULL};
        assert_int_equal(plan_of(&plan, "name: x\n", false, overrides, &err), cases[i].status);
        assert_string_equal(err.text, cases[i].message);
    }
}

static void quick_needs_its_section(void **state)
{
    (void)state;
    struct plan *plan;
    struct error err = {""};
    assert_int_equal(plan_of(&plan, "name: x\n", true, NULL, &err), ERR_CONFIG);
    assert_string_equal(
        err.text, "s.yaml:1:1: quick: --quick needs a section quick, which this file has not");
}

static void an_unknown_analysis_is_answered_with_all_known_ones(void **state)
{
    (void)state;
    struct plan *plan;
    struct error err = {""};
    static const char begin[] = "s.yaml:1:12: analyses: 'astrology' is unknown, allowed are ";
    assert_int_equal(plan_of(&plan, "analyses: [astrology]\n", false, NULL, &err), ERR_CONFIG);
    assert_memory_equal(err.text, begin, strlen(begin));
    for (int i = 0; i < run_analyses(); i++)
        assert_non_null(strstr(err.text + strlen(begin), run_analysis_name(i)));
}

/* What the engine finds between keys is said with the place of the key and the run. */
static void keys_that_do_not_fit_each_other_are_refused_with_the_run(void **state)
{
    (void)state;
    static const struct {
        const char *text, *begin, *end;
    } cases[] = {
        {"set:\n  train.evaluations: 51\ngrid:\n  train.steps: [100, 10]\n",
         "s.yaml:2:22: train.evaluations: 51 points of a curve need at least 50 steps",
         " (run 1: train.steps=10)"},
        {"grid: {seed: [0, 1]}\nwhen:\n  - if: {seed: 1}\n    set:\n      train.evaluations: "
         "9000\n",
         "s.yaml:5:26: train.evaluations: 9000 points", " (run 1: seed=1)"},
        {"set: {train.steps: 10}\n", "s.yaml:1:1: train.evaluations: 51 points", " (run 0)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plan *plan;
        struct error err = {""};
        assert_int_equal(plan_of(&plan, cases[i].text, false, NULL, &err), ERR_CONFIG);
        assert_memory_equal(err.text, cases[i].begin, strlen(cases[i].begin));
        size_t length = strlen(err.text), end = strlen(cases[i].end);
        assert_string_equal(err.text + length - end, cases[i].end);
    }
}

/* Damaged sweeps are refused in one line or read; the sanitizer build looks on. */
static void survives_damage(void **state)
{
    (void)state;
    static const char text[] =
        "name: x\nlimit: 99\nset: {train: {steps: 60}}\ngrid:\n  model.depth: [1, 2]\n"
        "  train.rate: {log: [1e-3, 1], count: 2}\n  seed: {count: 2}\nwhen:\n"
        "  - {if: {model.depth: 2}, set: {model.heads: 2}}\nexclude: [{seed: 1}]\n"
        "zip: [{task.noise: [0, 1], train.batch: [8, 9]}]\ninclude: [{seed: [4, 5]}]\n"
        "random: {samples: 2, over: {task.context: {linear: [2, 9]}}}\n"
        "require: model.depth * model.heads % 2 == 0 or not seed > 3 and tokens.kind == 'joint'\n"
        "quick: {seed: 3}\nanalyses: []\n";
    uint64_t random = 2;
    for (int i = 0; i < 3000; i++) {
        char damaged[sizeof text];
        memcpy(damaged, text, sizeof text);
        for (int edits = 0; edits < 1 + i % 3; edits++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            damaged[(random >> 33) % (sizeof text - 1)] =
                "[]{}:-?,&*!|>'\"%\n\t #19.ex"[(random >> 20) % 25];
        }
        struct plan *plan;
        struct error err = {""};
        enum status st = plan_of(&plan, damaged, i % 2, NULL, &err);
        assert_true(st == OK || st == ERR_CONFIG);
        if (st == ERR_CONFIG)
            assert_true(strncmp(err.text, "s.yaml:", 7) == 0 && isdigit(err.text[7]) &&
                        !strchr(err.text, '\n'));
        plan_destroy(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_refused_with_place_and_reason),
        cmocka_unit_test(keys_and_values_are_refused_with_place_and_reason),
        cmocka_unit_test(forms_are_refused_with_place_and_reason),
        cmocka_unit_test(sections_of_runs_are_refused_with_place_and_reason),
        cmocka_unit_test(the_command_line_is_refused_by_name),
        cmocka_unit_test(quick_needs_its_section),
        cmocka_unit_test(an_unknown_analysis_is_answered_with_all_known_ones),
        cmocka_unit_test(keys_that_do_not_fit_each_other_are_refused_with_the_run),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
