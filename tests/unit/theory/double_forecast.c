/* The algorithms of paper 2 against their definitions with whole matrices; the construction in the
 * real transformer (statement 8 of science.md), the mesa layer as ridge regression, and the
 * expected losses (statement 9). */
#include "runner.h"

#include "theory/construction.h"
#include "theory/forecast.h"

enum { d = 3, T = 7, F = 4, ROOM = 64 };

/* 16 sequences of random states and features. */
struct sequences {
    double states[T * d * LANES], features[T * F * LANES];
    double inclusive[T * d * LANES], lagged[T * d * LANES], scratch[4096 * LANES];
    struct forecast forecast;
};

static struct sequences *draw(bool own_features)
{
    struct sequences *s = calloc(1, sizeof *s);
    uint64_t seed = 3;
    for (size_t i = 0; i < COUNT(s->states); i++)
        s->states[i] = sample_normal(&seed);
    for (size_t i = 0; i < COUNT(s->features); i++)
        s->features[i] = sample_normal(&seed);
    s->forecast = (struct forecast){d, T, own_features ? F : d, s->states,
                                    own_features ? s->features : s->states};
    assert_true(forecast_scratch(&s->forecast) <= COUNT(s->scratch));
    return s;
}

static double phi_at(const struct sequences *s, int t, int i, int b)
{
    return s->forecast.features[(t * s->forecast.F + i) * LANES + b];
}

/* R [n][n] and C [d][n] of the pairs that end at tokens 1 .. last (counted from 0). */
static void sums(double *R, double *C, const struct sequences *s, int last, int b)
{
    int n = s->forecast.F;
    memset(R, 0, sizeof(double) * (size_t)(n * n));
    memset(C, 0, sizeof(double) * (size_t)(d * n));
    for (int t = 1; t <= last; t++)
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < n; i++)
                R[i * n + j] += phi_at(s, t - 1, i, b) * phi_at(s, t - 1, j, b);
            for (int i = 0; i < d; i++)
                C[i * n + j] += s->states[(t * d + i) * LANES + b] * phi_at(s, t - 1, j, b);
        }
}

/* X = A B, all [n][n]; X may be A or B. */
static void multiply(double *X, const double *A, const double *B, int n)
{
    double result[ROOM] = {0};
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int k = 0; k < n; k++)
                result[i * n + j] += A[i * n + k] * B[k * n + j];
    memcpy(X, result, sizeof(double) * (size_t)(n * n));
}

/* X = x 1 + y A */
static void combine(double *X, double x, double y, const double *A, int n)
{
    for (int i = 0; i < n * n; i++)
        X[i] = (i % (n + 1) == 0 ? x : 0) + y * A[i];
}

/* A <- A^-1 by Gauss and Jordan; A is positive definite. */
static void invert(double *A, int n)
{
    for (int k = 0; k < n; k++) {
        double pivot = A[k * n + k];
        for (int j = 0; j < n; j++)
            A[k * n + j] /= pivot;
        A[k * n + k] = 1 / pivot;
        for (int i = 0; i < n; i++) {
            double factor = A[i * n + k];
            if (i == k)
                continue;
            for (int j = 0; j < n; j++)
                A[i * n + j] =
                    j == k ? -factor * A[k * n + k] : A[i * n + j] - factor * A[k * n + j];
        }
    }
}

/* The matrix that takes phi_t to C's argument, from R, as forecast.h defines it. */
static void define_solver(double *X, const double *R, const struct solver *solver, int n)
{
    double A[ROOM], term[ROOM], before[ROOM], step[ROOM], norm = 0, trace = 0;
    bool product = solver->kind == SOLVER_PRODUCT, newton = solver->kind == SOLVER_NEWTON;
    combine(A, product ? 0 : solver->strength, 1, R, n);
    for (int i = 0; i < n * n; i++)
        norm += A[i] * A[i];
    for (int i = 0; i < n; i++)
        trace += A[i * n + i];
    norm = product ? 1 : newton ? trace : sqrt(norm);
    for (int i = 0; i < n * n; i++)
        A[i] /= norm;
    bool polynomial = solver->kind == SOLVER_POLYNOMIAL;
    combine(X, polynomial ? solver->a[solver->steps] : 1, 0, A, n);
    memcpy(term, X, sizeof term);
    memcpy(before, X, sizeof before);
    for (int k = solver->steps - 1; polynomial && k >= 0; k--) { /* Horner's scheme */
        multiply(X, X, A, n);
        for (int i = 0; i < n; i++)
            X[i * (n + 1)] += solver->a[k];
    }
    for (int k = 0; k < solver->steps && !polynomial; k++) {
        combine(step, 1, -solver->a[k], A, n);
        if (solver->kind == SOLVER_CHEBYSHEV) {
            multiply(term, term, step, n);
            for (int i = 0; i < n * n; i++) {
                double now = X[i];
                X[i] += term[i] + solver->b[k] * (X[i] - before[i]);
                before[i] = now;
            }
        } else if (newton) {
            multiply(step, A, X, n);
            combine(step, 2, -1, step, n);
            multiply(X, X, step, n);
        } else {
            multiply(X, X, step, n);
            for (int i = 0; i < n && !product; i++)
                X[i * (n + 1)] += solver->a[k];
        }
    }
    for (int i = 0; i < n * n; i++)
        X[i] *= solver->gain / norm;
}

