/* Analyses of weights: of weights that are gradient descent by construction, written in the head's
 * own coordinates, and of such with a known mistake. */
#include <stdio.h>

#include "written.h"

#include "theory/descent.h"
#include "train/statistics.h"

#define SHARED .weights = WEIGHTS_SHARED

#define QUIET_TASK                                                                                 \
    {                                                                                              \
        .dimension = 3, .context = 5, .outputs = 2, .input_range = 2, .weight_scale = 1.5          \
    }

static const struct bench_setting one_layer = {
    PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 1}, {.tasks = 100, .seed = 3}};
static const struct bench_setting three_layers = {PAPER_TASK,
                                                  {.kind = TOKENS_JOINT},
                                                  {LINEAR_MODEL, .depth = 3, SHARED},
                                                  {.tasks = 100, .seed = 3}};
static const struct bench_setting two_outputs = {QUIET_TASK,
                                                 {.kind = TOKENS_JOINT},
                                                 {LINEAR_MODEL, .depth = 2, .key_size = 7, SHARED},
                                                 {.tasks = 100}};

static const struct bench_setting *const settings[] = {&one_layer, &three_layers, &two_outputs};

/* The last of them is damped. */
static struct bench_setting setting_at(size_t k)
{
    struct bench_setting setting = *settings[k];
    setting.model.damping = settings[k] == &two_outputs ? .5 : 1;
    return setting;
}

static const double *curve(const struct bench *bench, const char *name)
{
    return bench->values[bench_column(bench, name)];
}

/* The reference of a bench: gradient descent of one layer, GD++ of more. */
static struct gdpp reference(struct bench *bench)
{
    struct gdpp gdpp = {.layers = bench->model.L};
    bool one = gdpp.layers == 1;
    bench_execute(bench, one ? "gd" : "gdpp");
    for (int l = 0; l < gdpp.layers; l++) {
        gdpp.rate[l] = one ? bench_value(bench, "gd_rate") : curve(bench, "gdpp_rate")[l + 1];
        gdpp.gamma[l] = one ? 0 : curve(bench, "gdpp_gamma")[1];
    }
    return gdpp;
}

/* Changes nothing that the layer computes: Wq and Wk times 3 and 1/7, Wv and Wp likewise times 7/3.
 */
static void disguise(struct bench *bench)
{
    static const struct {
        const char *name;
        double factor;
    } factors[] = {{"query", 3}, {"key", 1. / 7}, {"value", 7}, {"project", 1. / 3}};
    for (int t = 0; t < bench->model.tensor_count; t++)
        for (size_t f = 0; f < COUNT(factors); f++)
            if (strcmp(bench->model.tensors[t].name, factors[f].name) == 0)
                for (size_t i = 0; i < bench->model.tensors[t].count; i++)
                    bench->weights[bench->model.tensors[t].offset + i] *= (real)factors[f].factor;
}

/* Products of a few roundings; the functions are those of double_gd.c and double_gdpp.c, where the
 * tolerance is 1e-11. */
static void the_algorithm_is_half_way_to_itself(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        struct bench_setting setting = setting_at(k);
        bench_open(&bench, &setting, NULL);
        struct gdpp gdpp = reference(&bench);
        double loss = bench_value(&bench, gdpp.layers == 1 ? "gd_loss" : "gdpp_loss");
        written_gdpp(&bench, &gdpp);
        disguise(&bench);
        bench_execute(&bench, "interpolation");
        for (int i = 0; i <= 20; i++)
            assert_near(curve(&bench, "interpolation_loss")[i], loss, 1e-11);
        assert_near(bench_value(&bench, "interpolation_preds_diff"), 0, 1e-11);
        assert_near(bench_value(&bench, "interpolation_model_diff"), 0, 1e-11);
        assert_near(bench_value(&bench, "interpolation_model_cos"), 1, 1e-11);
        bench_close(&bench);
    }
}

/* One step with another rate: the curve is the loss of steps whose rates lie between, its ends are
 * the model and descent, and half way only lengths differ. */
