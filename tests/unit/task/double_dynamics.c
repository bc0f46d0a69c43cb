/* Partially observed and non-linear dynamics (science.md 2.1): matrices, moments and noise of what
 * a sequence shows, and what is refused. */
#include "sample.h"

#include <string.h>

enum { T = 50, N = 15 };

static const double TURN = 1e-6;

static const struct task_config observed = {.kind = TASK_PARTIALLY_OBSERVED,
                                            .dimension = 5,
                                            .state = N,
                                            .context = T,
                                            .outputs = 1,
                                            .input_range = 2,
                                            .weight_scale = 1,
                                            .state_clip = 10,
                                            .tasks = 1};

static const struct task_config nonlinear = {.kind = TASK_NONLINEAR_DYNAMICS,
                                             .dimension = 10,
                                             .context = T,
                                             .outputs = 1,
                                             .input_range = .5,
                                             .weight_scale = 1,
                                             .state_clip = 10,
                                             .tasks = 1};

static void assert_refused(const struct task_config *config, const char *message)
{
    struct task task;
    struct error err;
    assert_int_equal(task_init(&task, config, &(struct tokens_config){.kind = TOKENS_RAW}, &err),
                     ERR_CONFIG);
    assert_string_equal(err.text, message);
}

static void a_state_is_behind_observations_alone(void **state)
{
    (void)state;
    struct task_config config = observed;
    config.state = 0;
    assert_refused(&config, "task.state: task.kind partially_observed needs the size of the state "
                            "behind its 5 observed numbers; the paper: 15, with task.dimension 5");
    config = nonlinear;
    config.state = 15;
    assert_refused(&config, "task.state: task.kind nonlinear_dynamics has no state behind what it "
                            "shows, leave it at 0");
}

/* State t = 0 .. T (s_1 .. s_{T+1}) of a sequence, channel c. */
static double at(const struct sample *s, int t, int c, int b)
{
    int d = s->task.config.dimension;
    const real *from =
        t < s->task.config.context ? s->tokens + t * d * LANES : s->target + (t - 1) * d * LANES;
    return (double)from[c * LANES + b];
}

static void every_token_predicts_the_next_one(void **state)
{
    (void)state;
    const struct task_config *const configs[] = {&observed, &nonlinear};
    for (size_t k = 0; k < COUNT(configs); k++) {
        struct sample *raw = draw(configs[k], TOKENS_RAW, 16);
        struct sample *s = draw(configs[k], TOKENS_CONSTRUCTED, 16);
        int d = configs[k]->dimension;
        assert_int_equal(raw->task.shape.tokens, T);
        assert_int_equal(raw->task.shape.width, d);
        assert_int_equal(raw->task.shape.outputs, d);
        assert_int_equal(raw->task.shape.output_tokens, T);
        assert_memory_equal(raw->target, s->target, sizeof(real) * (size_t)(T * d * LANES));
        for (int t = 0; t < T; t++)
            for (int c = 0; c < d; c++)
                for (int b = 0; b < LANES; b++) {
                    const real *token = s->tokens + (t * 4 * d + c) * LANES + b;
                    assert_true((double)token[2 * d * LANES] == at(raw, t, c, b));
                    assert_true((double)token[3 * d * LANES] == (t > 0 ? at(raw, t - 1, c, b) : 0));
                    assert_true((double)raw->target[(t * d + c) * LANES + b] ==
                                at(raw, t + 1, c, b));
                }
        free(raw);
        free(s);
    }
}

/* As many observations as states, in the plane: C W C^-1 = [o_2 o_3] [o_1 o_2]^-1 has the
 * determinant and the trace of W: 1 and within +-2, or -1 and 0. A row of W is short by
 * 5e-13 / |row|^2 of what was left of it (`unit` adds 1e-12 to the square), which is above 1e-6 in
 * these 128 draws. */