/* C X phi_t of every token, inclusive and lagged, with X a function of R; sums of at most 7 terms
 * of order 10, polynomials of degree 63 of A <= 1 and inverses of R + .3: below 1e-11. */
static void assert_matrices(const struct sequences *s,
                            void (*define)(double *X, const double *R, const void *context, int n),
                            const void *context)
{
    int n = s->forecast.F;
    for (int lag = 0; lag < 2; lag++)
        for (int b = 0; b < LANES; b++)
            for (int t = 0; t < T; t++) {
                double R[ROOM], C[ROOM], X[ROOM];
                sums(R, C, s, t - lag, b);
                define(X, R, context, n);
                for (int i = 0; i < d; i++) {
                    double prediction = 0;
                    for (int j = 0; j < n; j++)
                        for (int k = 0; k < n; k++)
                            prediction += C[i * n + j] * X[j * n + k] * phi_at(s, t, k, b);
                    const double *of = lag ? s->lagged : s->inclusive;
                    assert_near(of[(t * d + i) * LANES + b], prediction, 1e-11);
                }
            }
}

static void solver_matrix(double *X, const double *R, const void *context, int n)
{
    define_solver(X, R, context, n);
}

static void ridge_matrix(double *X, const double *R, const void *context, int n)
{
    combine(X, *(const double *)context, 1, R, n);
    invert(X, n);
}

static void descent_matrix(double *X, const double *R, const void *context, int n)
{
    combine(X, *(const double *)context, 0, R, n);
}

static void every_algorithm_is_its_definition(void **state)
{
    (void)state;
    struct solver solvers[] = {solver_published(),
                               solver_constant(SOLVER_CHEBYSHEV, 6, 1, 0),
                               solver_constant(SOLVER_RICHARDSON, 5, 1.7, 0),
                               solver_constant(SOLVER_NEWTON, 6, 0, 0),
                               solver_constant(SOLVER_PRODUCT, 3, .05, 0),
                               solver_constant(SOLVER_POLYNOMIAL, 5, .7, 0)};
    solvers[4].a[1] = .02;
    solvers[4].gain = .3;
    solvers[5].a[2] = -1.3;
    for (int features = 0; features < 2; features++) {
        struct sequences *s = draw(features);
        double strength = .3, eta = .07;
        forecast_ridge(s->inclusive, s->lagged, &s->forecast, strength, s->scratch);
        assert_matrices(s, ridge_matrix, &strength);
        forecast_descent(s->inclusive, s->lagged, &s->forecast, eta, NULL, s->scratch);
        assert_matrices(s, descent_matrix, &eta);
        for (size_t i = 0; i < COUNT(solvers); i++) {
            forecast_solve(s->inclusive, s->lagged, &s->forecast, &solvers[i], s->scratch);
            assert_matrices(s, solver_matrix, &solvers[i]);
        }
        free(s);
    }
}

/* Two ways to the same polynomial. */
static void neumann_is_richardson_with_rate_one(void **state)
{
    (void)state;
    struct sequences *s = draw(true), *other = draw(true);
    struct solver neumann = solver_constant(SOLVER_CHEBYSHEV, 7, 1, 0);
    struct solver richardson = solver_constant(SOLVER_RICHARDSON, 7, 1, 0);
    struct solver newton = solver_constant(SOLVER_NEWTON, 3, 0, 0);
    forecast_solve(s->inclusive, s->lagged, &s->forecast, &neumann, s->scratch);
    forecast_solve(other->inclusive, NULL, &s->forecast, &richardson, s->scratch);
    forecast_solve(NULL, other->lagged, &s->forecast, &newton, s->scratch);
    bool apart = false;
    for (size_t i = 0; i < COUNT(s->inclusive); i++) {
        assert_near(s->inclusive[i], other->inclusive[i], 1e-12);
        apart = apart || fabs(s->lagged[i] - other->lagged[i]) > 1e-3; /* another norm */
    }
    assert_true(apart);
    free(s);
    free(other);
}