static void another_rate_is_interpolated(void **state)
{
    (void)state;
    static struct bench bench;
    static double scratch[20000];
    bench_open(&bench, &one_layer, NULL);
    struct gdpp gdpp = reference(&bench);
    double best = gdpp.rate[0], trained = .5 * best;
    gdpp.rate[0] = trained;
    written_gdpp(&bench, &gdpp);
    disguise(&bench);
    bench_execute(&bench, "interpolation");
    struct regression_set set = bench_set(&bench, &bench.task, 100);
    for (int i = 0; i <= 20; i++) {
        struct descent step = {.steps = 1, .rate = trained + i / 20. * (best - trained)};
        double losses[100], loss = descent_loss(losses, &set, &step, scratch);
        struct loss_statistics statistics = loss_statistics(losses, 100);
        assert_near(curve(&bench, "interpolation_loss")[i], loss, 1e-13);
        assert_near(curve(&bench, "interpolation_loss_median")[i], statistics.median, 1e-13);
        assert_near(curve(&bench, "interpolation_loss_trimmed")[i], statistics.trimmed, 1e-13);
    }
    double preds = 0, yhat[LANES];
    struct descent rest = {.steps = 1, .rate = .25 * best};
    for (int i = 0; i < 100; i++) {
        struct regression group = regression_at(&set, i / LANES);
        descent_predict(yhat, NULL, &group, &rest, scratch);
        preds += fabs(yhat[i % LANES]) / 100;
    }
    assert_near(bench_value(&bench, "interpolation_preds_diff"), preds, 1e-13);
    assert_near(bench_value(&bench, "interpolation_model_cos"), 1, 1e-12);
    free(set.at);
    bench_close(&bench);
}

static void normalised_weights_of_the_algorithm_are_its_numbers(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        struct bench_setting setting = setting_at(k);
        bench_open(&bench, &setting, NULL);
        struct gdpp gdpp = reference(&bench);
        written_gdpp(&bench, &gdpp);
        disguise(&bench);
        bench_execute(&bench, "normalised_weights");
        int d = bench.task.config.dimension, D = bench.model.D;
        double rate = -gdpp.rate[0] / setting.model.damping;
        double gamma = -gdpp.gamma[0] / setting.model.damping;
        for (int i = 0; i < D * D; i++) {
            bool diagonal = i / D == i % D, x = i / D < d;
            double m = diagonal && x, u = diagonal * (x ? gamma : rate);
            assert_near(curve(&bench, "normalised_m")[i], m, 1e-14);
            assert_near(curve(&bench, "normalised_u")[i], u, 1e-14);
        }
        assert_near(bench_value(&bench, "normalised_m_off_diagonal"), 0, 0);
        assert_near(bench_value(&bench, "normalised_u_yy"), rate, 1e-14);
        assert_near(bench_value(&bench, "normalised_u_xx"), gamma, 1e-14);
        assert_near(bench_value(&bench, "normalised_u_yy_reference"), rate, 0);
        assert_near(bench_value(&bench, "normalised_u_yy_ratio"), 1, 1e-14);
        bench_close(&bench);
    }
}

/* Rows of the pictures are what a token is multiplied with from the left: Wq sends channel 2 to
 * feature 5, where Wk sends channel 5. */
