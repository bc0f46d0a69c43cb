/* Losses at each token of a sequence, of a model and of algorithms; and gradient descent on
 * sequences as the analysis gd has it. Of a model that is that descent by construction, and of a
 * few sequences computed one by one. */
#include "bench.h"

#include "theory/construction.h"
#include "theory/forecast.h"
#include "theory/kernel.h"
#include "train/statistics.h"

/* More tasks than the 128 on which Richardson's rate is searched; the last group is not full. */
enum { T = 7, TASKS = 8 * LANES + 9, METHODS = 14, WINDOW = 16 };

enum { ZERO, DESCENT, LEAST_SQUARES, CHEBYSHEV, NEUMANN, NEWTON, RICHARDSON, FEATURES, STACKED };
enum { CHEBYSHEV_FEATURES = STACKED + 1, CHEBYSHEV_STACKED, BEST, BEST_FEATURES, BEST_STACKED };

#define SEQUENCE_TASK(which, numbers)                                                              \
    .kind = (which), .dimension = (numbers), .context = T, .outputs = 1, .input_range = 2,         \
    .weight_scale = 1, .noise = .01, .state_clip = 10, .tasks = 1

#define CAUSAL_MODEL                                                                               \
    {                                                                                              \
        LINEAR_MODEL, .depth = 1, .keys_from = KEYS_CAUSAL                                         \
    }

static const struct bench_setting linear = {{SEQUENCE_TASK(TASK_LINEAR_DYNAMICS, 3)},
                                            {.kind = TOKENS_CONSTRUCTED},
                                            CAUSAL_MODEL,
                                            {.tasks = TASKS, .seed = 5}};
static const struct bench_setting raw = {{SEQUENCE_TASK(TASK_LINEAR_DYNAMICS, 3)},
                                         {.kind = TOKENS_RAW},
                                         CAUSAL_MODEL,
                                         {.tasks = TASKS, .seed = 5}};
static const struct bench_setting nonlinear = {{SEQUENCE_TASK(TASK_NONLINEAR_DYNAMICS, 3)},
                                               {.kind = TOKENS_RAW},
                                               CAUSAL_MODEL,
                                               {.tasks = TASKS, .seed = 5}};
static const struct bench_setting observed = {
    {SEQUENCE_TASK(TASK_PARTIALLY_OBSERVED, 2), .state = 4},
    {.kind = TOKENS_RAW},
    CAUSAL_MODEL,
    {.tasks = TASKS, .seed = 5}};

static const double *column(const struct bench *bench, const char *name)
{
    return bench->values[bench_column(bench, name)];
}

static double forecast_loss(const struct bench *bench, int t, int method, int lag)
{
    return column(bench, "forecast_loss")[(t * METHODS + method) * 2 + lag];
}

static void a_model_that_is_descent_has_its_losses(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &linear, NULL);
    bench_execute(&bench, "gd");
    double rate = bench_value(&bench, "gd_rate"), loss = bench_value(&bench, "gd_loss"), mean = 0;
    assert_near(bench_value(&bench, "gd_steps"), 1, 0);
    construction_write_sequence(bench.weights, &bench.model, &bench.task, rate, NULL);
    bench_execute(&bench, "gd");
    assert_near(bench_value(&bench, "gd_ratio"), 1, 1e-12);
    bench_execute(&bench, "dynamics_baselines");
    assert_near(bench_value(&bench, "forecast_rate"), rate, 0);
    for (int t = 0; t < T; t++) {
        mean += forecast_loss(&bench, t, DESCENT, 0) / T;
        assert_near(column(&bench, "position_loss")[t], forecast_loss(&bench, t, DESCENT, 0),
                    1e-12);
    }
    assert_near(mean, loss, 1e-12);
    for (int sign = -1; sign <= 1; sign += 2) { /* no other rate is better */
        construction_write_sequence(bench.weights, &bench.model, &bench.task,
                                    rate * (1 + sign * .001), NULL);
        bench_execute(&bench, "gd");
        assert_true(bench_value(&bench, "gd_ratio") > 1);
    }
    bench_close(&bench);
}

static void descent_takes_one_step_beside_any_number_of_layers(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting deep = linear;
    deep.model.depth = 3;
    bench_open(&bench, &deep, NULL);
    bench_execute(&bench, "gd");
    assert_near(bench_value(&bench, "gd_steps"), 1, 0);
    bench_close(&bench);
}

