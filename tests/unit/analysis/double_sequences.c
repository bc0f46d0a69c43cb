/* Analyses of weights on constructed tokens: of weights that are a step of gradient descent by
 * construction, and of such with something beside it. */
#include <stdio.h>

#include "../theory/sample.h"
#include "written.h"

#include "theory/compression.h"

enum { d = 3, SNAPSHOTS = 3 };

#define SEQUENCE_TASK                                                                              \
    {                                                                                              \
        .kind = TASK_LINEAR_DYNAMICS, .dimension = d, .context = 7, .outputs = 1,                  \
        .input_range = 2, .noise = .01, .state_clip = 10, .tasks = 1                               \
    }
#define SEQUENCE_MODEL                                                                             \
    .layers = {"linear*"}, .keys_from = KEYS_CAUSAL, .damping = 1, .frozen = {"none"}

/* 20 tasks: the second group is not full. */
static const struct bench_setting one_layer = {
    SEQUENCE_TASK,
    {.kind = TOKENS_CONSTRUCTED, .masked = true},
    {SEQUENCE_MODEL, .depth = 1, .heads = 2, .key_size = 5, .clip = 4},
    {.tasks = 20, .seed = 3}};
static const struct bench_setting deep = {
    SEQUENCE_TASK,
    {.kind = TOKENS_CONSTRUCTED},
    {SEQUENCE_MODEL, .depth = 3, .heads = 2, .key_size = 5, .clip = 2},
    {.tasks = 20, .seed = 3}};

static const double gains[2] = {.02, .05};

/* Query s_t, key s_i-1, value s_i to the prediction, in both heads. */
static void construct(struct bench *bench)
{
    memset(bench->weights, 0, sizeof(real) * bench->model.parameters);
    for (int at = 0; at < 2 * d; at++) {
        int h = at / d, c = at % d, feature = 5 * h + c;
        *written_at(bench, 0, "query", 2 * d + c, feature) = 1;
        *written_at(bench, 0, "key", 3 * d + c, feature) = 1;
        *written_at(bench, 0, "value", 2 * d + c, feature) = 1;
        *written_at(bench, 0, "project", feature, c) = (real)gains[h];
    }
}

static double model_loss(struct bench *bench)
{
    bench_execute(bench, "one_step");
    return bench_value(bench, "best_step_ratio") * bench_value(bench, "best_step_loss");
}

/* The search of theory/one_step is to 1e-7 of eta. */
static void the_construction_is_the_nearest_step(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &one_layer, NULL);
    construct(&bench);
    double loss = model_loss(&bench);
    assert_near(bench_value(&bench, "nearest_step_eta"), gains[0] + gains[1], 1e-6);
    assert_near(bench_value(&bench, "nearest_step_w0_size"), 0, 1e-5);
    assert_near(bench_value(&bench, "nearest_step_r2"), 1, 1e-10);
    assert_near(bench_value(&bench, "nearest_step_loss"), loss, 1e-9);
    assert_true(bench_value(&bench, "best_step_loss") <= loss);
    bench_close(&bench);
}

static void the_construction_loses_nothing_as_six_numbers(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &one_layer, NULL);
    construct(&bench);
    double loss = model_loss(&bench);
    bench_execute(&bench, "compression");
    const double *curve = bench.values[bench_column(&bench, "compression_loss")];
    for (int i = 0; i <= 20; i++)
        assert_near(curve[i], loss, 1e-13);
    assert_near(bench_value(&bench, "compressed_loss"), loss, 1e-13);
    assert_near(bench_value(&bench, "compressed_ratio"), 1, 1e-13);
    assert_near(bench_value(&bench, "compressed_16_loss"), loss, 1e-13);
    assert_near(bench_value(&bench, "compressed_16_ratio"), 1, 1e-13);
    assert_near(bench_value(&bench, "compression_eta"), gains[0] + gains[1], 1e-16);
    const double *qk = bench.values[bench_column(&bench, "compression_qk")];
    const double *vp = bench.values[bench_column(&bench, "compression_vp")];
    for (int i = 0; i < 2 * COMPRESSION_BLOCKS; i++) {
        int block = i % COMPRESSION_BLOCKS, head = i / COMPRESSION_BLOCKS;
        assert_true(isnan(qk[i]) && isnan(vp[i])); /* before the first layer */
        assert_near(qk[2 * COMPRESSION_BLOCKS + i], block == 11, 1e-16);
        assert_near(vp[2 * COMPRESSION_BLOCKS + i], block == 8 ? gains[head] : 0, 1e-16);
    }
    bench_close(&bench);
}

/* Query s_t[0] also meets key s_i-1[1]: no multiple of 1 in any block, so compression removes it,
 * and half way it has half its size. */
static void what_is_no_block_goes_on_the_way(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &one_layer, NULL);
    construct(&bench);
    double plain = model_loss(&bench), size[2] = {.5, 1}, loss[2];
    for (int i = 0; i < 2; i++) {
        *written_at(&bench, 0, "query", 2 * d, 1) = (real)size[i];
        loss[i] = model_loss(&bench);
    }
    bench_execute(&bench, "compression");
    const double *curve = bench.values[bench_column(&bench, "compression_loss")];
    assert_near(curve[0], loss[1], 1e-13);
    assert_near(curve[10], loss[0], 1e-13);
    assert_near(curve[20], plain, 1e-13);
    assert_near(bench_value(&bench, "compressed_ratio"), plain / loss[1], 1e-12);
    assert_true(fabs(plain - loss[1]) > 1e-4);
    bench_close(&bench);
}

