/* The analyses `distribution` and `noisy_labels`: the construction follows gradient descent
 * wherever it goes, and descent follows its expectation. */
#include "written.h"

#include "theory/construction.h"
#include "theory/expectation.h"

static const struct bench_setting settings[] = {
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 1}, {.tasks = 20, .seed = 3}},
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 3}, {.tasks = 20, .seed = 3}},
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 4, .clip = .4}, {.tasks = 20}},
    {ODD_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 2}, {.tasks = 20}},
};

static double scratch[20000];

/* A value of a column that is a curve: algorithm, point; all points in one row. */
static double at(const struct bench *bench, const char *name, int algorithm, int point)
{
    int column = bench_column(bench, name);
    int points = bench->shape[column][1] * bench->shape[column][2];
    return bench->values[column][algorithm * points + point];
}

enum { MODEL, DESCENT, GDPP, INTERPOLATED };

/* Stored as floats: 2^-24 of each; both sides agree to 1e-11 before. */
static void assert_same(double a, double b)
{
    assert_near(a, b, 1.5e-7 * fabs(b));
}

static void construct(struct bench *bench)
{
    bench_execute(bench, "gd");
    struct descent descent = {.steps = bench->model.L, .rate = bench_value(bench, "gd_rate")};
    construction_write(bench->weights, &bench->model, &bench->task, &descent);
}

static void the_construction_is_descent_on_any_data(void **state)
{
    (void)state;
    static const char *const analyses[] = {"distribution", "noisy_labels"};
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        bench_open(&bench, &settings[k], NULL);
        construct(&bench);
        for (size_t a = 0; a < COUNT(analyses); a++) {
            bench_execute(&bench, analyses[a]);
            for (int c = 0; c < bench.analysis->column_count; c++) {
                const char *name = bench.analysis->columns[c].name;
                int points = bench.shape[c][1] * bench.shape[c][2];
                for (int i = 0; i < points; i++)
                    if (!isnan(at(&bench, name, DESCENT, i)))
                        assert_same(at(&bench, name, MODEL, i), at(&bench, name, DESCENT, i));
            }
        }
        bench_close(&bench);
    }
}

/* One row of a curve is another at all points that are there. */
static void assert_curves_agree(const struct bench *bench, int algorithm, int other)
{
    for (int c = 0; c < bench->analysis->column_count; c++) {
        const char *name = bench->analysis->columns[c].name;
        for (int i = 0; i < bench->shape[c][1] * bench->shape[c][2]; i++) {
            double a = at(bench, name, algorithm, i), b = at(bench, name, other, i);
            assert_int_equal(isnan(a), isnan(b));
            if (!isnan(a))
                assert_same(a, b);
        }
    }
}

static void assert_no_curve(const struct bench *bench, int algorithm)
{
    for (int c = 0; c < bench->analysis->column_count; c++)
        for (int i = 0; i < bench->shape[c][1] * bench->shape[c][2]; i++)
            assert_true(isnan(at(bench, bench->analysis->columns[c].name, algorithm, i)));
}

/* So is the model half way between it and GD++, where all layers have the same weights. */
static void the_weights_of_gdpp_are_gdpp_on_any_data(void **state)
{
    (void)state;
    static const struct bench_setting gdpp[] = {
        {PAPER_TASK,
         {.kind = TOKENS_JOINT},
         {LINEAR_MODEL, .depth = 2, .weights = WEIGHTS_SHARED, .key_size = 11},
         {.tasks = 20, .seed = 3}},
        {PAPER_TASK,
         {.kind = TOKENS_JOINT},
         {LINEAR_MODEL, .depth = 4, .weights = WEIGHTS_SHARED, .clip = .7},
         {.tasks = 20}},
        {ODD_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 2}, {.tasks = 20}},
    };
    for (size_t k = 0; k < COUNT(gdpp); k++) {
        static struct bench bench;
        struct fits fits = {0};
        bench_open(&bench, &gdpp[k], NULL);
        bench.input.fits = &fits;
        bench_execute(&bench, "gdpp");
        written_gdpp(&bench, &fits.gdpp);
        bench_execute(&bench, k == 1 ? "noisy_labels" : "distribution");
        assert_curves_agree(&bench, MODEL, GDPP);
        if (bench.model.weight_sets == 1)
            assert_curves_agree(&bench, MODEL, INTERPOLATED);
        else
            assert_no_curve(&bench, INTERPOLATED);
        bench_close(&bench);
    }
}

/* One layer has no GD++; half way between descent and descent is descent, whatever M is. */
static void half_way_between_descent_and_itself_is_descent(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[0], NULL);
    bench_execute(&bench, "gd");
    struct gdpp descent = {.layers = 1, .rate = {bench_value(&bench, "gd_rate")}};
    written_gdpp(&bench, &descent);
    for (int i = 0; i < 11; i++) {
        *written_at(&bench, 0, "query", i, i) *= 2;
        *written_at(&bench, 0, "project", i, i) /= 2;
    }
    bench_execute(&bench, "distribution");
    assert_curves_agree(&bench, DESCENT, INTERPOLATED);
    assert_no_curve(&bench, GDPP);
    bench_close(&bench);
}

/* Mean loss of one step on the first tasks of the set, of the task that is given; its standard
 * error. */
