/* Clipping and the optimisers in double, against their textbook formulas. */
#include "train/optimiser.h"

#include <math.h>
#include <string.h>

#include "test.h"

enum { N = 5 };

static const struct train_config adam = {
    .optimiser = OPTIMISER_ADAM, .beta1 = .9, .beta2 = .98, .epsilon = 1e-8};

/* Some gradient of step t: entries of both signs and of sizes 1e-9 to 1. */
static double gradient_at(int t, int i)
{
    static const double size[N] = {1, -1e-3, .2, 1e-9, -3e-5};
    return size[i] * (1 + .5 * sin(1.7 * t + i));
}

/* Kingma and Ba, algorithm 1, with pow; 50 updates. About ten roundings an update, which the
 * moments forget: 50 * 10 * 1.1e-16 of the path, which is at most 50 * rate. */
static void adam_is_algorithm_1(void **state)
{
    (void)state;
    double w[N] = {.5, -1, 0, 2, 1e-3}, expected[N], m[N] = {0}, v[N] = {0};
    double mean[N] = {0}, square[N] = {0}, gradient[N];
    struct adam_powers powers = {1, 1};
    memcpy(expected, w, sizeof w);
    for (int t = 1; t <= 50; t++) {
        for (int i = 0; i < N; i++) {
            double g = gradient[i] = gradient_at(t, i);
            m[i] = .9 * m[i] + .1 * g;
            v[i] = .98 * v[i] + .02 * g * g;
            double corrected_m = m[i] / (1 - pow(.9, t)), corrected_v = v[i] / (1 - pow(.98, t));
            expected[i] -= .01 * corrected_m / (sqrt(corrected_v) + 1e-8);
        }
        optimiser_step(w, mean, square, &powers, gradient, N, &adam, .01);
    }
    for (int i = 0; i < N; i++)
        assert_true(fabs(w[i] - expected[i]) <= 50 * 10 * 1.1e-16 * 50 * .01);
    assert_true(fabs(powers.beta1 - pow(.9, 50)) <= 50 * 1.2e-16 * powers.beta1);
}

static void decay_shrinks_weights_by_rate_times_decay(void **state)
{
    (void)state;
    double w[2] = {2, -4};
    optimiser_decay(w, 2, .5, .25);
    assert_true(w[0] == 2 - .125 * 2 && w[1] == -4 + .125 * 4);
}

static void sgd_is_weights_minus_rate_times_gradient(void **state)
{
    (void)state;
    struct train_config sgd = {.optimiser = OPTIMISER_SGD};
    struct adam_powers powers = {1, 1};
    double w[2] = {1, -2}, gradient[2] = {4, -.5};
    optimiser_step(w, NULL, NULL, &powers, gradient, 2, &sgd, .25);
    assert_true(w[0] == 0 && w[1] == -1.875);
    assert_true(powers.beta1 == 1 && powers.beta2 == 1);
}

static void clip_by_norm_scales_only_what_is_longer(void **state)
{
    (void)state;
    double g[2] = {3, -4};
    assert_true(gradient_clip(g, 2, 0, 5) == 5);
    assert_true(g[0] == 3 && g[1] == -4);
    assert_true(gradient_clip(g, 2, 0, 2.5) == 5);
    assert_true(g[0] == 1.5 && g[1] == -2);
    assert_true(gradient_clip(g, 2, 0, 0) == 2.5);
    assert_true(g[0] == 1.5 && g[1] == -2);
}

/* 1^2 + ... + 19^2 = 2470: the sum is cut into pieces of eight and a rest. */
static void the_norm_is_that_of_all_entries(void **state)
{
    (void)state;
    double g[19];
    for (int i = 0; i < 19; i++)
        g[i] = i + 1;
    assert_true(gradient_clip(g, 19, 0, 0) == sqrt(2470));
}

static void clip_by_value_comes_first(void **state)
{
    (void)state;
    double g[3] = {30, -.5, -40};
    assert_true(gradient_clip(g, 3, 1, 0) == 1.5); /* sqrt(1 + .25 + 1) */
    assert_true(g[0] == 1 && g[1] == -.5 && g[2] == -1);
    double h[2] = {3, -4};
    assert_true(fabs(gradient_clip(h, 2, 1, .5) - sqrt(2)) < 1e-15);
    assert_true(fabs(h[0] - .5 / sqrt(2)) < 1e-15 && fabs(h[1] + .5 / sqrt(2)) < 1e-15);
}

static void a_gradient_that_is_not_finite_stays_so(void **state)
{
    (void)state;
    double g[2] = {NAN, 1};
    assert_true(isnan(gradient_clip(g, 2, 1, .5)));
    assert_true(isnan(g[0]));
    double h[2] = {INFINITY, 1};
    gradient_clip(h, 2, 0, 1);
    assert_true(isnan(h[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_is_algorithm_1),
        cmocka_unit_test(decay_shrinks_weights_by_rate_times_decay),
        cmocka_unit_test(sgd_is_weights_minus_rate_times_gradient),
        cmocka_unit_test(clip_by_norm_scales_only_what_is_longer),
        cmocka_unit_test(the_norm_is_that_of_all_entries),
        cmocka_unit_test(clip_by_value_comes_first),
        cmocka_unit_test(a_gradient_that_is_not_finite_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
