/* The analysis `condition`: layers that precondition by construction, and medians as published. */
#include "written.h"

#include "../../../src/analysis/states.h"
#include "math/lapack.h"

enum { d = 3, T = 10, TASKS = 20 };

#define ROTATION(size, length)                                                                     \
    {                                                                                              \
        .kind = TASK_LINEAR_DYNAMICS, .dimension = size, .context = length, .outputs = 1,          \
        .input_range = 2, .weight_scale = 1, .noise = .01, .state_clip = 10, .tasks = 1            \
    }
#define CAUSAL(layers) LINEAR_MODEL, .keys_from = KEYS_CAUSAL, .depth = layers

static const struct bench_setting setting = {
    ROTATION(d, T), {.kind = TOKENS_CONSTRUCTED}, {CAUSAL(2)}, {.tasks = TASKS, .seed = 4}};
static const double rates[] = {.2, .1};

/* z <- z - a sum_i s_{i-1} s_{i-1}' z: queries from channel 2, keys and values from channel 4. */
static void write_preconditioning(struct bench *bench)
{
    for (int l = 0; l < 2; l++)
        for (int c = 0; c < d; c++) {
            *written_at(bench, l, "query", d + c, c) = 1;
            *written_at(bench, l, "key", 3 * d + c, c) = 1;
            *written_at(bench, l, "value", 3 * d + c, c) = 1;
            *written_at(bench, l, "project", c, d + c) = -rates[l];
        }
}

static int ascending(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* With eigenvalues r of R_t the problem after `layers` layers has those of (r + .001) prod(1 - a
 * r). */
static double expected(const struct states *states, int layers, int t, double R[d * d], int lane)
{
    double r[d], least = INFINITY, most = 0;
    memset(R, 0, sizeof(double) * d * d);
    for (int i = 1; i < t; i++)
        for (int k = 0; k < d * d; k++)
            R[k] += state_at(states, i)[k / d * LANES + lane] *
                    state_at(states, i)[k % d * LANES + lane];
    assert_true(lapack_eigen(r, NULL, R, d));
    for (int i = 0; i < d; i++) {
        double rest = r[i] + .001;
        for (int l = 0; l < layers; l++)
            rest *= 1 - rates[l] * r[i];
        least = fmin(least, fabs(rest));
        most = fmax(most, fabs(rest));
    }
    return most / least;
}

static void open_walk(struct walk *walk, struct states *states, struct arena *arena,
                      struct bench *bench)
{
    *arena = arena_measure();
    walk_create(walk, arena, &bench->input, PASS_TOKENS);
    states_create(arena, &bench->task);
    size_t size = arena->used;
    assert_int_equal(arena_create(arena, size, NULL), OK);
    walk_create(walk, arena, &bench->input, PASS_TOKENS);
    *states = states_create(arena, &bench->task);
    walk_start(walk, &bench->input);
}

/* Rounding: 2^-53 times a condition number of 1e4, squared, is 1e-8 of it. */
static void preconditioning_layers_give_the_condition_of_their_polynomial(void **state)
{
    (void)state;
    static struct bench bench;
    struct arena arena;
    struct walk walk;
    struct states states;
    bench_open(&bench, &setting, NULL);
    write_preconditioning(&bench);
    open_walk(&walk, &states, &arena, &bench);
    double plain[T + 1][TASKS], layered[3][T + 1][TASKS], R[d * d];
    struct task_source source = evaluation_source(&bench.input);
    for (int task = 0; task < TASKS; task++) {
        walk_draw(&walk, &source, task / LANES * LANES);
        states_read(&states, &walk);
        for (int t = 1; t <= T; t++) {
            plain[t][task] = expected(&states, 0, t, R, task % LANES);
            for (int l = 0; l <= 2; l++)
                layered[l][t][task] = expected(&states, l, t, R, task % LANES);
        }
    }
    bench_execute(&bench, "condition");
    const double *number = bench.values[bench_column(&bench, "condition_number")];
    const double *prepared = bench.values[bench_column(&bench, "condition_preconditioned")];
    for (int t = 1; t <= T; t++) {
        qsort(plain[t], TASKS, sizeof(double), ascending);
        double median = .5 * (plain[t][TASKS / 2 - 1] + plain[t][TASKS / 2]);
        assert_near(number[t - 1], median, 1e-6 * median); /* a float */
        for (int l = 0; l <= 2; l++) {
            double found = prepared[l * T + t - 1], *all = layered[l][t];
            assert_int_equal(isnan(found), t % 5 != 0);
            qsort(all, TASKS, sizeof(double), ascending);
            median = .5 * (all[TASKS / 2 - 1] + all[TASKS / 2]);
            if (t % 5 == 0)
                assert_near(found, median, 1e-6 * median);
        }
    }
    assert_true(prepared[2 * T + 9] != prepared[T + 9] && prepared[T + 9] != prepared[9]);
    arena_destroy(&arena);
    bench_close(&bench);
}

/* |X|_2 |X^-1|_2 of X = P (R_t + .001 I), by the squares of its singular values. */
static double singular_condition(const struct states *states, const double M[d][d], int t, int lane)
{
    double R[d][d] = {{0}}, P[d][d], X[d * d] = {0}, square[d * d] = {0}, w[d];
    for (int i = 1; i < t; i++)
        for (int k = 0; k < d * d; k++)
            R[k / d][k % d] += state_at(states, i)[k / d * LANES + lane] *
                               state_at(states, i)[k % d * LANES + lane];
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++) {
            P[i][j] = i == j;
            for (int k = 0; k < d; k++)
                P[i][j] -= M[k][i] * R[k][j];
        }
    for (int i = 0; i < d * d; i++)
        for (int k = 0; k < d; k++)
            X[i] += P[i / d][k] * (R[k][i % d] + (k == i % d ? .001 : 0));
    lapack_gram(square, X, d, d);
    assert_true(lapack_eigen(w, NULL, square, d));
    return sqrt(w[d - 1] / w[0]);
}

