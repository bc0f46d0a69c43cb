/* The analyses `gd` and `alignment` of models whose answers are known: the construction, and a
 * model that does nothing. */
#include "bench.h"

#include "theory/construction.h"
#include "theory/expectation.h"
#include "train/statistics.h"

/* 100 tasks: the last group of 16 is not full. */
static const struct bench_setting settings[] = {
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 1}, {.tasks = 100, .seed = 3}},
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 3}, {.tasks = 100, .seed = 3}},
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 4, .clip = .4}, {.tasks = 100}},
    {ODD_TASK,
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 2, .weights = WEIGHTS_SHARED},
     {.tasks = 100}},
};

static double scratch[20000];

/* With the construction at the rate that was found, model and descent are the same function; the
 * tolerance is that of the construction's own test. */
static void statement_11_the_construction_is_gradient_descent(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(settings); k++) {
        struct bench bench;
        bench_open(&bench, &settings[k], NULL);
        bench_execute(&bench, "gd");
        struct descent descent = {.steps = bench.model.L,
                                  .clip = bench.model.config.clip,
                                  .rate = bench_value(&bench, "gd_rate")};
        construction_write(bench.weights, &bench.model, &bench.task, &descent);
        bench_execute(&bench, "gd");
        struct regression_set set = bench_set(&bench, &bench.task, bench.input.evaluation.tasks);
        assert_near(bench_value(&bench, "gd_steps"), bench.model.L, 0);
        assert_near(bench_value(&bench, "gd_rate"), descent_search(&set, &descent, scratch), 0);
        assert_near(bench_value(&bench, "gd_loss"), descent_loss(NULL, &set, &descent, scratch),
                    1e-15);
        assert_near(bench_value(&bench, "gd_ratio"), 1, 1e-11);
        assert_near(bench_value(&bench, "gd_ratio_ci95"), 0, 1e-11);
        bench_execute(&bench, "alignment");
        assert_near(bench_value(&bench, "preds_diff"), 0, 1e-11);
        assert_near(bench_value(&bench, "model_diff"), 0, 1e-11);
        assert_near(bench_value(&bench, "model_cos"), 1, 1e-11);
        free(set.at);
        bench_close(&bench);
    }
}

/* One step: yhat = c m and g = c dm/dx_q, so another rate keeps directions and stretches lengths.
 */
static void statement_11_another_rate_changes_lengths_but_no_direction(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, &settings[0], NULL);
    bench_execute(&bench, "gd");
    double best = bench_value(&bench, "gd_rate");
    struct descent descent = {.steps = 1, .rate = .25 * best};
    construction_write(bench.weights, &bench.model, &bench.task, &descent);
    bench_execute(&bench, "alignment");
    struct regression_set set = bench_set(&bench, &bench.task, bench.input.evaluation.tasks);
    double preds = 0, diff = 0, yhat[LANES], g[10 * LANES];
    descent.rate = .75 * best;
    for (int i = 0; i < set.count; i++) {
        struct regression group = regression_at(&set, i / LANES);
        descent_predict(yhat, g, &group, &descent, scratch);
        double square = 0;
        for (int at = i % LANES; at < 10 * LANES; at += LANES)
            square += g[at] * g[at];
        preds += fabs(yhat[i % LANES]);
        diff += sqrt(square);
    }
    assert_near(bench_value(&bench, "preds_diff"), preds / set.count, 1e-12);
    assert_near(bench_value(&bench, "model_diff"), diff / set.count, 1e-12);
    assert_near(bench_value(&bench, "model_cos"), 1, 1e-12);
    free(set.at);
    bench_close(&bench);
}

/* Weights of 0 predict 0. Half-widths: the textbook form of the delta method,
 * var(R) = R^2 / n (s_aa / a^2 + s_bb / b^2 - 2 s_ab / (a b)). */