/* Near the least loss it is flat: the rate is known to the root of what rounding leaves of it. */
static void no_rate_of_richardson_is_better_than_the_best(void **state)
{
    (void)state;
    enum { PARTS = 2, STEPS = 4, GROUP = (T + 1) * d * LANES };
    static double states[PARTS * GROUP], loss[3];
    struct sequences *s = draw(false);
    uint64_t seed = 7;
    for (int i = 0; i < PARTS * GROUP; i++)
        states[i] = sample_normal(&seed);
    double best = forecast_richardson_rate(states, PARTS, T, d, STEPS, s->inclusive, s->scratch);
    for (int i = 0; i < 3; i++) {
        struct solver solver =
            solver_constant(SOLVER_RICHARDSON, STEPS, best * (1 + 1e-4 * (i - 1)), 0);
        loss[i] = 0;
        for (int g = 0; g < PARTS; g++) {
            const double *first = states + g * GROUP;
            struct forecast group = {d, T, d, first, first};
            forecast_solve(s->inclusive, NULL, &group, &solver, s->scratch);
            for (int k = 0; k < T * d * LANES; k++)
                loss[i] += pow(s->inclusive[k] - first[d * LANES + k], 2);
        }
    }
    assert_true(loss[1] < loss[0] && loss[1] < loss[2]);
    free(s);
}

/* The coefficients of x after each step from those before: y(A) <- (1 - a A) y(A) and so on. Theirs
 * grow to 2e3, so sums of them lose four digits. */
/* A^k */
static struct solver unit_power(int steps, int k, double strength)
{
    struct solver solver = {
        .kind = SOLVER_POLYNOMIAL, .steps = steps, .strength = strength, .gain = 1};
    solver.a[k] = 1;
    return solver;
}

static struct solver as_polynomial(const struct solver *chebyshev)
{
    struct solver result = unit_power(chebyshev->steps, 0, chebyshev->strength);
    double term[SOLVER_STEPS] = {1}, before[SOLVER_STEPS] = {1};
    for (int k = 0; k < chebyshev->steps; k++) {
        for (int i = chebyshev->steps; i > 0; i--)
            term[i] -= chebyshev->a[k] * term[i - 1];
        for (int i = 0; i <= chebyshev->steps; i++) {
            double now = result.a[i];
            result.a[i] += term[i] + chebyshev->b[k] * (now - before[i]);
            before[i] = now;
        }
    }
    return result;
}

static double squared_error(const double *predictions, const double *next)
{
    double sum = 0;
    for (int i = 0; i < T * d * LANES; i++)
        sum += pow(predictions[i] - next[i], 2);
    return sum;
}

/* In one walk what the polynomials A^k give in a walk each, to the bit. */
static void powers_are_the_polynomials_of_one_term(void **state)
{
    (void)state;
    enum { STEPS = 6, SIZE = T * d * LANES };
    static double inclusive[(STEPS + 1) * SIZE], lagged[(STEPS + 1) * SIZE];
    struct sequences *s = draw(true);
    forecast_powers(inclusive, lagged, &s->forecast, STEPS, .3, s->scratch);
    for (int k = 0; k <= STEPS; k++) {
        struct solver power = unit_power(STEPS, k, .3);
        forecast_solve(s->inclusive, s->lagged, &s->forecast, &power, s->scratch);
        assert_memory_equal(inclusive + k * SIZE, s->inclusive, SIZE * sizeof(double));
        assert_memory_equal(lagged + k * SIZE, s->lagged, SIZE * sizeof(double));
    }
    free(s);
}

/* The published (a, b) are one of the polynomials, and none of them is better than the best one:
 * neither it nor what is near it. The ridge adds less than 1e-12 of the squares. */
