/* Probes of sequences whose answers are known, and what they are asked for against its definition.
 */
#include "written.h"

#include "../../../src/analysis/probing.h"
#include "../../../src/analysis/states.h"
#include "math/lapack.h"
#include "theory/forecast.h"

enum { D = 3, T = 9, TARGETS = 12 };
enum { NEXT, CURRENT, PRECONDITIONED, FEATURES, PAST, CONTROL = TARGETS - 1 };

#define ROTATION                                                                                   \
    {                                                                                              \
        .kind = TASK_LINEAR_DYNAMICS, .dimension = D, .context = T, .outputs = 1,                  \
        .input_range = 2, .weight_scale = 1, .noise = .01, .state_clip = 10, .tasks = 1            \
    }
#define CAUSAL_MODEL LINEAR_MODEL, .keys_from = KEYS_CAUSAL

static const struct bench_setting constructed = {
    ROTATION, {.kind = TOKENS_CONSTRUCTED}, {CAUSAL_MODEL, .depth = 1}, {.tasks = 64, .seed = 3}};
static const struct bench_setting raw = {ROTATION,
                                         {.kind = TOKENS_RAW},
                                         {CAUSAL_MODEL, .depth = 1, .prefix = 2, .eos = 4},
                                         {.tasks = 64, .seed = 3}};

static double r2_at(const struct bench *bench, const char *column, int layer, int row, int target)
{
    int rows = bench->model.shape.tokens;
    return bench->values[bench_column(bench, column)][(layer * rows + row) * TARGETS + target];
}

/* Constructed tokens have s_t and s_{t-1} (s_0 = 0): 2 d directions (d at t = 1). Of a rotation W
 * from O(d) E W^k = 0 for odd k and 1/d for even k, so a state that is two or six steps away from
 * one of them is known with R^2 = 1/d^2, and another sequence not at all. Held-out, noise takes
 * (directions + 1) / 2048 away, with a spread of 2 (R + 1 / sqrt(2048)) / sqrt(2048) = .015: at
 * most .05. In sample of 256 sequences there is directions / 255 of the rest, with a spread of 2 (R
 * + sqrt(directions) / 16) / 16 / sqrt(d) = .04: at most .12. */
static void the_input_holds_two_states(void **state)
{
    (void)state;
    static const struct {
        int target, from; /* from: the first t that has it, or that can tell */
        bool known;
    } cases[] = {{NEXT, 1, true}, {CONTROL, 1, false}, {PAST + 1, 3, true}, {PAST + 5, 7, true}};
    static struct bench bench;
    bench_open(&bench, &constructed, NULL);
    bench_execute(&bench, "sequence_probe");
    for (int t = 1; t <= T; t++) {
        double directions = (t > 1 ? 2 * D : D) / 255.;
        assert_near(r2_at(&bench, "sequence_probe_r2", 0, t - 1, CURRENT), 1, 1e-6);
        for (size_t k = 0; k < COUNT(cases); k++) {
            double held_out = r2_at(&bench, "sequence_probe_r2", 0, t - 1, cases[k].target);
            double sample = r2_at(&bench, "sequence_probe_r2_in_sample", 0, t - 1, cases[k].target);
            double share = cases[k].known && (k > 0 || t > 1) ? 1. / (D * D) : 0;
            assert_int_equal(isnan(held_out), t < cases[k].from);
            assert_int_equal(isnan(sample), t < cases[k].from);
            if (t < cases[k].from)
                continue;
            assert_near(held_out, share, .05);
            assert_near(sample, directions + (1 - directions) * share, .12);
        }
        if (t > 1)
            assert_near(r2_at(&bench, "sequence_probe_r2", 0, t - 1, PAST), 1, 1e-6);
    }
    bench_close(&bench);
}

