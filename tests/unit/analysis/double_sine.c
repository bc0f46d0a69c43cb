/* The analysis `sine_curve`: the curve belongs to the context, and the model is asked what it says.
 */
#include "bench.h"

static const struct bench_setting setting = {{.kind = TASK_SINE,
                                              .dimension = 1,
                                              .context = 10,
                                              .outputs = 1,
                                              .input_range = 10,
                                              .weight_scale = 1},
                                             {.kind = TOKENS_JOINT},
                                             {LINEAR_MODEL, .depth = 1},
                                             {.tasks = 5000, .seed = 4}};

enum { N = 10, QUERIES = 100 };

static double query_at(int i)
{
    return -5 + 10. * i / (QUERIES - 1);
}

/* A sine of period 2 pi is A sin x + B cos x: two pairs of the context give A and B, and with them
 * all others. Floats have 6e-8 of values of at most 5, their slopes are at most .5; solving
 * multiplies by 2 / |determinant|. */
static void the_truth_is_the_sine_of_the_context(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &setting, NULL);
    bench_execute(&bench, "sine_curve");
    const double *x = bench.values[bench_column(&bench, "sine_context_x")];
    const double *y = bench.values[bench_column(&bench, "sine_context_y")];
    const double *truth = bench.values[bench_column(&bench, "sine_truth")];
    int other = 1;
    while (other < N - 1 && fabs(sin(x[0] - x[other])) < .5)
        other++;
    double determinant = sin(x[0]) * cos(x[other]) - cos(x[0]) * sin(x[other]);
    double A = (y[0] * cos(x[other]) - y[other] * cos(x[0])) / determinant;
    double B = (sin(x[0]) * y[other] - sin(x[other]) * y[0]) / determinant;
    double tolerance = 4 * 5 * 6e-8 / fabs(determinant);
    assert_true(fabs(determinant) >= .5 && hypot(A, B) > .1 && hypot(A, B) < .5);
    for (int i = 0; i < N; i++)
        assert_near(y[i], A * sin(x[i]) + B * cos(x[i]), tolerance);
    for (int i = 0; i < QUERIES; i++)
        assert_near(truth[i], A * sin(query_at(i)) + B * cos(query_at(i)), tolerance);
    bench_close(&bench);
}

/* One step of descent from 0: yhat = c x_q sum_i x_i y_i, a line. Ten products of floats. */
static void every_query_is_answered_on_one_context(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &setting, NULL);
    model_construct(bench.weights, &bench.model, .01);
    bench_execute(&bench, "sine_curve");
    const double *x = bench.values[bench_column(&bench, "sine_context_x")];
    const double *y = bench.values[bench_column(&bench, "sine_context_y")];
    const double *prediction = bench.values[bench_column(&bench, "sine_prediction")];
    double slope = 0;
    for (int i = 0; i < N; i++)
        slope += .01 * x[i] * y[i];
    assert_true(fabs(slope) > 1e-3);
    for (int i = 0; i < QUERIES; i++)
        assert_near(prediction[i], slope * query_at(i), 1e-6);
    bench_close(&bench);
}

/* Loss of 0: 1/2 a^2 sin^2 with E a^2 = .10333, within four standard errors: sin^2 has mean 1/2 up
 * to .0017 of its own in this range, and a task's loss is below .125, its deviation below .03. */
static void predicting_nothing_has_the_loss_of_zero(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &setting, NULL);
    bench_execute(&bench, "sine_curve");
    assert_near(bench_value(&bench, "sine_zero_loss"), .025833, 4 * .03 / sqrt(5000));
    assert_near(bench_value(&bench, "sine_zero_ratio"), 1, 1e-15);
    const double *prediction = bench.values[bench_column(&bench, "sine_prediction")];
    for (int i = 0; i < QUERIES; i++)
        assert_near(prediction[i], 0, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_is_the_sine_of_the_context),
        cmocka_unit_test(every_query_is_answered_on_one_context),
        cmocka_unit_test(predicting_nothing_has_the_loss_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