static void no_polynomial_is_better_than_the_best(void **state)
{
    (void)state;
    enum { STEPS = 6, SIZE = T * d * LANES };
    static double powers[(STEPS + 1) * SIZE], next[SIZE];
    struct sequences *s = draw(true), *other = draw(true);
    struct solver published = solver_published(), same = as_polynomial(&published);
    struct polynomial_fit fit = {.steps = STEPS};
    uint64_t seed = 8;
    for (int i = 0; i < SIZE; i++)
        next[i] = sample_normal(&seed);
    forecast_powers(powers, NULL, &s->forecast, STEPS, .001, s->scratch);
    polynomial_add(&fit, powers, next, T * d, LANES);
    struct solver best = polynomial_best(&fit, .001);
    forecast_solve(s->inclusive, NULL, &s->forecast, &published, s->scratch);
    forecast_solve(other->inclusive, NULL, &s->forecast, &same, s->scratch);
    for (int i = 0; i < SIZE; i++)
        assert_near(s->inclusive[i], other->inclusive[i], 1e-9);
    forecast_solve(other->inclusive, NULL, &s->forecast, &best, s->scratch);
    double least = squared_error(other->inclusive, next);
    assert_true(least < squared_error(s->inclusive, next));
    for (int k = 0; k <= STEPS; k++)
        for (int sign = -1; sign <= 1; sign += 2) {
            struct solver near = best;
            near.a[k] += sign * .01;
            forecast_solve(s->inclusive, NULL, &s->forecast, &near, s->scratch);
            assert_true(least < squared_error(s->inclusive, next) * (1 + 1e-12));
        }
    free(s);
    free(other);
}

static void a_polynomial_of_nothing_predicts_nothing(void **state)
{
    (void)state;
    struct polynomial_fit fit = {.steps = 3};
    struct solver best = polynomial_best(&fit, 1);
    for (int k = 0; k <= 3; k++)
        assert_near(best.a[k], 0, 0);
}

/* With a start the labels are what it leaves, and it is added again. */
static void descent_begins_where_it_is_told(void **state)
{
    (void)state;
    struct sequences *s = draw(true);
    double start[d * F], eta = .07;
    uint64_t seed = 9;
    for (int i = 0; i < d * F; i++)
        start[i] = sample_normal(&seed);
    forecast_descent(s->inclusive, s->lagged, &s->forecast, eta, start, s->scratch);
    for (int b = 0; b < LANES; b++)
        for (int t = 0; t < T; t++) {
            double Phi[d * F];
            memcpy(Phi, start, sizeof Phi);
            for (int i = 1; i <= t; i++)
                for (int o = 0; o < d; o++) {
                    double error = s->states[(i * d + o) * LANES + b];
                    for (int j = 0; j < F; j++)
                        error -= start[o * F + j] * phi_at(s, i - 1, j, b);
                    for (int j = 0; j < F; j++)
                        Phi[o * F + j] += eta * error * phi_at(s, i - 1, j, b);
                }
            for (int o = 0; o < d; o++) {
                double prediction = 0;
                for (int j = 0; j < F; j++)
                    prediction += Phi[o * F + j] * phi_at(s, t, j, b);
                assert_near(s->inclusive[(t * d + o) * LANES + b], prediction, 1e-12);
            }
        }
    free(s);
}

static void losses_are_half_squared_distances(void **state)
{
    (void)state;
    double predictions[2 * d * LANES], next[2 * d * LANES], losses[2 * LANES];
    for (int i = 0; i < 2 * d * LANES; i++) {
        predictions[i] = i;
        next[i] = i - 1 - i / (d * LANES);
    }
    forecast_losses(losses, predictions, next, 2, d);
    for (int b = 0; b < LANES; b++) {
        assert_near(losses[b], .5 * d, 0);
        assert_near(losses[LANES + b], .5 * d * 4, 0);
    }
}

/* ---- statement 8 */

#define CAUSAL_MODEL .keys_from = KEYS_CAUSAL, .damping = 1, .frozen = {"none"}

/* States [T][d] of the tokens that the pass of a runner holds, parts 3. */
static void read_states(struct sequences *s, struct runner *runner)
{
    const real *tokens = pass_tokens(runner->pass);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < d * LANES; i++)
            s->states[t * d * LANES + i] = (double)tokens[(t * 4 + 2) * d * LANES + i];
}