/* The construction writes rate * sum_i s_i s_{i-1}' s_t: more and more of s_{t+1}. */
static void a_step_of_descent_makes_the_next_state_readable(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = constructed;
    setting.model.key_size = 2 * D;
    bench_open(&bench, &setting, NULL);
    for (int c = 0; c < D; c++) { /* channels of (0, s_t, s_t, s_{t-1}) */
        *written_at(&bench, 0, "query", 2 * D + c, c) = 1;
        *written_at(&bench, 0, "key", 3 * D + c, c) = 1;
        *written_at(&bench, 0, "value", 2 * D + c, c) = 1;
        *written_at(&bench, 0, "project", c, c) = (real).1;
    }
    bench_execute(&bench, "sequence_probe");
    double early = r2_at(&bench, "sequence_probe_r2", 1, 2, NEXT);
    double late = r2_at(&bench, "sequence_probe_r2", 1, T - 1, NEXT);
    assert_true(early > .05 && late > early + .2 && late < 1);
    assert_near(r2_at(&bench, "sequence_probe_r2", 1, T - 1, CURRENT), 1, 1e-6);
    bench_close(&bench);
}

/* Rows of prefix and eos have no target; those of the task's tokens are found behind them. */
static void tokens_of_the_model_are_no_tokens_of_the_task(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &raw, NULL);
    bench_execute(&bench, "sequence_probe");
    for (int row = 0, t = 0; row < bench.model.shape.tokens; row++) {
        bool own = t < T && model_row(&bench.model, t) == row;
        double current = r2_at(&bench, "sequence_probe_r2", 0, row, CURRENT);
        assert_int_equal(isnan(current), !own);
        if (own)
            assert_near(current, 1, 1e-6);
        t += own;
    }
    bench_close(&bench);
}

/* Weights of the input network: A and B of non-linear dynamics, its output times `gain`. */
static void write_network(struct bench *bench, int d, int gain)
{
    static real numbers[8 * 8 * 8 * LANES];
    struct random_lanes random;
    random_seed(&random, 0, STREAM_SHARED, 1, 0);
    bench->input.kernels->normal(numbers, &random, 8 * d * d, (real)1.1);
    for (int t = 0; t < bench->model.tensor_count; t++) {
        const struct tensor *tensor = &bench->model.tensors[t];
        bool in = strcmp(tensor->name, "input_in") == 0, out = !in && tensor->rank == 2;
        size_t first = in ? 0 : (size_t)(4 * d * d);
        for (size_t i = 0; i < tensor->count && tensor->layer < 0 && (in || out); i++)
            bench->weights[tensor->offset + i] =
                (real)(in ? 1 : gain) * numbers[(first + i) * LANES];
    }
}

/* Of non-linear dynamics: an input network with their own A and B makes the stream s + 100 f(s), so
 * that f(s) / |f(s)| is read off it but for its length; from the states themselves a line tells
 * less. Other dynamics have no such target. */
static void features_are_read_off_the_network_that_makes_them(void **state)
{
    (void)state;
    enum { SIZE = 8, TOKENS = 3 };
    struct bench_setting setting = raw;
    double r2[2];
    setting.task.kind = TASK_NONLINEAR_DYNAMICS;
    setting.task.dimension = SIZE;
    setting.task.context = TOKENS;
    setting.task.input_range = .5;
    setting.model.prefix = setting.model.eos = 0;
    for (int made = 0; made < 2; made++) {
        static struct bench bench;
        setting.model.input_mlp = made ? 4 * SIZE : 0;
        bench_open(&bench, &setting, NULL);
        if (made)
            write_network(&bench, SIZE, 100);
        bench_execute(&bench, "sequence_probe");
        r2[made] = r2_at(&bench, "sequence_probe_r2", 0, TOKENS - 1, FEATURES);
        bench_close(&bench);
    }
    assert_true(r2[0] < .75 && r2[1] > .85);
    static struct bench linear;
    bench_open(&linear, &constructed, NULL);
    bench_execute(&linear, "sequence_probe");
    assert_true(isnan(r2_at(&linear, "sequence_probe_r2", 0, T - 1, FEATURES)));
    bench_close(&linear);
}

