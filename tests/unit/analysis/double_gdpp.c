/* The analysis `gdpp` of models whose answers are known. */
#include "written.h"

#include "theory/descent.h"
#include "theory/spectral.h"

#define QUIET_TASK                                                                                 \
    {                                                                                              \
        .dimension = 3, .context = 5, .outputs = 2, .input_range = 2, .weight_scale = 1.5          \
    }

/* 100 tasks: the last group of 16 is not full. */
static const struct bench_setting settings[] = {
    {PAPER_TASK,
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 2, .weights = WEIGHTS_SHARED},
     {.tasks = 100, .seed = 3}},
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 3}, {.tasks = 100, .seed = 3}},
    {QUIET_TASK,
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 3, .weights = WEIGHTS_SHARED},
     {.tasks = 100}},
    {ODD_TASK,
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 2, .weights = WEIGHTS_SHARED},
     {.tasks = 100}},
    {PAPER_TASK,
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 4, .clip = .7, .weights = WEIGHTS_SHARED},
     {.tasks = 100}},
    {{.dimension = 3,
      .context = 5,
      .outputs = 2,
      .input_range = 2,
      .weight_scale = 1.5,
      .noisy_labels = 1},
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 2, .weights = WEIGHTS_SHARED},
     {.tasks = 20}},
    {{.dimension = 3,
      .context = 5,
      .outputs = 2,
      .inputs = INPUTS_NORMAL,
      .input_range = 2,
      .weight_scale = 1.5},
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 2, .weights = WEIGHTS_SHARED},
     {.tasks = 20}},
};

static double scratch[60000];

/* What the analysis found; gamma of the last layer has no effect and is NaN. */
static struct gdpp found(const struct bench *bench)
{
    struct gdpp gdpp = {.layers = bench->model.L};
    for (int l = 0; l < gdpp.layers; l++) {
        gdpp.rate[l] = bench->values[bench_column(bench, "gdpp_rate")][l + 1];
        if (l < gdpp.layers - 1)
            gdpp.gamma[l] = bench->values[bench_column(bench, "gdpp_gamma")][l + 1];
    }
    return gdpp;
}

static struct gdpp optimum(const struct bench *bench, const struct regression_set *set)
{
    struct gdpp gdpp = {.layers = bench->model.L};
    struct arena arena = arena_measure();
    struct spectra spectra = spectra_create(&arena, &bench->task.config, set->count);
    spectra.at = malloc(arena.used);
    spectra_read(&spectra, set);
    gdpp_optimum(&gdpp, &spectra, bench->model.weight_sets == 1 ? GDPP_SHARED : GDPP_PER_LAYER);
    free(spectra.at);
    return gdpp;
}

/* With the weights of GD++ at the rates that were found, model and GD++ are the same function; sums
 * of 11 tokens and 10 channels in double, three layers deep. */
static void the_weights_of_gdpp_are_gdpp(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        struct bench_setting setting = settings[k];
        setting.model.damping = k == 2 ? .5 : 1;
        bench_open(&bench, &setting, NULL);
        bench_execute(&bench, "gdpp");
        struct gdpp gdpp = found(&bench);
        written_gdpp(&bench, &gdpp);
        bench_execute(&bench, "gdpp");
        assert_near(bench_value(&bench, "gdpp_ratio"), 1, 1e-11);
        assert_near(bench_value(&bench, "gdpp_ratio_ci95"), 0, 1e-11);
        assert_near(bench_value(&bench, "gdpp_ratio_trimmed"), 1, 1e-11);
        assert_near(bench_value(&bench, "gdpp_preds_diff"), 0, 1e-11);
        assert_near(bench_value(&bench, "gdpp_model_diff"), 0, 1e-11);
        assert_near(bench_value(&bench, "gdpp_model_cos"), 1, 1e-11);
        bench_close(&bench);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Losses of 2,100 tasks: the worst two are trimmed. */
static void gdpp_is_the_optimum_of_the_evaluation_set(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = settings[0];
    setting.evaluation.tasks = 2100;
    bench_open(&bench, &setting, NULL);
    bench_execute(&bench, "gdpp");
    struct regression_set set = bench_set(&bench, &bench.task, 2100);
    struct gdpp gdpp = optimum(&bench, &set);
    for (int l = 0; l < 2; l++)
        assert_near(found(&bench).rate[l], gdpp.rate[l], 0);
    assert_near(found(&bench).gamma[0], gdpp.gamma[0], 0);
    assert_true(isnan(bench.values[bench_column(&bench, "gdpp_rate")][0]));
    assert_true(isnan(bench.values[bench_column(&bench, "gdpp_gamma")][0]));
    assert_true(isnan(bench.values[bench_column(&bench, "gdpp_gamma")][2]));
    double losses[2100], zero[2100], prediction[LANES], trimmed = 0, zero_trimmed = 0;
    for (int i = 0; i < 2100; i++) {
        struct regression group = regression_at(&set, i / LANES);
        gdpp_predict(prediction, NULL, &group, &gdpp, 0, scratch);
        losses[i] = .5 * pow(prediction[i % LANES] - group.yq[i % LANES], 2);
        zero[i] = .5 * pow(group.yq[i % LANES], 2);
    }
    qsort(losses, 2100, sizeof losses[0], ascending);
    qsort(zero, 2100, sizeof zero[0], ascending);
    for (int i = 0; i < 2098; i++) {
        trimmed += losses[i] / 2098;
        zero_trimmed += zero[i] / 2098;
    }
    assert_near(bench_value(&bench, "gdpp_ratio_trimmed"), zero_trimmed / trimmed, 1e-12);
    assert_near(bench_value(&bench, "gdpp_loss"), gdpp_loss(NULL, &set, &gdpp, 0, scratch), 1e-14);
    assert_near(bench_value(&bench, "gdpp_loss_trimmed"), trimmed, 1e-14);
    assert_near(bench_value(&bench, "gdpp_loss_median"), .5 * (losses[1049] + losses[1050]), 1e-15);
    const double *after = bench.values[bench_column(&bench, "gdpp_layer_loss")];
    struct descent none = {.steps = 0}, one = {.steps = 1, .rate = gdpp.rate[0]};
    assert_near(after[0], descent_loss(NULL, &set, &none, scratch), 1e-14);
    assert_near(after[1], descent_loss(NULL, &set, &one, scratch), 1e-14);
    assert_near(after[2], bench_value(&bench, "gdpp_loss"), 1e-14);
    after = bench.values[bench_column(&bench, "gdpp_layer_loss_trimmed")];
    assert_near(after[2], trimmed, 1e-14);
    after = bench.values[bench_column(&bench, "gdpp_layer_loss_median")];
    assert_near(after[2], bench_value(&bench, "gdpp_loss_median"), 0);
    free(set.at);
    bench_close(&bench);
}

/* The first analysis of a run leaves what it found; others take it from there. */
static void gdpp_is_found_once_a_run(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[0], NULL);
    bench_execute(&bench, "gdpp");
    double rate = found(&bench).rate[0], gamma = found(&bench).gamma[0];
    struct fits fits = {0};
    bench.input.fits = &fits;
    bench_execute(&bench, "normalised_weights");
    assert_true(fits.has_gdpp && !fits.has_rate);
    assert_true(fits.gdpp.rate[0] == rate && fits.gdpp.gamma[0] == gamma);
    fits.gdpp.rate[0] = .25;
    bench_execute(&bench, "gdpp");
    assert_true(found(&bench).rate[0] == .25 && found(&bench).gamma[0] == gamma);
    bench_execute(&bench, "interpolation");
    bench_execute(&bench, "gd");
    assert_true(fits.has_rate && fits.rate == bench_value(&bench, "gd_rate"));
    bench_close(&bench);
}

