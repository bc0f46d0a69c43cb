/* Analyses of weights on constructed tokens: of weights that are a step of gradient descent by
 * construction, and of such with something beside it. */
#include <stdio.h>

#include "../theory/sample.h"
#include "walk.h"
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

/* What a layer adds is damped, so its step is, whichever way it is found. */
static void damping_is_a_part_of_the_step(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting damped = one_layer;
    damped.model.damping = .5;
    bench_open(&bench, &damped, NULL);
    construct(&bench);
    bench_execute(&bench, "one_step");
    assert_near(bench_value(&bench, "nearest_step_eta"), .5 * (gains[0] + gains[1]), 1e-6);
    bench_execute(&bench, "compression");
    assert_near(bench_value(&bench, "compression_eta"), .5 * (gains[0] + gains[1]), 1e-16);
    bench_close(&bench);
}

/* Raw tokens, embedded and read out, without attention: W0 = (embedding output)', which is not
 * symmetric, and no step. */
static void what_a_model_makes_of_a_token_alone_is_the_first_weights(void **state)
{
    (void)state;
    enum { WIDTH = 4 };
    static struct bench bench;
    static const struct bench_setting raw = {
        SEQUENCE_TASK,
        {.kind = TOKENS_RAW},
        {SEQUENCE_MODEL, .depth = 2, .heads = 1, .embedding = WIDTH, .output_embedding = true},
        {.tasks = 20, .seed = 3}};
    uint64_t seed = 6;
    bench_open(&bench, &raw, NULL);
    for (int i = 0; i < d * WIDTH; i++) {
        *written_at(&bench, -1, "embedding", i / WIDTH, i % WIDTH) = (real)sample_normal(&seed);
        *written_at(&bench, -1, "output", i / d, i % d) = (real)sample_normal(&seed);
    }
    bench_execute(&bench, "one_step");
    const double *W0 = bench.values[bench_column(&bench, "nearest_step_w0")];
    double square = 0;
    for (int o = 0; o < d; o++)
        for (int c = 0; c < d; c++) {
            double expected = 0;
            for (int k = 0; k < WIDTH; k++)
                expected += (double)(*written_at(&bench, -1, "embedding", c, k) *
                                     *written_at(&bench, -1, "output", k, o));
            assert_near(W0[o * d + c], expected, 1e-5);
            square += expected * expected;
        }
    assert_near(bench_value(&bench, "nearest_step_w0_size"), sqrt(square / d), 1e-5);
    assert_near(bench_value(&bench, "nearest_step_eta"), 0, 1e-6);
    assert_near(bench_value(&bench, "nearest_step_r2"), 1, 1e-10);
    bench_close(&bench);
}

static void the_best_step_is_of_the_sequences_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"best_step_eta", "best_step_w0_size", "best_step_loss",
                                        "nearest_step_eta"};
    static struct bench bench;
    double found[COUNT(names)];
    bench_open(&bench, &one_layer, NULL);
    construct(&bench);
    bench_execute(&bench, "one_step");
    for (size_t i = 0; i < COUNT(names); i++)
        found[i] = bench_value(&bench, names[i]);
    *written_at(&bench, 0, "project", 0, 0) = 1;
    bench_execute(&bench, "one_step");
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(bench_value(&bench, names[i]) == found[i], i < 3);
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

