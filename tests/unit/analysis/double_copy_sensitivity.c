/* The analysis `copy_sensitivity` against central differences of the stream after layer 1. */
#include "bench.h"

#include "../../../src/analysis/walk.h"

enum { TASKS = 5, POINTS = 3, BACK = 6, d = 2 };

#define SHORT_SEQUENCE                                                                             \
    {                                                                                              \
        .kind = TASK_LINEAR_DYNAMICS, .dimension = d, .context = 26, .outputs = 1,                 \
        .input_range = 2, .weight_scale = 1, .noise = .01, .state_clip = 10, .tasks = 1            \
    }
#define RAW_MODEL                                                                                  \
    .heads = 2, .key_size = 3, .frozen = {"none"}, .positions = POSITIONS_QUERY_KEY,               \
    .position_size = 4, .position_base = 10000, .damping = 1, .init_scale = 1, .embedding = 5,     \
    .output_embedding = true, .keys_from = KEYS_CAUSAL

static const struct bench_setting settings[] = {
    {SHORT_SEQUENCE,
     {.kind = TOKENS_RAW},
     {RAW_MODEL, .depth = 2, .layers = {"softmax*"}},
     {.tasks = TASKS, .seed = 2}},
    {SHORT_SEQUENCE,
     {.kind = TOKENS_RAW},
     {RAW_MODEL, .depth = 1, .layers = {"softmax"}, .mlp = 4, .prefix = 2, .eos = 3},
     {.tasks = TASKS, .seed = 2}},
    {SHORT_SEQUENCE,
     {.kind = TOKENS_RAW},
     {RAW_MODEL, .depth = 2, .layers = {"mesa*"}},
     {.tasks = TASKS, .seed = 2}},
};

static struct walk open_walk(struct arena *arena, const struct bench *bench)
{
    struct walk walk;
    *arena = arena_measure();
    walk_create(&walk, arena, &bench->input, PASS_TOKENS);
    size_t size = arena->used;
    assert_int_equal(arena_create(arena, size, NULL), OK);
    walk_create(&walk, arena, &bench->input, PASS_TOKENS);
    walk_start(&walk, &bench->input);
    pass_keep_all(walk.pass);
    struct task_source source = evaluation_source(&bench->input);
    walk_draw(&walk, &source, 0);
    return walk;
}

/* Token t (0 the first) after layer 1. */
static const real *after(struct walk *walk, int t)
{
    const struct model *model = walk->input->model;
    walk_predict(walk);
    return pass_activation(walk->pass, 1) + model_row(model, t) * model->D * LANES;
}

/* Mean norm of the derivative of token t by input token j. */
static double differentiate(struct walk *walk, int t, int j)
{
    const double h = 1e-5;
    double squares[LANES] = {0}, up[64 * LANES], mean = 0;
    int D = walk->input->model->D;
    for (int c = 0; c < d; c++) {
        real *x = pass_tokens(walk->pass) + (j * d + c) * LANES;
        for (int b = 0; b < LANES; b++)
            x[b] += h;
        memcpy(up, after(walk, t), sizeof(double) * (size_t)(D * LANES));
        for (int b = 0; b < LANES; b++)
            x[b] -= 2 * h;
        const real *down = after(walk, t);
        for (int i = 0; i < D * LANES; i++)
            squares[i % LANES] += pow((up[i] - down[i]) / (2 * h), 2);
        for (int b = 0; b < LANES; b++)
            x[b] += h;
    }
    for (int b = 0; b < TASKS; b++)
        mean += sqrt(squares[b]) / TASKS;
    return mean;
}

static void norms_are_those_of_central_differences(void **state)
{
    (void)state;
    static const int at[POINTS] = {2, 25, 50};
    for (size_t i = 0; i < COUNT(settings); i++) {
        static struct bench bench;
        struct arena arena;
        bench_open(&bench, &settings[i], NULL);
        model_draw(bench.weights, &bench.model, 7);
        struct walk walk = open_walk(&arena, &bench);
        bench_execute(&bench, "copy_sensitivity");
        for (int p = 0; p < POINTS; p++)
            for (int k = 0; k < BACK; k++) {
                double found = bench.values[0][p * BACK + k];
                bool there = at[p] <= 26 && k < at[p];
                assert_int_equal(isnan(found), !there);
                if (!there)
                    continue;
                double expected = differentiate(&walk, at[p] - 1, at[p] - 1 - k);
                assert_true(expected > 1e-3);
                /* h^2 times a third derivative of order 1, and rounding of 2^-53 / h */
                assert_near(found, expected, 1e-8);
            }
        arena_destroy(&arena);
        bench_close(&bench);
    }
}

/* Weights of 0 leave embedded tokens alone: |E| by itself, nothing by others. Each snapshot is
 * measured with weights of its own. */
static void snapshots_have_weights_of_their_own(void **state)
{
    (void)state;
    static struct bench bench;
    static const int64_t steps[2] = {0, 3};
    bench_open(&bench, &settings[0], NULL);
    size_t P = bench.model.parameters;
    real *snapshots = calloc(2 * P, sizeof(real));
    model_draw(snapshots + P, &bench.model, 7);
    bench.input.snapshots = 2;
    bench.input.snapshot_steps = steps;
    bench.input.snapshot_weights = snapshots;
    double square = 0;
    for (int i = 0; i < bench.model.tensor_count; i++) {
        const struct tensor *tensor = &bench.model.tensors[i];
        for (size_t e = 0; e < tensor->count && strcmp(tensor->name, "embedding") == 0; e++) {
            snapshots[tensor->offset + e] = (real)(.1 * (double)e);
            square += pow(.1 * (double)e, 2);
        }
    }
    bench_execute(&bench, "training_copy_sensitivity");
    double of_last[POINTS * BACK];
    const double *values = bench.values[0];
    assert_near(values[BACK], sqrt(square), 1e-13);
    assert_near(values[BACK + 1], 0, 0);
    memcpy(of_last, values + POINTS * BACK, sizeof of_last);
    memcpy(bench.weights, snapshots + P, P * sizeof(real));
    bench_execute(&bench, "copy_sensitivity");
    assert_memory_equal(bench.values[0] + BACK, of_last + BACK, sizeof(double) * BACK);
    free(snapshots);
    bench_close(&bench);
}

/* Its square does not fit into a number: no reader meets an infinity. */
static void a_norm_that_overflows_is_no_number(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[0], NULL);
    for (int i = 0; i < bench.model.tensor_count; i++) {
        const struct tensor *tensor = &bench.model.tensors[i];
        for (size_t e = 0; e < tensor->count; e++)
            bench.weights[tensor->offset + e] = strcmp(tensor->name, "embedding") == 0 ? 1e200 : 0;
    }
    bench_execute(&bench, "copy_sensitivity");
    assert_true(isnan(bench.values[0][BACK]) && bench.values[0][BACK + 1] == 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_are_those_of_central_differences),
        cmocka_unit_test(snapshots_have_weights_of_their_own),
        cmocka_unit_test(a_norm_that_overflows_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