/* What each has to know: nothing at the first token; a method whose task lacks it, never. */
static void algorithms_begin_with_nothing(void **state)
{
    (void)state;
    static const struct {
        const struct bench_setting *setting;
        bool features, window;
    } cases[] = {{&linear, false, false}, {&nonlinear, true, false}, {&observed, false, true}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        static struct bench bench;
        bench_open(&bench, cases[k].setting, NULL);
        bench_execute(&bench, "dynamics_baselines");
        for (int method = 0; method < METHODS; method++) {
            bool features =
                method == FEATURES || method == CHEBYSHEV_FEATURES || method == BEST_FEATURES;
            bool window =
                method == STACKED || method == CHEBYSHEV_STACKED || method == BEST_STACKED;
            bool there = (!features || cases[k].features) && (!window || cases[k].window);
            for (int t = 0; t < T; t++)
                for (int lag = 0; lag < 2; lag++) {
                    double loss = forecast_loss(&bench, t, method, lag);
                    assert_true(isnan(loss) == !there);
                    if (there && t <= lag)
                        assert_near(loss, forecast_loss(&bench, t, ZERO, 0), 0);
                    if (there && t > 1 && method != ZERO)
                        assert_true(loss != forecast_loss(&bench, t, ZERO, 0));
                }
        }
        bench_close(&bench);
    }
}

static double mean_loss(const struct bench *bench, int method, int lag)
{
    double sum = 0;
    for (int t = 0; t < T; t++)
        sum += forecast_loss(bench, t, method, lag) / T;
    return sum;
}

/* On the whole evaluation set, whose last group is not full, it has less than every iteration of
 * six steps. */
static void no_iteration_is_better_than_the_best_polynomial(void **state)
{
    (void)state;
    static const struct {
        const struct bench_setting *setting;
        int best, others[3];
    } cases[] = {{&linear, BEST, {CHEBYSHEV, NEUMANN, RICHARDSON}},
                 {&nonlinear, BEST_FEATURES, {CHEBYSHEV_FEATURES}},
                 {&observed, BEST_STACKED, {CHEBYSHEV_STACKED}}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        static struct bench bench;
        bench_open(&bench, cases[k].setting, NULL);
        bench_execute(&bench, "dynamics_baselines");
        for (int lag = 0; lag < 2; lag++)
            for (int i = 0; i < 3; i++)
                assert_true(mean_loss(&bench, cases[k].best, lag) <
                            mean_loss(&bench, cases[k].others[i], lag) * (1 - 1e-4));
        bench_close(&bench);
    }
}

/* All sequences of the evaluation set, whose tokens are states: [T + 1][d] of one. */
static void draw_states(double *states, const struct bench *bench, int task)
{
    static real tokens[4096 * LANES], target[4096 * LANES], scratch[4096 * LANES];
    int d = bench->task.config.dimension;
    struct task_source source = {5, STREAM_EVALUATION, 0};
    assert_true(task_scratch(&bench->task) <= 4096);
    task_draw(tokens, target, &bench->task, bench->input.kernels, &source,
              (uint64_t)(task / LANES * LANES), scratch);
    for (int i = 0; i < T * d; i++) {
        states[i] = (double)tokens[i * LANES + task % LANES];
        states[d + i] = (double)target[i * LANES + task % LANES];
    }
}

/* phi [T][F] of states: f / |f|, or the last observations. */
static void make_features(double *phi, const double *states, const struct bench *bench)
{
    static real given[64 * LANES], made[64 * LANES], scratch[4096 * LANES];
    int d = bench->task.config.dimension, F = WINDOW * d;
    if (bench->task.config.kind == TASK_NONLINEAR_DYNAMICS) {
        for (int i = 0; i < T * d * LANES; i++)
            given[i] = (real)states[i / LANES];
        nonlinear_features(made, given, T, &bench->task, bench->input.kernels, scratch);
        for (int i = 0; i < T * d; i++)
            phi[i] = (double)made[i * LANES];
        return;
    }
    for (int i = 0; i < T * F; i++) {
        int t = i / F, lag = i % F / d;
        phi[i] = t >= lag ? states[(t - lag) * d + i % d] : 0;
    }
}

/* Ridge regression of each sequence and token alone, by Cholesky; the error is that of the mean of
 * what each sequence has. */