/* One layer whose projection is -M: z <- z - z R M in rows, P = 1 - M' R. Rounding as above. */
static void a_preparation_that_is_not_symmetric_is_no_other_way_round(void **state)
{
    (void)state;
    static const double M[d][d] = {{.1, .3, 0}, {-.2, .1, .2}, {.05, 0, .15}};
    static struct bench bench;
    struct bench_setting one = setting;
    struct arena arena;
    struct walk walk;
    struct states states;
    double all[TASKS];
    one.model.depth = 1;
    bench_open(&bench, &one, NULL);
    for (int c = 0; c < d; c++) {
        *written_at(&bench, 0, "query", d + c, c) = 1;
        *written_at(&bench, 0, "key", 3 * d + c, c) = 1;
        *written_at(&bench, 0, "value", 3 * d + c, c) = 1;
        for (int j = 0; j < d; j++)
            *written_at(&bench, 0, "project", c, d + j) = -M[c][j];
    }
    open_walk(&walk, &states, &arena, &bench);
    struct task_source source = evaluation_source(&bench.input);
    for (int task = 0; task < TASKS; task++) {
        walk_draw(&walk, &source, task / LANES * LANES);
        states_read(&states, &walk);
        all[task] = singular_condition(&states, M, T, task % LANES);
    }
    qsort(all, TASKS, sizeof(double), ascending);
    double median = .5 * (all[TASKS / 2 - 1] + all[TASKS / 2]);
    bench_execute(&bench, "condition");
    const double *prepared = bench.values[bench_column(&bench, "condition_preconditioned")];
    assert_near(prepared[T + T - 1], median, 1e-6 * median);
    arena_destroy(&arena);
    bench_close(&bench);
}

/* A masked token holds its state only where keys and values see it, too, and an embedding mixes all
 * of its channels. */
static void tokens_without_a_channel_of_their_query_have_no_problem_of_their_own(void **state)
{
    (void)state;
    struct bench_setting settings[] = {setting, setting, setting};
    settings[1].tokens.masked = true;
    settings[2].model.embedding = 4 * d;
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        bench_open(&bench, &settings[k], NULL);
        bench_execute(&bench, "condition");
        const double *prepared = bench.values[bench_column(&bench, "condition_preconditioned")];
        for (int layer = 0; layer <= 2; layer++)
            assert_int_equal(isnan(prepared[layer * T + 4]), k > 0);
        assert_true(isfinite(bench.values[bench_column(&bench, "condition_number")][4]));
        bench_close(&bench);
    }
}

/* Medians of the paper for d = 10, T = 50 (science.md 2.7), rounded to two digits. Of 1,024 tasks a
 * median has a standard error of 1.25 deviations of the logarithm / 32. At t = 10 the deviation is
 * .41: 1.6 %. Later, when the smallest eigenvalue is spread over decades, it is 1.5 to 1.8: 7 %.
 * Allowed is one of the later ones: the tasks are always the same. */
static void medians_are_those_published(void **state)
{
    (void)state;
    static const struct {
        int t;
        double median, tolerance;
    } published[] = {{10, 9.1e3, .07}, {15, 70, .07}, {20, 44, .07}, {30, 31, .07}, {50, 25, .07}};
    static struct bench bench;
    struct bench_setting paper = {
        ROTATION(10, 50), {.kind = TOKENS_RAW}, {CAUSAL(1)}, {.tasks = 1024, .seed = 0}};
    bench_open(&bench, &paper, NULL);
    bench_execute(&bench, "condition");
    for (size_t i = 0; i < COUNT(published); i++)
        assert_near(bench.values[0][published[i].t - 1] / published[i].median, 1,
                    published[i].tolerance);
    for (int i = 0; i < 100; i++) /* raw tokens have no channel of their query alone */
        assert_true(isnan(bench.values[1][i]));
    bench_close(&bench);
}

int main(void)
{
    lapack_threads(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preconditioning_layers_give_the_condition_of_their_polynomial),
        cmocka_unit_test(a_preparation_that_is_not_symmetric_is_no_other_way_round),
        cmocka_unit_test(tokens_without_a_channel_of_their_query_have_no_problem_of_their_own),
        cmocka_unit_test(medians_are_those_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