/* Column of a snapshot, and the column of `compression` that it is of its weights. */
static const struct {
    const char *column, *of_weights;
} same[] = {
    {"snapshot_trained_loss", "compression_loss"},
    {"snapshot_compressed_loss", "compressed_loss"},
    {"snapshot_compressed_16_loss", "compressed_16_loss"},
    {"snapshot_eta", "compression_eta"},
};

static void snapshots_are_compressed_as_weights_are(void **state)
{
    (void)state;
    static const int64_t steps[SNAPSHOTS] = {0, 5, 9};
    const struct bench_setting *const settings[] = {&one_layer, &deep};
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        bench_open(&bench, settings[k], NULL);
        size_t P = bench.model.parameters;
        real *kept = calloc(SNAPSHOTS * P, sizeof(real));
        uint64_t seed = 5;
        for (size_t i = 0; i < SNAPSHOTS * P; i++)
            kept[i] = (real)(.3 * sample_normal(&seed));
        bench.input.snapshots = SNAPSHOTS;
        bench.input.snapshot_steps = steps;
        bench.input.snapshot_weights = kept;
        bench_execute(&bench, "training_compression");
        double found[SNAPSHOTS][COUNT(same)];
        for (size_t i = 0; i < SNAPSHOTS * COUNT(same); i++)
            found[i / COUNT(same)][i % COUNT(same)] =
                bench.values[bench_column(&bench, same[i % COUNT(same)].column)][i / COUNT(same)];
        for (size_t i = 0; i < SNAPSHOTS * COUNT(same); i++) {
            memcpy(bench.weights, kept + i / COUNT(same) * P, P * sizeof(real));
            bench_execute(&bench, "compression");
            double expected = bench_value(&bench, same[i % COUNT(same)].of_weights);
            double value = found[i / COUNT(same)][i % COUNT(same)];
            assert_true(value == expected || (isnan(value) && isnan(expected) && k == 1));
        }
        assert_true((bench_value(&bench, "compressed_16_loss") !=
                     bench_value(&bench, "compressed_loss")) == (k == 1));
        free(kept);
        bench_close(&bench);
    }
}

/* The first set is the run's own, the next that of a run with the next seed. Sums of 20 losses of 7
 * tokens, in another order. */
static void other_sets_are_those_of_the_next_seeds(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting next = deep;
    double sets[5], expected[2];
    next.evaluation.seed++;
    const struct bench_setting *const settings[] = {&deep, &next};
    for (int k = 0; k < 2; k++) {
        bench_open(&bench, settings[k], NULL);
        model_draw(bench.weights, &bench.model, 5);
        expected[k] = model_loss(&bench);
        bench_execute(&bench, "evaluation_sets");
        if (k == 0)
            memcpy(sets, bench.values[bench_column(&bench, "sets_loss")], sizeof sets);
        const double *positions = bench.values[bench_column(&bench, "sets_position_loss")];
        double mean = 0;
        for (int t = 0; t < 7; t++)
            mean += positions[t] / 7;
        assert_near(mean, expected[k], 1e-13);
        bench_close(&bench);
    }
    assert_near(sets[0], expected[0], 1e-13);
    assert_near(sets[1], expected[1], 1e-13);
    assert_true(fabs(sets[0] - sets[1]) > 1e-3 && fabs(sets[4] - sets[3]) > 1e-3);
}

static void only_linear_attention_on_constructed_tokens_is_compressed(void **state)
{
    (void)state;
    static const struct {
        int task;   /* enum task_kind */
        int tokens; /* enum tokens_kind */
        const char *layers;
        bool compressed, step;
    } cases[] = {
        {TASK_LINEAR_DYNAMICS, TOKENS_CONSTRUCTED, "linear*", true, true},
        {TASK_CONTRACTING_DYNAMICS, TOKENS_CONSTRUCTED, "linear*", true, true},
        {TASK_LINEAR_DYNAMICS, TOKENS_CONSTRUCTED, "mesa*", false, true},
        {TASK_FIXED_DYNAMICS, TOKENS_RAW, "softmax*", false, true},
        {TASK_FEW_SHOT, TOKENS_RAW, "linear*", false, false},
        {TASK_LINEAR_REGRESSION, TOKENS_JOINT, "linear*", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench_setting setting = deep;
        setting.task.kind = cases[i].task;
        setting.tokens.kind = cases[i].tokens;
        snprintf(setting.model.layers.text, sizeof setting.model.layers.text, "%s",
                 cases[i].layers);
        assert_int_equal(bench_applies(&setting, bench_find("compression")), cases[i].compressed);
        assert_int_equal(bench_applies(&setting, bench_find("training_compression")),
                         cases[i].compressed);
        assert_int_equal(bench_applies(&setting, bench_find("one_step")), cases[i].step);
    }
}

static void weights_that_are_not_finite_give_nan(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &deep, NULL);
    for (size_t i = 0; i < bench.model.parameters; i++)
        bench.weights[i] = (real)NAN;
    bench_execute(&bench, "compression");
    assert_true(isnan(bench_value(&bench, "compressed_ratio")));
    bench_execute(&bench, "one_step");
    assert_true(isnan(bench_value(&bench, "nearest_step_r2")));
    assert_true(isnan(bench_value(&bench, "best_step_ratio")));
    assert_true(isfinite(bench_value(&bench, "best_step_loss")));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_construction_is_the_nearest_step),
        cmocka_unit_test(the_construction_loses_nothing_as_six_numbers),
        cmocka_unit_test(what_is_no_block_goes_on_the_way),
        cmocka_unit_test(snapshots_are_compressed_as_weights_are),
        cmocka_unit_test(other_sets_are_those_of_the_next_seeds),
        cmocka_unit_test(only_linear_attention_on_constructed_tokens_is_compressed),
        cmocka_unit_test(weights_that_are_not_finite_give_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
