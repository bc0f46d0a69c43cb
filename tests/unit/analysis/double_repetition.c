/* The analysis `repetition`: the constructed layer is damped gradient descent, as often as it is
 * applied. */
#include "written.h"

#include "theory/construction.h"
#include "theory/expectation.h"

static const struct bench_setting single = {
    PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 1}, {.tasks = 50, .seed = 3}};
static const struct bench_setting clipped = {
    ODD_TASK,
    {.kind = TOKENS_JOINT},
    {LINEAR_MODEL, .depth = 1, .clip = .4, .y_update = true},
    {.tasks = 50}};

enum { TIMES = 50 };

static double scratch[20000];

/* Stored as floats: 2^-24 of each; 50 steps of rounding stay far below. */
static void the_construction_is_damped_descent(void **state)
{
    (void)state;
    static const struct bench_setting *const settings[] = {&single, &clipped};
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        bench_open(&bench, settings[k], NULL);
        bench_execute(&bench, "gd");
        struct descent descent = {.rate = bench_value(&bench, "gd_rate")};
        construction_write(bench.weights, &bench.model, &bench.task, &descent);
        bench_execute(&bench, "repetition");
        for (int c = 0; c < bench.analysis->column_count; c++) {
            const double *model = bench.values[c], *gd = model + TIMES;
            for (int n = 0; n < TIMES; n++)
                assert_near(model[n], gd[n], 1.5e-7 * gd[n]);
            for (int n = 2 * TIMES; n < bench.shape[c][0] * TIMES; n++)
                assert_true(isnan(model[n])); /* other algorithms are not repeated */
        }
        bench_close(&bench);
    }
}

/* Entries of Wv and Wp that would move the inputs, if the layer did more than to update y. */
static void only_labels_are_repeated(void **state)
{
    (void)state;
    static struct bench bench;
    static double expected[TIMES];
    bench_open(&bench, &single, NULL);
    bench_execute(&bench, "gd");
    struct descent descent = {.rate = bench_value(&bench, "gd_rate")};
    construction_write(bench.weights, &bench.model, &bench.task, &descent);
    bench_execute(&bench, "repetition");
    const double *found = bench.values[bench_column(&bench, "repeated_loss")];
    memcpy(expected, found, sizeof expected);
    for (int c = 0; c < 10; c++) {
        *written_at(&bench, 0, "value", c, 1 + c) = 1;
        *written_at(&bench, 0, "project", 1 + c, c) = (real)-.1;
    }
    bench_execute(&bench, "repetition");
    assert_memory_equal(found, expected, sizeof expected);
    bench_close(&bench);
}

/* Science.md section 4, statement 7: c = .75 c*; within four standard errors of the sample, from
 * the same tasks as theory sees them. */
static void repetition_has_the_expected_losses(void **state)
{
    (void)state;
    static const struct {
        int times;
        double loss;
    } expected[] = {{1, .2194}, {2, .1697}, {5, .1165}, {10, .0866}};
    enum { TASKS = 2000 };
    static struct bench bench;
    static double losses[TASKS];
    struct bench_setting setting = single;
    setting.evaluation.tasks = TASKS;
    bench_open(&bench, &setting, NULL);
    struct descent best = {.rate = expected_descent_rate(&setting.task)};
    construction_write(bench.weights, &bench.model, &bench.task, &best);
    bench_execute(&bench, "repetition");
    const double *found = bench.values[bench_column(&bench, "repeated_loss")];
    struct regression_set set = bench_set(&bench, &bench.task, TASKS);
    for (size_t i = 0; i < COUNT(expected); i++) {
        struct descent damped = {.steps = expected[i].times, .rate = .75 * best.rate};
        double mean = descent_loss(losses, &set, &damped, scratch), squares = 0;
        for (int t = 0; t < TASKS; t++)
            squares += (losses[t] - mean) * (losses[t] - mean);
        assert_near(found[expected[i].times - 1], mean, 1e-7 * mean);
        assert_near(mean, expected[i].loss, 4 * sqrt(squares) / TASKS);
    }
    free(set.at);
    bench_close(&bench);
}

static void only_one_linear_layer_on_joint_tokens_is_repeated(void **state)
{
    (void)state;
    const struct analysis *repetition = bench_find("repetition");
    struct bench_setting other = single;
    assert_true(bench_applies(&other, repetition));
    other.model.depth = 2;
    assert_false(bench_applies(&other, repetition));
    other = single;
    memcpy(other.model.layers.text, "softmax*", sizeof "softmax*");
    assert_false(bench_applies(&other, repetition));
    other = single;
    other.model.embedding = 20;
    assert_false(bench_applies(&other, repetition));
    other = single;
    other.tokens.kind = TOKENS_SEPARATE;
    assert_false(bench_applies(&other, repetition));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_construction_is_damped_descent),
        cmocka_unit_test(only_labels_are_repeated),
        cmocka_unit_test(repetition_has_the_expected_losses),
        cmocka_unit_test(only_one_linear_layer_on_joint_tokens_is_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