static void a_model_that_does_nothing_has_the_loss_of_zero(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, &settings[0], NULL);
    struct regression_set set = bench_set(&bench, &bench.task, bench.input.evaluation.tasks);
    struct descent none = {.steps = 0}, one = {.steps = 1};
    one.rate = descent_search(&set, &one, scratch);
    int n = set.count;
    double a[100], b[100], aa = 0, bb = 0, ab = 0;
    double mean_a = descent_loss(a, &set, &none, scratch);
    double mean_b = descent_loss(b, &set, &one, scratch);
    for (int i = 0; i < n; i++) {
        aa += (a[i] - mean_a) * (a[i] - mean_a) / (n - 1);
        bb += (b[i] - mean_b) * (b[i] - mean_b) / (n - 1);
        ab += (a[i] - mean_a) * (b[i] - mean_b) / (n - 1);
    }
    double ratio = mean_a / mean_b;
    double variance = ratio * ratio / n *
                      (aa / mean_a / mean_a + bb / mean_b / mean_b - 2 * ab / mean_a / mean_b);
    bench_execute(&bench, "gd");
    assert_near(bench_value(&bench, "gd_ratio"), ratio, 1e-13);
    struct loss_statistics of_a = loss_statistics(a, n), of_b = loss_statistics(b, n);
    assert_near(bench_value(&bench, "gd_loss_median"), of_b.median, 1e-15);
    assert_near(bench_value(&bench, "gd_loss_trimmed"), of_b.trimmed, 1e-15);
    assert_near(bench_value(&bench, "gd_ratio_trimmed"), of_a.trimmed / of_b.trimmed, 1e-13);
    assert_near(bench_value(&bench, "gd_ratio_ci95"), 1.959963984540054 * sqrt(variance), 1e-12);
    bench_execute(&bench, "alignment");
    assert_near(bench_value(&bench, "model_cos"), 0, 0);
    free(set.at);
    bench_close(&bench);
}

/* d yhat / d x_q of any model against central differences of its own prediction, by way of
 * model_diff: the reference is not the model's, so differences of differences are compared. */
static void sensitivity_is_the_derivative_by_the_query(void **state)
{
    (void)state;
    static const struct bench_setting setting = {
        ODD_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 2}, {.tasks = 1}};
    const double h = 1e-5;
    struct bench bench;
    bench_open(&bench, &setting, NULL);
    model_draw(bench.weights, &bench.model, 11);
    bench_execute(&bench, "gd");
    struct descent descent = {.steps = 1, .rate = bench_value(&bench, "gd_rate")};
    assert_near(bench_value(&bench, "gd_steps"), 1, 0);
    bench_execute(&bench, "alignment");
    struct regression_set set = bench_set(&bench, &bench.task, bench.input.evaluation.tasks);
    struct regression group = regression_at(&set, 0);
    double yhat[2 * LANES], reference[6 * LANES], square = 0, preds = 0;
    descent_predict(yhat, reference, &group, &descent, scratch);
    struct arena arena = arena_measure();
    pass_create(&arena, &bench.model, bench.input.kernels, PASS_FAST);
    size_t size = arena.used;
    assert_int_equal(arena_create(&arena, size, NULL), OK);
    struct pass *pass = pass_create(&arena, &bench.model, bench.input.kernels, PASS_FAST);
    pass_weights(pass, bench.weights);
    real target[2 * LANES], room[1000], *tokens = pass_tokens(pass);
    assert_true((size_t)task_scratch(&bench.task) * LANES <= COUNT(room));
    struct task_source source = {0, STREAM_EVALUATION, 0};
    task_draw(tokens, target, &bench.task, bench.input.kernels, &source, 0, room);
    pass_forward(pass);
    for (int o = 0; o < 2; o++)
        preds += fabs((double)pass_outputs(pass)[o * LANES] - yhat[o * LANES]) / 2;
    for (int c = 0; c < 3; c++) {
        real *x = tokens + bench.task.pairs.query + c * LANES, at = x[0];
        double up[2];
        x[0] = at + h;
        pass_forward(pass);
        up[0] = pass_outputs(pass)[0];
        up[1] = pass_outputs(pass)[LANES];
        x[0] = at - h;
        pass_forward(pass);
        for (int o = 0; o < 2; o++) {
            double g = (up[o] - pass_outputs(pass)[o * LANES]) / (2 * h);
            double rest = g - reference[(o * 3 + c) * LANES];
            square += rest * rest;
        }
        x[0] = at;
    }
    /* h^2 times a third derivative of order 1, and 2^-53 / h */
    assert_near(bench_value(&bench, "model_diff"), sqrt(square), 1e-9);
    assert_near(bench_value(&bench, "preds_diff"), preds, 1e-12);
    arena_destroy(&arena);
    free(set.at);
    bench_close(&bench);
}

static void separate_tokens_need_a_layer_to_copy(void **state)
{
    (void)state;
    static const struct bench_setting setting = {
        PAPER_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 1}, {.tasks = 10}};
    for (int depth = 1; depth <= 2; depth++) {
        struct model_config model = setting.model;
        model.depth = depth;
        assert_int_equal(bench_find("gd")->applies(&setting.task, &setting.tokens, &model),
                         depth > 1);
        assert_int_equal(bench_find("alignment")->applies(&setting.task, &setting.tokens, &model),
                         depth > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statement_11_the_construction_is_gradient_descent),
        cmocka_unit_test(statement_11_another_rate_changes_lengths_but_no_direction),
        cmocka_unit_test(a_model_that_does_nothing_has_the_loss_of_zero),
        cmocka_unit_test(sensitivity_is_the_derivative_by_the_query),
        cmocka_unit_test(separate_tokens_need_a_layer_to_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