/* QK 3-4 and VP 3-1 of head h of layer l: (10 l + h) / 100, and minus that. */
static void numbers_are_in_the_places_of_their_layers_and_heads(void **state)
{
    (void)state;
    for (int weights = WEIGHTS_PER_LAYER; weights <= WEIGHTS_SHARED; weights++) {
        static struct bench bench;
        struct bench_setting setting = deep;
        setting.model.weights = weights;
        bench_open(&bench, &setting, NULL);
        for (int at = 0; at < bench.model.weight_sets * 2 * d; at++) {
            int l = at / d / 2, h = at / d % 2, c = at % d, feature = 5 * h + c;
            *written_at(&bench, l, "query", 2 * d + c, feature) = 1;
            *written_at(&bench, l, "key", 3 * d + c, feature) = (real)((10 * l + h) / 100.);
            *written_at(&bench, l, "value", 2 * d + c, feature) = 1;
            *written_at(&bench, l, "project", feature, c) = (real)((10 * l + h) / -100.);
        }
        bench_execute(&bench, "compression");
        const double *qk = bench.values[bench_column(&bench, "compression_qk")];
        const double *vp = bench.values[bench_column(&bench, "compression_vp")];
        for (int i = 2 * COMPRESSION_BLOCKS; i < 4 * 2 * COMPRESSION_BLOCKS; i++) {
            int block = i % COMPRESSION_BLOCKS, h = i / COMPRESSION_BLOCKS % 2;
            int layer = i / COMPRESSION_BLOCKS / 2 - 1, l = weights == WEIGHTS_SHARED ? 0 : layer;
            assert_near(qk[i], block == 11 ? (10 * l + h) / 100. : 0, 1e-16);
            assert_near(vp[i], block == 8 ? (10 * l + h) / -100. : 0, 1e-16);
        }
        bench_close(&bench);
    }
}

/* Products of heads in a model whose keys are as wide as the stream: of the numbers that were
 * stored, the `keep` largest of each head. */
static void write_blocks(struct bench *wide, const double *qk, const double *vp, int keep)
{
    enum { D = 4 * d, HEADS = 2 };
    for (int at = HEADS; at < 4 * HEADS; at++) { /* behind a row of NaN */
        int l = at / HEADS - 1, first = at % HEADS * D;
        const double *of[] = {qk + at * COMPRESSION_BLOCKS, vp + at * COMPRESSION_BLOCKS};
        double kept[COMPRESSION_SCALARS];
        for (int s = 0; s < COMPRESSION_SCALARS; s++) {
            double number = of[s / COMPRESSION_BLOCKS][s % COMPRESSION_BLOCKS];
            int larger = 0;
            for (int o = 0; o < COMPRESSION_SCALARS; o++)
                larger += fabs(of[o / COMPRESSION_BLOCKS][o % COMPRESSION_BLOCKS]) > fabs(number);
            kept[s] = larger < keep ? number : 0;
        }
        for (int i = 0; i < D; i++) {
            *written_at(wide, l, "key", i, first + i) = 1;
            *written_at(wide, l, "project", first + i, i) = 1;
            for (int j = i % d; j < D; j += d) {
                int block = i / d * 4 + j / d;
                *written_at(wide, l, "query", i, first + j) = (real)kept[block];
                *written_at(wide, l, "value", i, first + j) =
                    (real)kept[COMPRESSION_BLOCKS + block];
            }
        }
    }
}

static void evaluate(double losses[20], const struct bench *bench)
{
    struct arena arena = arena_measure();
    struct walk walk;
    walk_create(&walk, &arena, &bench->input, PASS_FAST);
    size_t size = arena.used;
    assert_int_equal(arena_create(&arena, size, NULL), OK);
    walk_create(&walk, &arena, &bench->input, PASS_FAST);
    walk_start(&walk, &bench->input);
    walk_evaluate(losses, &walk);
    arena_destroy(&arena);
}