static void states_behind_observations_turn(void **state)
{
    (void)state;
    struct task_config plane = observed;
    plane.dimension = plane.state = 2;
    int turns = 0, mirrors = 0;
    for (int first = 0; first < 8 * LANES; first += LANES) {
        struct sample *s = draw(&plane, TOKENS_RAW, (uint64_t)first);
        for (int b = 0; b < LANES; b++) {
            double o[3][2], M[2][2];
            for (int i = 0; i < 6; i++)
                o[i / 2][i % 2] = at(s, i / 2, i % 2, b);
            double determinant = o[0][0] * o[1][1] - o[0][1] * o[1][0];
            if (fabs(determinant) < 1e-3)
                continue;
            for (int c = 0; c < 2; c++) {
                M[c][0] = (o[1][c] * o[1][1] - o[2][c] * o[0][1]) / determinant;
                M[c][1] = (o[2][c] * o[0][0] - o[1][c] * o[1][0]) / determinant;
            }
            double product = M[0][0] * M[1][1] - M[0][1] * M[1][0], trace = M[0][0] + M[1][1];
            bool turn = product > 0;
            turns += turn;
            mirrors += !turn;
            assert_true(fabs(product - (turn ? 1 : -1)) < TURN);
            assert_true(turn ? fabs(trace) < 2 + TURN : fabs(trace) < TURN);
        }
        free(s);
    }
    assert_true(turns > 16 && mirrors > 16);
}

/* With the same draws, noise adds n' to o_1, of variance v, and C n + n' to o_2, of variance v (1 +
 * N / 4). o_t itself has the variance N / 4 / 3. The square of a normal number has the deviation
 * sqrt 2 of its mean; those of o, in which 5 numbers share C's rows and a state, less than sqrt 8:
 * five deviations. */
static void observations_have_the_stated_variance_and_noise(void **state)
{
    (void)state;
    enum { GROUPS_DRAWN = 64 };
    struct task_config loud = observed;
    loud.noise = .1;
    double first = 0, second = 0, square = 0;
    const double n = GROUPS_DRAWN * LANES * 5, v = .01;
    for (int group = 0; group < GROUPS_DRAWN; group++) {
        struct sample *noisy = draw(&loud, TOKENS_RAW, (uint64_t)(group * LANES));
        struct sample *clean = draw(&observed, TOKENS_RAW, (uint64_t)(group * LANES));
        for (int b = 0; b < LANES; b++)
            for (int c = 0; c < 5; c++) {
                first += pow(at(noisy, 0, c, b) - at(clean, 0, c, b), 2);
                second += pow(at(noisy, 1, c, b) - at(clean, 1, c, b), 2);
                square += pow(at(clean, T, c, b), 2);
            }
        free(noisy);
        free(clean);
    }
    assert_true(fabs(first / n / v - 1) < 5 * sqrt(2 / n));
    assert_true(fabs(second / n / v / (1 + N / 4.) - 1) < 5 * sqrt(8 / n));
    assert_true(fabs(square / n / (N / 12.) - 1) < 5 * sqrt(8 / n * 5));
}

/* f(s) / |f(s)| by definition, A and B from the numbers that all runs share. */
static void define_features(double *features, const double *s, int d)
{
    static real numbers[2 * 4 * 10 * 10 * LANES];
    struct random_lanes random;
    double h[40], length = 0;
    int hidden = 4 * d;
    random_seed(&random, 0, STREAM_SHARED, 1, 0);
    kernels_at(0)->normal(numbers, &random, 2 * hidden * d, (real)1.1);
    for (int j = 0; j < hidden; j++) {
        double x = 0;
        for (int i = 0; i < d; i++)
            x += s[i] * (double)numbers[(i * hidden + j) * LANES];
        h[j] = x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + .044715 * x * x * x)));
    }
    for (int i = 0; i < d; i++) {
        features[i] = 0;
        for (int j = 0; j < hidden; j++)
            features[i] += h[j] * (double)numbers[(hidden * d + j * d + i) * LANES];
        length += features[i] * features[i];
    }
    for (int i = 0; i < d; i++)
        features[i] /= sqrt(length);
}

/* W keeps the products of features: those of two states are those of the two next states, for any
 * two states of a sequence, as exactly as W is orthogonal (see above). The features themselves are
 * sums of 40 numbers below 100. */