static void a_mistake_shows_in_its_row_and_column(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &one_layer, NULL);
    struct gdpp gdpp = reference(&bench);
    written_gdpp(&bench, &gdpp);
    *written_at(&bench, 0, "query", 2, 5) = (real)-.25;
    *written_at(&bench, 0, "value", 1, 10) = (real).5;
    bench_execute(&bench, "normalised_weights");
    assert_near(curve(&bench, "normalised_m")[2 * 11 + 5], -.25, 0);
    assert_near(curve(&bench, "normalised_m")[5 * 11 + 2], 0, 0);
    assert_near(bench_value(&bench, "normalised_m_off_diagonal"), .25, 0);
    assert_near(curve(&bench, "normalised_u")[1 * 11 + 10], .5 * gdpp.rate[0], 1e-15);
    assert_near(curve(&bench, "normalised_u")[10 * 11 + 1], 0, 0);
    bench_execute(&bench, "sparsity"); /* 10 entries and one more of 121; 10 of y and x, one more */
    assert_near(curve(&bench, "sparsity_qk")[1], 11. / 121, 1e-15);
    assert_near(curve(&bench, "sparsity_vp")[1], 2. / 121, 1e-15); /* gamma is 0 */
    assert_true(isnan(curve(&bench, "sparsity_qk")[0]));
    bench_close(&bench);
}

/* Entries of 1, .02 and .005 in the second head of the second layer, nothing elsewhere. */
static void sparsity_counts_above_a_hundredth_of_each_head(void **state)
{
    (void)state;
    static const struct bench_setting two = {
        PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 2}, {.tasks = 100}};
    static struct bench bench;
    struct bench_setting setting = two;
    setting.model.heads = 2;
    setting.model.key_size = 4;
    bench_open(&bench, &setting, NULL);
    static const double entries[] = {1, .02, .005};
    for (int i = 0; i < 3; i++) {
        *written_at(&bench, 1, "query", i, 4 + i) = (real)entries[i];
        *written_at(&bench, 1, "key", 3, 4 + i) = 1;
        *written_at(&bench, 1, "value", i, 4 + i) = 1;
        *written_at(&bench, 1, "project", 4 + i, i) = 1;
    }
    bench_execute(&bench, "sparsity");
    for (int i = 2; i < 6; i++) {
        assert_near(curve(&bench, "sparsity_qk")[i], i == 5 ? 2. / 121 : 0, 1e-15);
        assert_near(curve(&bench, "sparsity_vp")[i], i == 5 ? 3. / 121 : 0, 1e-15);
    }
    bench_close(&bench);
}

/* Of the first layer alone queries and keys see positions: 3 channels and 4 numbers of a position.
 */
static void positions_are_entries_of_the_first_layer(void **state)
{
    (void)state;
    static const struct bench_setting raw = {{.kind = TASK_LINEAR_DYNAMICS,
                                              .dimension = 3,
                                              .context = 5,
                                              .outputs = 1,
                                              .input_range = 2,
                                              .weight_scale = 1,
                                              .state_clip = 10,
                                              .tasks = 1},
                                             {.kind = TOKENS_RAW},
                                             {.heads = 1,
                                              .depth = 2,
                                              .layers = {"softmax*"},
                                              .frozen = {"none"},
                                              .keys_from = KEYS_CAUSAL,
                                              .positions = POSITIONS_QUERY_KEY,
                                              .position_size = 4,
                                              .position_base = 10000,
                                              .damping = 1},
                                             {.tasks = 16}};
    static struct bench bench;
    bench_open(&bench, &raw, NULL);
    for (int l = 0; l < 2; l++) {
        *written_at(&bench, l, "query", 0, 0) = 1;
        *written_at(&bench, l, "key", 1, 0) = 1;
        *written_at(&bench, l, "value", 2, 0) = 1;
        *written_at(&bench, l, "project", 0, 1) = 1;
    }
    *written_at(&bench, 0, "key", 6, 0) = 1;
    bench_execute(&bench, "sparsity");
    assert_near(curve(&bench, "sparsity_qk")[1], 2. / 49, 1e-15);
    assert_near(curve(&bench, "sparsity_qk")[2], 1. / 9, 1e-15);
    for (int l = 1; l <= 2; l++)
        assert_near(curve(&bench, "sparsity_vp")[l], 1. / 9, 1e-15);
    bench_close(&bench);
}