/* With noise, labels that are noise, other inputs, and through a clip, it is the least loss of the
 * tasks themselves. */
static void labels_with_noise_other_inputs_and_a_clip_have_an_optimum_of_their_own(void **state)
{
    (void)state;
    for (size_t k = 3; k < COUNT(settings); k++) {
        static struct bench bench;
        bench_open(&bench, &settings[k], NULL);
        bench_execute(&bench, "gdpp");
        struct regression_set set = bench_set(&bench, &bench.task, settings[k].evaluation.tasks);
        struct gdpp gdpp = found(&bench), searched = {.layers = bench.model.L};
        double clip = bench.model.config.clip;
        double least = gdpp_search(&searched, &set, clip, GDPP_SHARED, scratch);
        assert_near(gdpp.rate[0], searched.rate[0], 0);
        assert_near(gdpp.gamma[0], searched.gamma[0], 0);
        assert_near(bench_value(&bench, "gdpp_loss"), least, 1e-14);
        free(set.at);
        bench_close(&bench);
    }
}

/* Weights of 0 predict 0 and do not respond. */
static void a_model_that_does_nothing_differs_by_all_that_gdpp_does(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[2], NULL);
    bench_execute(&bench, "gdpp");
    struct regression_set set = bench_set(&bench, &bench.task, 100);
    struct gdpp gdpp = found(&bench);
    double yhat[2 * LANES], g[6 * LANES], preds = 0, diff = 0, zero = 0;
    for (int i = 0; i < 100; i++) {
        struct regression group = regression_at(&set, i / LANES);
        double square = 0;
        gdpp_predict(yhat, g, &group, &gdpp, 0, scratch);
        for (int at = i % LANES; at < 6 * LANES; at += LANES)
            square += g[at] * g[at];
        for (int at = i % LANES; at < 2 * LANES; at += LANES) {
            preds += fabs(yhat[at]) / 2;
            zero += .5 * group.yq[at] * group.yq[at];
        }
        diff += sqrt(square);
    }
    assert_near(bench_value(&bench, "gdpp_preds_diff"), preds / 100, 1e-12);
    assert_near(bench_value(&bench, "gdpp_model_diff"), diff / 100, 1e-12);
    assert_near(bench_value(&bench, "gdpp_model_cos"), 0, 0);
    assert_near(bench_value(&bench, "gdpp_ratio"), zero / 100 / bench_value(&bench, "gdpp_loss"),
                1e-12);
    free(set.at);
    bench_close(&bench);
}

static void gdpp_needs_a_few_layers_and_pairs_in_one_token(void **state)
{
    (void)state;
    const struct analysis *gdpp = bench_find("gdpp");
    struct bench_setting one = settings[1], deep = settings[1], shared = settings[0];
    one.model.depth = 1;
    deep.model.depth = 12;
    shared.model.depth = 12;
    static const struct bench_setting separate = {
        PAPER_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 3}, {.tasks = 100}};
    assert_true(bench_applies(&settings[1], gdpp));
    assert_true(bench_applies(&shared, gdpp));
    assert_false(bench_applies(&deep, gdpp));
    assert_false(bench_applies(&one, gdpp));
    assert_false(bench_applies(&separate, gdpp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_weights_of_gdpp_are_gdpp),
        cmocka_unit_test(gdpp_is_the_optimum_of_the_evaluation_set),
        cmocka_unit_test(gdpp_is_found_once_a_run),
        cmocka_unit_test(labels_with_noise_other_inputs_and_a_clip_have_an_optimum_of_their_own),
        cmocka_unit_test(a_model_that_does_nothing_differs_by_all_that_gdpp_does),
        cmocka_unit_test(gdpp_needs_a_few_layers_and_pairs_in_one_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