static void least_squares_knows_features_and_past_observations(void **state)
{
    (void)state;
    static const struct {
        const struct bench_setting *setting;
        int method, per_number;
        double strength;
    } cases[] = {{&nonlinear, FEATURES, 1, .001}, {&observed, STACKED, WINDOW, 10}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        static struct bench bench;
        static double states[(T + 1) * 3], phi[T * 48], scratch[8192], losses[T][2];
        static double means[2][TASKS];
        bench_open(&bench, cases[k].setting, NULL);
        bench_execute(&bench, "dynamics_baselines");
        int d = bench.task.config.dimension, F = d * cases[k].per_number;
        memset(losses, 0, sizeof losses);
        memset(means, 0, sizeof means);
        for (int task = 0; task < TASKS; task++) {
            draw_states(states, &bench, task);
            make_features(phi, states, &bench);
            for (int t = 0; t < T; t++)
                for (int lag = 0; lag < 2; lag++) {
                    int N = t > lag ? t - lag : 0;
                    double of[T * 48], prediction[3] = {0};
                    memcpy(of, phi, sizeof(double) * (size_t)(N * F));
                    memcpy(of + N * F, phi + t * F, sizeof(double) * (size_t)F);
                    struct features pairs = {N, F, d, of, states + d};
                    if (N > 0)
                        kernel_ridge(prediction, &pairs, cases[k].strength, scratch);
                    double loss = 0;
                    for (int i = 0; i < d; i++)
                        loss += .5 * pow(prediction[i] - states[(t + 1) * d + i], 2);
                    losses[t][lag] += loss;
                    means[lag][task] += loss / T;
                }
        }
        /* Strengths of .001 beside squares up to 7: errors grow by 1e4. */
        for (int t = 0; t < T; t++)
            for (int lag = 0; lag < 2; lag++)
                assert_near(forecast_loss(&bench, t, cases[k].method, lag), losses[t][lag] / TASKS,
                            1e-10);
        for (int lag = 0; lag < 2; lag++)
            assert_near(column(&bench, "forecast_loss_error")[cases[k].method * 2 + lag],
                        loss_statistics(means[lag], TASKS).error, 1e-10);
        bench_close(&bench);
    }
}

/* 16 sequences of the evaluation set. */
struct group {
    double states[(T + 1) * 3 * LANES], phi[T * 48 * LANES];
    struct forecast forecast;
};

static void draw_group(struct group *group, const struct bench *bench, int first, int per_number)
{
    static double states[(T + 1) * 3], phi[T * 48];
    int d = bench->task.config.dimension, F = d * per_number;
    for (int b = 0; b < LANES; b++) {
        draw_states(states, bench, first + b);
        memcpy(phi, states, sizeof(double) * (size_t)(T * d));
        if (bench->task.config.kind != TASK_LINEAR_DYNAMICS)
            make_features(phi, states, bench);
        for (int i = 0; i < (T + 1) * d; i++)
            group->states[i * LANES + b] = states[i];
        for (int i = 0; i < T * F; i++)
            group->phi[i * LANES + b] = phi[i];
    }
    group->forecast = (struct forecast){d, T, F, group->states, group->phi};
}

enum { STEPS = 6, POWERS = STEPS + 1, FITTED = 128, ROOM = T * 3 * LANES };

static double predictions[2][POWERS * ROOM], solver_scratch[4096 * LANES];

/* Losses of a method are those of its solvers, inclusive and lagged. */
static void assert_solvers(const struct bench *bench, int method, const struct solver solvers[2],
                           int per_number)
{
    static struct group group;
    double losses[T * LANES], sums[2][T] = {{0}};
    for (int first = 0; first < TASKS; first += LANES) {
        draw_group(&group, bench, first, per_number);
        const double *next = group.states + group.forecast.d * LANES;
        assert_true(forecast_scratch(&group.forecast) <= COUNT(solver_scratch));
        forecast_solve(predictions[0], NULL, &group.forecast, &solvers[0], solver_scratch);
        forecast_solve(NULL, predictions[1], &group.forecast, &solvers[1], solver_scratch);
        for (int lag = 0; lag < 2; lag++) {
            forecast_losses(losses, predictions[lag], next, T, group.forecast.d);
            for (int i = 0; i < T * LANES; i++)
                sums[lag][i / LANES] += first + i % LANES < TASKS ? losses[i] / TASKS : 0;
        }
    }
    for (int t = 0; t < T; t++)
        for (int lag = 0; lag < 2; lag++)
            assert_near(forecast_loss(bench, t, method, lag), sums[lag][t], 1e-12);
}

/* The polynomials with the least loss on the evaluation set. */
static void fit_polynomials(struct solver best[2], const struct bench *bench, double strength,
                            int per_number)
{
    static struct group group;
    struct polynomial_fit fits[2] = {{.steps = STEPS}, {.steps = STEPS}};
    for (int first = 0; first < TASKS; first += LANES) {
        draw_group(&group, bench, first, per_number);
        int d = group.forecast.d, size = T * d * LANES;
        int lanes = TASKS - first < LANES ? TASKS - first : LANES;
        for (int k = 0; k < POWERS; k++) {
            struct solver power = {
                .kind = SOLVER_POLYNOMIAL, .steps = STEPS, .strength = strength, .gain = 1};
            power.a[k] = 1;
            forecast_solve(predictions[0] + k * size, predictions[1] + k * size, &group.forecast,
                           &power, solver_scratch);
        }
        for (int lag = 0; lag < 2; lag++)
            polynomial_add(&fits[lag], predictions[lag], group.states + d * LANES, T * d, lanes);
    }
    for (int lag = 0; lag < 2; lag++)
        best[lag] = polynomial_best(&fits[lag], strength);
}

