/* The analysis `copying` against central differences of the stream after layer 1. */
#include "bench.h"

enum { TASKS = 3, T = 11, W = 5 };

static const struct bench_setting settings[] = {
    {ODD_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 2}, {.tasks = TASKS, .seed = 2}},
    {ODD_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 1}, {.tasks = TASKS, .seed = 2}},
    {ODD_TASK,
     {.kind = TOKENS_SEPARATE},
     {COPYING_MODEL, .depth = 2, .prefix = 2, .clip = 2},
     {.tasks = TASKS, .seed = 2}},
};

/* A pass at the first tasks of the evaluation set; arena_destroy. */
static struct pass *open_pass(const struct bench *bench, struct arena *arena)
{
    const struct kernels *kernels = bench->input.kernels;
    *arena = arena_measure();
    pass_create(arena, &bench->model, kernels, PASS_TOKENS);
    size_t size = arena->used;
    assert_int_equal(arena_create(arena, size, NULL), OK);
    struct pass *pass = pass_create(arena, &bench->model, kernels, PASS_TOKENS);
    pass_weights(pass, bench->weights);
    pass_keep_all(pass);
    real target[2 * LANES], room[1000];
    assert_true((size_t)task_scratch(&bench->task) * LANES <= COUNT(room));
    struct task_source source = {2, STREAM_EVALUATION, 0};
    task_draw(pass_tokens(pass), target, &bench->task, kernels, &source, 0, room);
    return pass;
}

/* sums[k] = mean over the tasks of the sum of token k after layer 1. */
static void measure(double sums[T], struct pass *pass, const struct model *model)
{
    pass_forward(pass);
    for (int k = 0; k < T; k++) {
        const real *row = pass_activation(pass, 1) + model_row(model, k) * model->D * LANES;
        sums[k] = 0;
        for (int c = 0; c < model->D; c++)
            for (int b = 0; b < TASKS; b++)
                sums[k] += row[c * LANES + b] / TASKS;
    }
}

static void shift(real *x, double by)
{
    for (int b = 0; b < LANES; b++)
        x[b] += by;
}

/* squares[k][j] of the gradient of sums[k] by token j. */
static void differentiate(double squares[T][T], const struct bench *bench)
{
    const double h = 1e-5;
    struct arena arena;
    struct pass *pass = open_pass(bench, &arena);
    memset(squares, 0, sizeof(double) * T * T);
    for (int j = 0; j < T; j++)
        for (int c = 0; c < W; c++) {
            double up[T], down[T];
            real *x = pass_tokens(pass) + (j * W + c) * LANES;
            shift(x, h);
            measure(up, pass, &bench->model);
            shift(x, -2 * h);
            measure(down, pass, &bench->model);
            shift(x, h);
            for (int k = 0; k < T; k++)
                squares[k][j] += pow((up[k] - down[k]) / (2 * h), 2);
        }
    arena_destroy(&arena);
}

static void lengths_are_those_of_central_differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++) {
        static struct bench bench;
        double squares[T][T], own = 0, next = 0, others = 0;
        bench_open(&bench, &settings[i], NULL);
        model_draw(bench.weights, &bench.model, 7);
        differentiate(squares, &bench);
        for (int k = 0; k < T; k++) {
            double rest = 0;
            for (int j = 0; j < T; j++)
                rest += j == k || j == k + 1 ? 0 : sqrt(squares[k][j]);
            own += sqrt(squares[k][k]) / T;
            next += k + 1 < T ? sqrt(squares[k][k + 1]) / (T - 1) : 0;
            others += rest / (k + 1 < T ? T - 2 : T - 1) / T;
        }
        assert_true(next > .01 && others > .01);
        bench_execute(&bench, "copying");
        /* h^2 times a third derivative of order 1, and 10 sums of 2^-53 / h */
        assert_near(bench_value(&bench, "copy_own"), own, 1e-8);
        assert_near(bench_value(&bench, "copy_next"), next, 1e-8);
        assert_near(bench_value(&bench, "copy_others"), others, 1e-8);
        bench_close(&bench);
    }
}

/* Without weights the stream is the input: every channel of a token counts once. */
static void a_layer_that_does_nothing_copies_nothing(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &settings[0], NULL);
    bench_execute(&bench, "copying");
    assert_near(bench_value(&bench, "copy_own"), sqrt(W), 1e-14);
    assert_near(bench_value(&bench, "copy_next"), 0, 0);
    assert_near(bench_value(&bench, "copy_others"), 0, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_those_of_central_differences),
        cmocka_unit_test(a_layer_that_does_nothing_copies_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