static double sample_loss(double *error, const struct bench *bench, const struct task_config *task,
                          double rate)
{
    static double losses[2048];
    struct task other;
    assert_int_equal(task_init(&other, task, &bench->task.tokens, NULL), OK);
    int n = bench->input.evaluation.tasks < 2048 ? bench->input.evaluation.tasks : 2048;
    struct regression_set set = bench_set(bench, &other, n);
    struct descent descent = {.steps = 1, .rate = rate};
    double mean = descent_loss(losses, &set, &descent, scratch), squares = 0;
    for (int i = 0; i < n; i++)
        squares += (losses[i] - mean) * (losses[i] - mean);
    *error = sqrt(squares / (n - 1) / n);
    free(set.at);
    return mean;
}

/* U of twice the rate: the model half way has 1.5 times the rate of descent. */
static void the_model_half_way_is_between(void **state)
{
    (void)state;
    static struct bench bench;
    double error;
    bench_open(&bench, &settings[0], NULL);
    bench_execute(&bench, "gd");
    double rate = bench_value(&bench, "gd_rate");
    struct descent twice = {.steps = 1, .rate = 2 * rate};
    construction_write(bench.weights, &bench.model, &bench.task, &twice);
    bench_execute(&bench, "noisy_labels");
    assert_same(at(&bench, "noisy_loss", INTERPOLATED, 0),
                sample_loss(&error, &bench, &settings[0].task, 1.5 * rate));
    bench_close(&bench);
}

/* Science.md section 4, statement 6, within four standard errors of the sample itself. */
static void one_step_follows_its_expectation_over_ranges(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = settings[0];
    setting.evaluation.tasks = 400;
    bench_open(&bench, &setting, NULL);
    bench_execute(&bench, "gd");
    double rate = bench_value(&bench, "gd_rate"), error;
    bench_execute(&bench, "distribution");
    for (int i = 0; i <= 50; i += 10) {
        struct task_config task = setting.task;
        task.input_range = .5 + .03 * i;
        double found = sample_loss(&error, &bench, &task, rate);
        assert_same(at(&bench, "range_loss", DESCENT, i), found);
        assert_near(found, expected_descent_loss(&task, rate), 4 * error);
    }
    bench_close(&bench);
}

/* Statement 6: labels k times as large, losses k^2 times; at k = 1 the run's own. */
static void losses_grow_with_the_square_of_the_scale(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[1], NULL);
    bench_execute(&bench, "gd");
    double loss = bench_value(&bench, "gd_loss");
    bench_execute(&bench, "distribution");
    for (int i = 0; i <= 45; i++) {
        double k = .5 + .1 * i;
        assert_same(at(&bench, "scale_loss", DESCENT, i), k * k * loss);
    }
    bench_close(&bench);
}

/* Point by point the data are those of task.inputs and task.noisy_labels. */
static void curves_are_of_the_data_that_their_axes_name(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[0], NULL);
    bench_execute(&bench, "gd");
    double rate = bench_value(&bench, "gd_rate"), error;
    bench_execute(&bench, "distribution");
    for (int kind = INPUTS_EXPONENTIAL; kind <= INPUTS_MIXED; kind++) {
        struct task_config task = settings[0].task;
        task.inputs = kind;
        task.input_range = 5;
        assert_same(at(&bench, "inputs_loss", DESCENT, (kind - INPUTS_EXPONENTIAL) * 91 + 90),
                    sample_loss(&error, &bench, &task, rate));
    }
    bench_execute(&bench, "noisy_labels");
    for (int i = 0; i < 5; i++) {
        struct task_config task = settings[0].task;
        task.noisy_labels = 2 * i;
        assert_same(at(&bench, "noisy_loss", DESCENT, i), sample_loss(&error, &bench, &task, rate));
    }
    bench_close(&bench);
}

static void curves_take_no_more_tasks_than_said(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = settings[0];
    setting.evaluation.tasks = 2100;
    bench_open(&bench, &setting, NULL);
    bench_execute(&bench, "gd");
    double rate = bench_value(&bench, "gd_rate"), error;
    bench_execute(&bench, "noisy_labels");
    assert_same(at(&bench, "noisy_loss", DESCENT, 0),
                sample_loss(&error, &bench, &setting.task, rate));
    bench_close(&bench);
}

static void more_noisy_labels_than_labels_are_nan(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[3], NULL); /* N = 5 */
    bench_execute(&bench, "noisy_labels");
    for (int i = 0; i < 5; i++)
        for (int a = 0; a < 2; a++)
            assert_int_equal(isnan(at(&bench, "noisy_loss_median", a, i)), 2 * i > 5);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_construction_is_descent_on_any_data),
        cmocka_unit_test(the_weights_of_gdpp_are_gdpp_on_any_data),
        cmocka_unit_test(half_way_between_descent_and_itself_is_descent),
        cmocka_unit_test(the_model_half_way_is_between),
        cmocka_unit_test(one_step_follows_its_expectation_over_ranges),
        cmocka_unit_test(losses_grow_with_the_square_of_the_scale),
        cmocka_unit_test(curves_are_of_the_data_that_their_axes_name),
        cmocka_unit_test(curves_take_no_more_tasks_than_said),
        cmocka_unit_test(more_noisy_labels_than_labels_are_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
