/* The list of columns and axes, which the store lays out and runs fill. */
#include <string.h>

#include "setup.h"

static void training_comes_first_and_every_analysis_owns_a_stretch(void **state)
{
    (void)state;
    int analysis = -1;
    assert_int_equal(run_column_analysis(0), -1);
    for (int i = 0; i < run_columns(); i++) {
        int next = run_column_analysis(i);
        assert_true(next == analysis || next == analysis + 1);
        analysis = next;
    }
    assert_int_equal(analysis, run_analyses() - 1);
    assert_true(run_analyses() <= RUN_ANALYSES_MAX);
}

static void names_are_unique_and_rows_complete(void **state)
{
    (void)state;
    for (int i = 0; i < run_columns(); i++) {
        const struct column *c = run_column(i);
        assert_int_equal(column_named(c->name), i);
        assert_non_null(c->unit);
        assert_true(c->about && c->about[0] && c->about[strlen(c->about) - 1] != '.');
        bool ended = false;
        for (int a = 0; a < COLUMN_AXES; a++) {
            assert_true(!ended || c->axes[a] == AXIS_NONE);
            ended = c->axes[a] == AXIS_NONE;
        }
    }
}

static void columns_of_training_always_apply(void **state)
{
    (void)state;
    struct run_config config = CONFIG("tokens.kind=separate");
    int snapshots = column_named("snapshot_step"); /* but for want of any */
    for (int i = 0; i < run_columns(); i++)
        if (run_column_analysis(i) < 0)
            assert_int_equal(run_column_applies(&config, 0, i), i != snapshots);
        else
            assert_false(run_column_applies(&config, 0, i));
    config = CONFIG("keep.weights=at 500 1000");
    assert_true(run_column_applies(&config, 0, snapshots));
    assert_int_equal(run_axis_length(&config, AXIS_SNAPSHOT), 2);
}

static void axes_have_the_lengths_of_the_run(void **state)
{
    (void)state;
    struct run_config config = CONFIG("tokens.kind=separate", "model.depth=3");
    assert_int_equal(run_axis_length(&config, AXIS_NONE), 1);
    assert_int_equal(run_axis_length(&config, AXIS_EVALUATION), 51);
    assert_int_equal(run_axis_length(&config, AXIS_LAYER), 4);
    assert_int_equal(run_axis_length(&config, AXIS_POSITION), 21);
    for (int axis = 1; axis < AXIS_COUNT; axis++) {
        const struct axis *row = run_axis((enum column_axis)axis);
        assert_true(strlen(row->name) > 0 && strlen(row->about) > 0);
    }
    assert_null(run_axis(AXIS_LAYER)->labels);
    assert_null(run_axis(AXIS_LAYER)->value);
}

static void a_label_names_every_point_of_an_axis_of_names(void **state)
{
    (void)state;
    struct run_config config = CONFIG("model.depth=3");
    const struct axis *targets = run_axis(AXIS_TARGET);
    int count = 0;
    while (targets->labels[count])
        count++;
    assert_int_equal(count, 33); /* y, and a step of descent for each of the most layers */
    assert_int_equal(run_axis_length(&config, AXIS_TARGET), 4);
}

static void axes_of_values_end_at_the_last_value(void **state)
{
    (void)state;
    static const struct {
        enum column_axis axis;
        double first, last;
    } rows[] = {{AXIS_SHARE, 0, 1}, {AXIS_RANGE, .5, 2}};
    struct run_config config = CONFIG("model.depth=3");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int length = run_axis_length(&config, rows[i].axis);
        assert_true(run_axis(rows[i].axis)->value(0) == rows[i].first);
        assert_true(run_axis(rows[i].axis)->value(length - 1) == rows[i].last);
    }
}

static void evaluations_go_from_step_0_to_the_last(void **state)
{
    (void)state;
    struct run_config config = CONFIG("train.steps=1000");
    assert_int_equal(run_evaluation_step(&config, 0), 0);
    assert_int_equal(run_evaluation_step(&config, 1), 20);
    assert_int_equal(run_evaluation_step(&config, 50), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_comes_first_and_every_analysis_owns_a_stretch),
        cmocka_unit_test(names_are_unique_and_rows_complete),
        cmocka_unit_test(columns_of_training_always_apply),
        cmocka_unit_test(axes_have_the_lengths_of_the_run),
        cmocka_unit_test(a_label_names_every_point_of_an_axis_of_names),
        cmocka_unit_test(axes_of_values_end_at_the_last_value),
        cmocka_unit_test(evaluations_go_from_step_0_to_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