/* Head h has M = (h + 1) at (0, 0) and 2 at (0, 1), and U_yy = 3 - 5 h. */
static void heads_are_weighed_by_what_they_write_to_y(void **state)
{
    (void)state;
    static const struct bench_setting softmax = {PAPER_TASK,
                                                 {.kind = TOKENS_JOINT},
                                                 {.heads = 2,
                                                  .depth = 1,
                                                  .layers = {"softmax"},
                                                  .frozen = {"none"},
                                                  .position_size = 10,
                                                  .position_base = 10000,
                                                  .damping = 1},
                                                 {.tasks = 100}};
    static struct bench bench;
    bench_open(&bench, &softmax, NULL);
    for (int h = 0; h < 2; h++) {
        *written_at(&bench, 0, "query", 0, 11 * h) = 1;
        *written_at(&bench, 0, "key", 0, 11 * h) = (real)(h + 1);
        *written_at(&bench, 0, "key", 1, 11 * h) = 2;
        *written_at(&bench, 0, "value", 10, 11 * h + 4) = (real)(3 - 5 * h);
        *written_at(&bench, 0, "project", 11 * h + 4, 10) = 1;
    }
    bench_execute(&bench, "softmax_heads");
    const double *heads = curve(&bench, "softmax_heads"), *sum = curve(&bench, "softmax_heads_sum");
    assert_near(heads[0], 3, 0);
    assert_near(heads[1], 6, 0);
    assert_near(heads[11], 0, 0);
    assert_near(heads[121], -4, 0);
    assert_near(heads[122], -4, 0);
    assert_near(sum[0], -1, 0);
    assert_near(sum[1], 2, 0);
    assert_near(curve(&bench, "softmax_heads_diagonal")[1], -.4, 1e-15);
    assert_near(bench_value(&bench, "softmax_heads_sum_diagonal"), -.1, 1e-15);
    bench_close(&bench);
}

/* A model that is descent is it after each layer; separate tokens copy first. */
static void descent_is_read_off_after_each_layer(void **state)
{
    (void)state;
    static struct bench bench;
    static double scratch[20000];
    bench_open(&bench, &three_layers, NULL);
    bench_execute(&bench, "gd");
    double best = bench_value(&bench, "gd_rate");
    struct gdpp gdpp = {3, {best, best, best}, {0}};
    written_gdpp(&bench, &gdpp);
    bench_execute(&bench, "layer_losses");
    struct regression_set set = bench_set(&bench, &bench.task, 100);
    static const char *const kinds[] = {"", "_median", "_trimmed"};
    for (int l = 0; l <= 3; l++) {
        struct descent descent = {.steps = l, .rate = best};
        double losses[100];
        descent_loss(losses, &set, &descent, scratch);
        struct loss_statistics s = loss_statistics(losses, 100);
        const double expected[] = {s.mean, s.median, s.trimmed};
        for (int i = 0; i < 3; i++) {
            char model[40], gd[40];
            snprintf(model, sizeof model, "layer_loss%s", kinds[i]);
            snprintf(gd, sizeof gd, "layer_gd_loss%s", kinds[i]);
            assert_near(curve(&bench, model)[l], expected[i], 1e-13);
            assert_near(curve(&bench, gd)[l], expected[i], 1e-13);
        }
    }
    free(set.at);
    bench_close(&bench);
}

/* Zero is predicted before layer 1 and by weights of 0; descent begins in layer 2. */
static void separate_tokens_copy_before_they_descend(void **state)
{
    (void)state;
    static const struct bench_setting separate = {
        PAPER_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 2}, {.tasks = 100}};
    static struct bench bench;
    bench_open(&bench, &separate, NULL);
    bench_execute(&bench, "gd");
    double zero = bench_value(&bench, "gd_loss") * bench_value(&bench, "gd_ratio");
    double descent = bench_value(&bench, "gd_loss");
    bench_execute(&bench, "layer_losses");
    for (int l = 0; l <= 2; l++) {
        assert_near(curve(&bench, "layer_loss")[l], zero, 1e-14);
        assert_near(curve(&bench, "layer_gd_loss")[l], l == 2 ? descent : zero, 1e-14);
    }
    bench_close(&bench);
}