/* A walk with the first tasks of the evaluation set. */
static void draw(struct walk *walk, struct states *states, struct arena *arena, struct bench *bench)
{
    struct arena sizes = arena_measure();
    walk_create(walk, &sizes, &bench->input, PASS_TOKENS);
    states_create(&sizes, &bench->task);
    assert_int_equal(arena_create(arena, sizes.used, NULL), OK);
    walk_create(walk, arena, &bench->input, PASS_TOKENS);
    *states = states_create(arena, &bench->task);
    walk_start(walk, &bench->input);
    struct task_source source = evaluation_source(&bench->input);
    walk_draw(walk, &source, 0);
    states_read(states, walk);
}

/* Both constructions draw the same sequences. (R_t + .001 I)^-1 s_t by rank-one updates equals the
 * solution by Cholesky: eps / .001 of the largest number, which is 1 / .001. */
static void states_and_inverses_are_those_of_the_definition(void **state)
{
    (void)state;
    static struct bench benches[2];
    const struct bench_setting *settings[] = {&constructed, &raw};
    struct walk walks[2];
    struct states states[2];
    struct arena arenas[2];
    for (int i = 0; i < 2; i++) {
        bench_open(&benches[i], settings[i], NULL);
        draw(&walks[i], &states[i], &arenas[i], &benches[i]);
    }
    assert_memory_equal(states[0].at, states[1].at, sizeof(double) * (T + 2) * D * LANES);
    const double *first = state_at(&states[0], 1);
    const struct forecast sequences = {D, T + 1, D, first, first};
    double found[(T + 1) * D * LANES], R[D * D] = {0}, room[D * D];
    double *scratch = malloc(forecast_scratch(&sequences) * sizeof *scratch);
    forecast_precondition(found, &sequences, STATES_RIDGE, scratch);
    free(scratch);
    for (int t = 1; t <= T + 1; t++) {
        const double *before = state_at(&states[0], t - 1), *s = state_at(&states[0], t);
        double right[D];
        for (int i = 0; i < D; i++) {
            right[i] = s[i * LANES + 5];
            assert_true(t == 1 || before[i * LANES + 5] != 0);
            for (int j = 0; j < D; j++)
                R[i * D + j] += before[i * LANES + 5] * before[j * LANES + 5];
        }
        assert_true(lapack_ridge(right, R, STATES_RIDGE, room, D, 1));
        for (int i = 0; i < D; i++)
            assert_near(found[((t - 1) * D + i) * LANES + 5], right[i], 1e-8);
    }
    for (int i = 0; i < 2; i++) {
        arena_destroy(&arenas[i]);
        bench_close(&benches[i]);
    }
}

/* y [TARGETS][D] of token t of the sequence in a lane; 0 where there is no such target. */
static void define_targets(double *y, const struct states *states, int t, int lane)
{
    double R[D * D] = {0}, right[D], room[D * D];
    for (int i = 1; i < t; i++)
        for (int k = 0; k < D * D; k++)
            R[k] += state_at(states, i)[k / D * LANES + lane] *
                    state_at(states, i)[k % D * LANES + lane];
    memset(y, 0, sizeof(double) * TARGETS * D);
    for (int c = 0; c < D; c++) {
        y[NEXT * D + c] = state_at(states, t + 1)[c * LANES + lane];
        y[CURRENT * D + c] = right[c] = state_at(states, t)[c * LANES + lane];
        for (int past = 1; past <= 7 && past < t; past++)
            y[(PAST + past - 1) * D + c] = state_at(states, t - past)[c * LANES + lane];
        y[CONTROL * D + c] = state_at(states, t + 1)[c * LANES + (lane + 1) % LANES];
    }
    assert_true(lapack_ridge(right, R, .001, room, D, 1));
    memcpy(y + PRECONDITIONED * D, right, sizeof right);
}

/* What the probes of a token after a layer see, row by row. */
struct rows {
    double x[PROBING_FIT + PROBING_TEST][1 + 4 * D], y[PROBING_FIT + PROBING_TEST][TARGETS * D];
};