static void states_are_rotated_features(void **state)
{
    (void)state;
    struct sample *s = draw(&nonlinear, TOKENS_RAW, 0);
    enum { D = 10 };
    static double features[T][D];
    static real made[T * D * LANES], scratch[2 * REALS];
    assert_true(nonlinear_scratch(&s->task) * LANES < 2 * REALS);
    nonlinear_features(made, s->tokens, T, &s->task, kernels_at(0), scratch);
    for (int b = 0; b < LANES; b++) {
        for (int t = 0; t < T; t++) {
            double now[D];
            for (int c = 0; c < D; c++)
                now[c] = at(s, t, c, b);
            define_features(features[t], now, D);
            for (int c = 0; c < D; c++)
                assert_true(fabs(features[t][c] - (double)made[(t * D + c) * LANES + b]) < 1e-11);
        }
        for (int t = 0; t < T; t++) {
            double before = 0, after = 0;
            for (int c = 0; c < D; c++) {
                before += features[0][c] * features[t][c];
                after += at(s, 1, c, b) * at(s, t + 1, c, b);
            }
            assert_true(fabs(before - after) < TURN);
        }
    }
    free(s);
}

/* A sequence of each kind, without noise. */
static struct task_config of_kind(int kind)
{
    struct task_config config = kind == TASK_PARTIALLY_OBSERVED ? observed : nonlinear;
    config.kind = kind;
    config.context = 6;
    return config;
}

static const int kinds[] = {TASK_LINEAR_DYNAMICS,      TASK_FIXED_DYNAMICS,
                            TASK_CONTRACTING_DYNAMICS, TASK_PARTIALLY_OBSERVED,
                            TASK_NONLINEAR_DYNAMICS,   TASK_FEW_SHOT};

/* The first token is s_1 or C s_1, and s_1 is uniform: half the range, half of it; 15 products. */
static void sequences_begin_in_the_stated_range(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct task_config config = of_kind(kinds[k]);
        double most = 0;
        config.input_range = 2;
        struct sample *s = draw(&config, TOKENS_RAW, 0);
        config.input_range = 1;
        struct sample *half = draw(&config, TOKENS_RAW, 0);
        for (int i = 0; i < config.dimension * LANES; i++) {
            double x = (double)s->tokens[i];
            assert_true(fabs((double)half->tokens[i] - x / 2) < 1e-14);
            most = fmax(most, fabs(x));
        }
        assert_true(most > .9 && (kinds[k] == TASK_PARTIALLY_OBSERVED || most <= 1));
        free(s);
        free(half);
    }
}

/* What is observed is C times a limited state, less than 15 times 6 deviations of .5. */
static void states_of_every_kind_are_limited(void **state)
{
    (void)state;
    const double limit = 1e-6;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct task_config config = of_kind(kinds[k]);
        double most = 0, times = kinds[k] == TASK_PARTIALLY_OBSERVED ? N * 6 * .5 : 1;
        config.state_clip = limit;
        struct sample *s = draw(&config, TOKENS_RAW, 0);
        int count = s->task.shape.output_tokens * config.dimension * LANES;
        for (int i = 0; i < count; i++)
            most = fmax(most, fabs((double)s->target[i]));
        assert_true(most >= limit && most <= times * limit);
        free(s);
    }
}

/* Predicting 0 costs .5 (1 + 10 noise^2) = .5005 (science.md 2.4); |s_{t+1}|^2 has the deviation 2
 * noise about its mean: five deviations of the mean over the tokens of 64 sequences. */
static void predicting_nothing_costs_half(void **state)
{
    (void)state;
    struct task_config config = nonlinear;
    config.noise = .01;
    double square = 0, n = 4 * LANES * T;
    for (int first = 0; first < 4 * LANES; first += LANES) {
        struct sample *s = draw(&config, TOKENS_RAW, (uint64_t)first);
        for (int i = 0; i < T * 10 * LANES; i++)
            square += pow((double)s->target[i], 2);
        free(s);
    }
    assert_true(fabs(.5 * square / n - .5005) < 5 * .01 / sqrt(n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_is_behind_observations_alone),
        cmocka_unit_test(every_token_predicts_the_next_one),
        cmocka_unit_test(states_behind_observations_turn),
        cmocka_unit_test(observations_have_the_stated_variance_and_noise),
        cmocka_unit_test(states_are_rotated_features),
        cmocka_unit_test(sequences_begin_in_the_stated_range),
        cmocka_unit_test(states_of_every_kind_are_limited),
        cmocka_unit_test(predicting_nothing_costs_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