/* Weights that are told apart by nothing that they compute can not be compared entry by entry. */
static void only_plain_attention_with_one_set_of_weights_has_pictures(void **state)
{
    (void)state;
    static const struct {
        int depth, heads, weights;
        const char *layers;
        bool linear, softmax; /* interpolation and normalised_weights; softmax_heads */
    } cases[] = {
        {1, 1, WEIGHTS_PER_LAYER, "linear*", true, false},
        {3, 1, WEIGHTS_SHARED, "linear linear*", true, false},
        {2, 1, WEIGHTS_PER_LAYER, "linear*", false, false},
        {1, 2, WEIGHTS_PER_LAYER, "linear*", false, false},
        {2, 2, WEIGHTS_SHARED, "softmax*", false, true},
        {2, 1, WEIGHTS_SHARED, "softmax linear", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench_setting setting = one_layer;
        setting.model.depth = cases[i].depth;
        setting.model.heads = cases[i].heads;
        setting.model.weights = cases[i].weights;
        snprintf(setting.model.layers.text, sizeof setting.model.layers.text, "%s",
                 cases[i].layers);
        assert_int_equal(bench_applies(&setting, bench_find("interpolation")), cases[i].linear);
        assert_int_equal(bench_applies(&setting, bench_find("normalised_weights")),
                         cases[i].linear);
        assert_int_equal(bench_applies(&setting, bench_find("softmax_heads")), cases[i].softmax);
        setting.model.keys_from = KEYS_CAUSAL;
        assert_false(bench_applies(&setting, bench_find("interpolation")));
        assert_false(bench_applies(&setting, bench_find("softmax_heads")));
        setting.model.keys_from = KEYS_CONTEXT;
        setting.model.embedding = 40;
        assert_false(bench_applies(&setting, bench_find("interpolation")));
        assert_false(bench_applies(&setting, bench_find("softmax_heads")));
    }
}

static void a_prediction_that_is_no_channel_is_not_read_off_layers(void **state)
{
    (void)state;
    struct bench_setting setting = one_layer;
    assert_true(bench_applies(&setting, bench_find("layer_losses")));
    setting.model.output_embedding = true;
    assert_false(bench_applies(&setting, bench_find("layer_losses")));
}

static void weights_that_are_not_finite_give_nan(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &one_layer, NULL);
    for (size_t i = 0; i < bench.model.parameters; i++)
        bench.weights[i] = (real)NAN;
    bench_execute(&bench, "interpolation");
    assert_true(isnan(curve(&bench, "interpolation_loss")[0]));
    bench_execute(&bench, "normalised_weights");
    assert_true(isnan(bench_value(&bench, "normalised_m_off_diagonal")));
    assert_true(isnan(bench_value(&bench, "normalised_u_yy_ratio")));
    bench_execute(&bench, "sparsity");
    assert_true(isnan(curve(&bench, "sparsity_qk")[1]));
    bench_execute(&bench, "layer_losses");
    assert_true(isnan(curve(&bench, "layer_loss")[1]) && isfinite(curve(&bench, "layer_loss")[0]));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_algorithm_is_half_way_to_itself),
        cmocka_unit_test(another_rate_is_interpolated),
        cmocka_unit_test(normalised_weights_of_the_algorithm_are_its_numbers),
        cmocka_unit_test(a_mistake_shows_in_its_row_and_column),
        cmocka_unit_test(sparsity_counts_above_a_hundredth_of_each_head),
        cmocka_unit_test(positions_are_entries_of_the_first_layer),
        cmocka_unit_test(heads_are_weighed_by_what_they_write_to_y),
        cmocka_unit_test(descent_is_read_off_after_each_layer),
        cmocka_unit_test(separate_tokens_copy_before_they_descend),
        cmocka_unit_test(only_plain_attention_with_one_set_of_weights_has_pictures),
        cmocka_unit_test(a_prediction_that_is_no_channel_is_not_read_off_layers),
        cmocka_unit_test(weights_that_are_not_finite_give_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