static void collect(struct rows *rows, struct walk *walk, struct states *states, int layer, int t)
{
    struct task_source source = {3, STREAM_PROBE, 0};
    for (int task = 0; task < PROBING_FIT + PROBING_TEST; task++) {
        int lane = task % LANES;
        if (lane == 0) {
            walk_draw(walk, &source, task);
            states_read(states, walk);
            walk_predict(walk);
        }
        const real *token = pass_activation(walk->pass, layer) + (t - 1) * 4 * D * LANES;
        rows->x[task][0] = 1;
        for (int c = 0; c < 4 * D; c++)
            rows->x[task][1 + c] = (double)token[c * LANES + lane];
        define_targets(rows->y[task], states, t, lane);
    }
}

static const double *sums_of(double *sums, const struct rows *rows, int first, int count)
{
    struct ridge_shape shape = {4 * D, TARGETS, D};
    memset(sums, 0, sizeof(double) * ridge_sums(&shape));
    ridge_add(sums, &shape, rows->x[first], rows->y[first], count);
    return sums;
}

/* R^2 [2][TARGETS], held-out and in sample. */
static void regress(double r2[2][TARGETS], const struct rows *rows)
{
    enum { SUMS = (1 + 4 * D) * (1 + 4 * D + TARGETS * D) + TARGETS * D };
    static double sums[RIDGE_FOLDS + 1][SUMS], scratch[8 * SUMS];
    struct ridge_shape shape = {4 * D, TARGETS, D};
    const double *folds[RIDGE_FOLDS];
    assert_true(ridge_sums(&shape) == SUMS && ridge_scratch(&shape) <= COUNT(scratch));
    for (int f = 0; f < RIDGE_FOLDS; f++)
        folds[f] = sums_of(sums[f], rows, f * PROBING_FIT / 4, PROBING_FIT / 4);
    ridge_held_out(r2[0], &shape, folds,
                   sums_of(sums[RIDGE_FOLDS], rows, PROBING_FIT, PROBING_TEST), scratch);
    ridge_in_sample(r2[1], &shape, sums_of(sums[0], rows, 0, PROBING_SAMPLE), scratch);
}

/* Regressions of each token and layer alone, of rows that were drawn one after the other. In a
 * token s_t stands twice, so a strength of 1e-8 (in sample 1e-10) lets 2^-53 of sums grow to 1e-8
 * (1e-6) of a weight, and R^2 is a float. */
static void probes_are_regressions_on_the_stated_tasks_and_targets(void **state)
{
    (void)state;
    static struct bench bench;
    static struct rows rows;
    struct walk walk;
    struct states states;
    struct arena arena;
    bench_open(&bench, &constructed, NULL);
    model_draw(bench.weights, &bench.model, 5);
    bench_execute(&bench, "sequence_probe");
    draw(&walk, &states, &arena, &bench);
    for (int place = 0; place < 2 * T; place++) {
        static const char *const columns[] = {"sequence_probe_r2", "sequence_probe_r2_in_sample"};
        int layer = place / T, t = place % T + 1;
        double expected[2][TARGETS];
        collect(&rows, &walk, &states, layer, t);
        regress(expected, &rows);
        for (int i = 0; i < 2 * TARGETS; i++) {
            double found = r2_at(&bench, columns[i / TARGETS], layer, t - 1, i % TARGETS);
            double value = expected[i / TARGETS][i % TARGETS];
            assert_int_equal(isnan(found), isnan(value));
            if (!isnan(value))
                assert_near(found, value, 1e-6);
        }
    }
    arena_destroy(&arena);
    bench_close(&bench);
}

int main(void)
{
    lapack_threads(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_input_holds_two_states),
        cmocka_unit_test(a_step_of_descent_makes_the_next_state_readable),
        cmocka_unit_test(tokens_of_the_model_are_no_tokens_of_the_task),
        cmocka_unit_test(features_are_read_off_the_network_that_makes_them),
        cmocka_unit_test(states_and_inverses_are_those_of_the_definition),
        cmocka_unit_test(probes_are_regressions_on_the_stated_tasks_and_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