/* With theory's solvers, which are held to matrices there, in the same order of sums but over
 * tasks. */
static void iterations_have_six_steps_and_the_stated_numbers(void **state)
{
    (void)state;
    static const struct {
        const struct bench_setting *setting;
        int chebyshev, best, per_number;
        double strength;
    } cases[] = {{&raw, CHEBYSHEV, BEST, 1, .001},
                 {&nonlinear, CHEBYSHEV_FEATURES, BEST_FEATURES, 1, .001},
                 {&observed, CHEBYSHEV_STACKED, BEST_STACKED, WINDOW, 10}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        static struct bench bench;
        struct solver published = solver_published(), best[2];
        bench_open(&bench, cases[k].setting, NULL);
        bench_execute(&bench, "dynamics_baselines");
        published.strength = cases[k].strength;
        assert_solvers(&bench, cases[k].chebyshev, (struct solver[]){published, published},
                       cases[k].per_number);
        fit_polynomials(best, &bench, cases[k].strength, cases[k].per_number);
        assert_solvers(&bench, cases[k].best, best, cases[k].per_number);
        bench_close(&bench);
    }
}

/* Richardson's rate is the best on the first 128 sequences. */
static void iterations_without_numbers_of_their_own_have_six_steps(void **state)
{
    (void)state;
    enum { SIZE = (T + 1) * 3 * LANES };
    static struct bench bench;
    static struct group group;
    static double states[FITTED / LANES * SIZE];
    bench_open(&bench, &raw, NULL);
    bench_execute(&bench, "dynamics_baselines");
    for (int first = 0; first < FITTED; first += LANES) {
        draw_group(&group, &bench, first, 1);
        memcpy(states + first / LANES * SIZE, group.states, sizeof group.states);
    }
    double rate = forecast_richardson_rate(states, FITTED / LANES, T, 3, STEPS, predictions[0],
                                           solver_scratch);
    assert_near(bench_value(&bench, "richardson_rate"), rate, 1e-12);
    struct solver neumann = solver_constant(SOLVER_CHEBYSHEV, STEPS, 1, 0);
    struct solver newton = solver_constant(SOLVER_NEWTON, STEPS, 0, 0);
    struct solver richardson = solver_constant(SOLVER_RICHARDSON, STEPS, rate, 0);
    assert_solvers(&bench, NEUMANN, (struct solver[]){neumann, neumann}, 1);
    assert_solvers(&bench, NEWTON, (struct solver[]){newton, newton}, 1);
    assert_solvers(&bench, RICHARDSON, (struct solver[]){richardson, richardson}, 1);
    bench_close(&bench);
}

/* Its rate is searched: the best of six-step Richardson is no worse than Neumann, its rate 1. */
static void richardson_is_at_its_best(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = linear;
    setting.evaluation.tasks = 128;
    bench_open(&bench, &setting, NULL);
    bench_execute(&bench, "dynamics_baselines");
    double richardson = 0, neumann = 0;
    for (int t = 0; t < T; t++) {
        richardson += forecast_loss(&bench, t, RICHARDSON, 0);
        neumann += forecast_loss(&bench, t, NEUMANN, 0);
    }
    assert_true(richardson < neumann);
    assert_true(bench_value(&bench, "richardson_rate") > 1);
    bench_close(&bench);
}

/* Tuned tokens of the model stand between those of the task; they predict nothing. */
static void rows_that_predict_nothing_are_nan(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = linear;
    setting.model.prefix = 2;
    bench_open(&bench, &setting, NULL);
    bench_execute(&bench, "dynamics_baselines");
    for (int t = 0; t < T + 2; t++) {
        assert_true(isnan(column(&bench, "position_loss")[t]) == (t < 2));
        assert_true(isnan(forecast_loss(&bench, t, DESCENT, 1)) == (t < 2));
    }
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_that_is_descent_has_its_losses),
        cmocka_unit_test(descent_takes_one_step_beside_any_number_of_layers),
        cmocka_unit_test(algorithms_begin_with_nothing),
        cmocka_unit_test(no_iteration_is_better_than_the_best_polynomial),
        cmocka_unit_test(least_squares_knows_features_and_past_observations),
        cmocka_unit_test(iterations_have_six_steps_and_the_stated_numbers),
        cmocka_unit_test(iterations_without_numbers_of_their_own_have_six_steps),
        cmocka_unit_test(richardson_is_at_its_best),
        cmocka_unit_test(rows_that_predict_nothing_are_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