/* Predictions are of order 1 and sums of a few dozen products of such numbers: 1e-12. */
static void the_construction_is_the_algorithm(void **state)
{
    (void)state;
    static const double damping[] = {.1, -.05, .2};
    static const struct {
        struct model_config model;
        bool masked;
    } cases[] = {
        {{CAUSAL_MODEL, .layers = {"linear*"}, .depth = 1, .heads = 2, .key_size = 5}, true},
        {{CAUSAL_MODEL, .layers = {"linear*"}, .depth = 1, .heads = 1, .key_size = 3}, false},
        {{CAUSAL_MODEL, .layers = {"linear*"}, .depth = 2, .heads = 2, .key_size = 3}, false},
        {{.keys_from = KEYS_CAUSAL,
          .frozen = {"none"},
          .layers = {"linear*"},
          .depth = 4,
          .heads = 1,
          .key_size = 4,
          .damping = .5},
         false},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct runner runner;
        struct sequences *s = draw(false);
        struct tokens_config tokens = {.kind = TOKENS_CONSTRUCTED, .masked = cases[k].masked};
        runner_open(&runner, &small_sequence, &tokens, &cases[k].model);
        assert_true(construction_fits_sequence(&runner.model, &runner.task));
        construction_write_sequence(runner.weights, &runner.model, &runner.task, .3, damping);
        const real *outputs = runner_predict(&runner, 0);
        read_states(s, &runner);
        struct solver solver = solver_constant(SOLVER_PRODUCT, runner.model.L - 1, 0, 0);
        memcpy(solver.a, damping, sizeof damping);
        solver.gain = .3;
        forecast_solve(s->inclusive, NULL, &s->forecast, &solver, s->scratch);
        if (runner.model.L == 1) /* eta C_t s_t */
            forecast_descent(s->lagged, NULL, &s->forecast, .3, NULL, s->scratch);
        for (int i = 0; i < T * d * LANES; i++) {
            assert_near((double)outputs[i], s->inclusive[i], 1e-12);
            if (runner.model.L == 1)
                assert_near((double)outputs[i], s->lagged[i], 1e-12);
        }
        runner_close(&runner);
        free(s);
    }
}

/* Keys s_{i-1}, values s_i, queries s_t in a mesa layer whose lambda is 1 at first: least squares
 * with strength 1 / lambda. */
static void the_mesa_layer_is_ridge_regression(void **state)
{
    (void)state;
    static const struct model_config mesa = {CAUSAL_MODEL, .layers = {"mesa"}, .depth = 1,
                                             .heads = 1, .key_size = 3};
    const double lambda = 2.5;
    struct runner runner;
    struct sequences *s = draw(false);
    runner_open(&runner, &small_sequence, &(struct tokens_config){.kind = TOKENS_CONSTRUCTED},
                &mesa);
    for (int i = 0; i < runner.model.tensor_count; i++) {
        const struct tensor *tensor = &runner.model.tensors[i];
        real *w = runner.weights + tensor->offset;
        if (strcmp(tensor->name, "log_lambda") == 0)
            *w = (real)log(lambda);
        int part = strcmp(tensor->name, "key") == 0 ? 3 : 2;
        for (int c = 0; c < d && tensor->rank == 2; c++)
            w[strcmp(tensor->name, "project") == 0 ? c * 4 * d + c : (part * d + c) * d + c] = 1;
    }
    const real *outputs = runner_predict(&runner, 0);
    read_states(s, &runner);
    forecast_ridge(s->inclusive, NULL, &s->forecast, 1 / lambda, s->scratch);
    for (int i = 0; i < T * d * LANES; i++)
        assert_near((double)outputs[i], s->inclusive[i], 1e-12);
    runner_close(&runner);
    free(s);
}

/* Without these the construction would be written into a model that computes something else. */
static void other_models_do_not_hold_the_construction(void **state)
{
    (void)state;
    static const struct model_config linear = {CAUSAL_MODEL, .layers = {"linear*"}, .depth = 2,
                                               .heads = 1, .key_size = 3};
    struct model_config refused[] = {linear, linear, linear, linear};
    refused[0].key_size = 2;
    refused[1].keys_from = KEYS_CONTEXT;
    refused[2].weights = WEIGHTS_SHARED;
    refused[3].mlp = 4;
    struct task task;
    struct model model;
    struct tokens_config whole = {.kind = TOKENS_CONSTRUCTED}, masked = whole;
    masked.masked = true;
    assert_int_equal(task_init(&task, &small_sequence, &whole, NULL), OK);
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_equal(model_init(&model, &refused[i], &task.shape, NULL), OK);
        assert_false(construction_fits_sequence(&model, &task));
    }
    assert_int_equal(task_init(&task, &small_sequence, &masked, NULL), OK);
    assert_int_equal(model_init(&model, &linear, &task.shape, NULL), OK);
    assert_false(construction_fits_sequence(&model, &task));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_is_its_definition),
        cmocka_unit_test(neumann_is_richardson_with_rate_one),
        cmocka_unit_test(no_rate_of_richardson_is_better_than_the_best),
        cmocka_unit_test(powers_are_the_polynomials_of_one_term),
        cmocka_unit_test(no_polynomial_is_better_than_the_best),
        cmocka_unit_test(a_polynomial_of_nothing_predicts_nothing),
        cmocka_unit_test(descent_begins_where_it_is_told),
        cmocka_unit_test(losses_are_half_squared_distances),
        cmocka_unit_test(the_construction_is_the_algorithm),
        cmocka_unit_test(the_mesa_layer_is_ridge_regression),
        cmocka_unit_test(other_models_do_not_hold_the_construction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