/* Layers square up the 1e-16 of products of 12 numbers; the interval as in double_gd.c. */
static void compressed_losses_are_those_of_the_blocks_that_are_stored(void **state)
{
    (void)state;
    enum { N = 20 };
    static struct bench bench, wide;
    static double qk[8 * COMPRESSION_BLOCKS], vp[8 * COMPRESSION_BLOCKS], trained[N], blocks[N];
    struct bench_setting setting = deep;
    uint64_t seed = 5;
    setting.model.key_size = 4 * d;
    bench_open(&bench, &deep, NULL);
    bench_open(&wide, &setting, NULL);
    for (size_t i = 0; i < bench.model.parameters; i++)
        bench.weights[i] = (real)(.3 * sample_normal(&seed));
    evaluate(trained, &bench);
    bench_execute(&bench, "compression");
    memcpy(qk, bench.values[bench_column(&bench, "compression_qk")], sizeof qk);
    memcpy(vp, bench.values[bench_column(&bench, "compression_vp")], sizeof vp);
    for (int keep = 32; keep >= 16; keep -= 16) {
        bool all = keep == 32;
        double a = 0, b = 0, squares = 0;
        write_blocks(&wide, qk, vp, keep);
        evaluate(blocks, &wide);
        for (int i = 0; i < N; i++) {
            a += blocks[i] / N;
            b += trained[i] / N;
        }
        for (int i = 0; i < N; i++)
            squares += pow((blocks[i] - a / b * trained[i]) / b, 2);
        assert_near(bench_value(&bench, all ? "compressed_loss" : "compressed_16_loss"), a, 1e-12);
        assert_near(bench_value(&bench, all ? "compressed_ratio" : "compressed_16_ratio"), a / b,
                    1e-12);
        if (!all)
            continue;
        assert_near(bench_value(&bench, "compressed_ratio_ci95"),
                    1.959963984540054 * sqrt(squares / (N - 1) / N), 1e-12);
        const double *curve = bench.values[bench_column(&bench, "compression_loss")];
        assert_near(curve[0], b, 1e-12);
        assert_near(curve[20], a, 1e-12);
    }
    bench_close(&bench);
    bench_close(&wide);
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

/* The first set is the run's own, the next those of runs with the next seeds. Sums of 20 losses of
 * 7 tokens, in another order. */
static void other_sets_are_those_of_the_next_seeds(void **state)
{
    (void)state;
    enum { SETS = 5, T = 7 };
    static struct bench bench;
    double sets[SETS], positions[SETS * T];
    bench_open(&bench, &deep, NULL);
    model_draw(bench.weights, &bench.model, 5);
    bench_execute(&bench, "evaluation_sets");
    memcpy(sets, bench.values[bench_column(&bench, "sets_loss")], sizeof sets);
    memcpy(positions, bench.values[bench_column(&bench, "sets_position_loss")], sizeof positions);
    bench_close(&bench);
    for (int set = 0; set < SETS; set++) {
        struct bench_setting own = deep;
        own.evaluation.seed += set;
        bench_open(&bench, &own, NULL);
        model_draw(bench.weights, &bench.model, 5);
        assert_near(sets[set], model_loss(&bench), 1e-13);
        bench_execute(&bench, "dynamics_baselines");
        const double *expected = bench.values[bench_column(&bench, "position_loss")];
        for (int t = 0; t < T; t++)
            assert_near(positions[set * T + t], expected[t], 1e-13);
        assert_true(set == 0 || fabs(sets[set] - sets[set - 1]) > 1e-3);
        bench_close(&bench);
    }
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
        cmocka_unit_test(damping_is_a_part_of_the_step),
        cmocka_unit_test(what_a_model_makes_of_a_token_alone_is_the_first_weights),
        cmocka_unit_test(the_best_step_is_of_the_sequences_alone),
        cmocka_unit_test(the_construction_loses_nothing_as_six_numbers),
        cmocka_unit_test(what_is_no_block_goes_on_the_way),
        cmocka_unit_test(numbers_are_in_the_places_of_their_layers_and_heads),
        cmocka_unit_test(compressed_losses_are_those_of_the_blocks_that_are_stored),
        cmocka_unit_test(snapshots_are_compressed_as_weights_are),
        cmocka_unit_test(other_sets_are_those_of_the_next_seeds),
        cmocka_unit_test(only_linear_attention_on_constructed_tokens_is_compressed),
        cmocka_unit_test(weights_that_are_not_finite_give_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
