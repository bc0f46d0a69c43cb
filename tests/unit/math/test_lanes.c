/* Elementwise kernels against their definitions in double. u = 2^-24 is the error of one rounding,
 * relative to the exact result; what each kernel is allowed stands beside it. */
#include "math/peak.h"
#include "support.h"

enum { ROWS = 13, COUNT_ = ROWS * LANES };

static real x[COUNT_], y[COUNT_], z[COUNT_], old[COUNT_], gain[ROWS], bias[ROWS];
static const double u = 0x1p-24;

static int draw(void **state)
{
    (void)state;
    kernels_flush_denormals();
    struct source source = {9};
    source_fill(x, &source, COUNT_);
    source_fill(z, &source, COUNT_);
    source_fill(old, &source, COUNT_);
    source_fill(gain, &source, ROWS);
    source_fill(bias, &source, ROWS);
    return 0;
}

static void near(int i, double expected, double bound)
{
    if (!(fabs((double)y[i] - expected) <= bound))
        fail_msg("element %d: %.9g, expected %.9g +- %.2g", i, (double)y[i], expected, bound);
}

static void fill_and_copy_are_exact(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        kernels->fill(y, (real)-0.0, ROWS);
        for (int i = 0; i < COUNT_; i++)
            assert_true(y[i] == 0 && signbit(y[i]));
        kernels->copy(y, x, ROWS);
        assert_memory_equal(y, x, sizeof y);
        y[LANES] = 7;
        kernels->copy(y, x, 1); /* one row only */
        assert_true(y[LANES] == 7);
    }
}

static void axpy_and_scale_round_once(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        memcpy(y, old, sizeof y);
        kernels->axpy(y, x, (real)0.3, ROWS);
        for (int i = 0; i < COUNT_; i++) {
            double expected = (double)old[i] + (double)(real)0.3 * (double)x[i];
            near(i, expected, u * fabs(expected));
        }
        kernels->scale(y, x, (real)-1.3, ROWS);
        for (int i = 0; i < COUNT_; i++)
            near(i, (double)(real)-1.3 * (double)x[i], u * fabs(1.3 * (double)x[i]) * 1.01);
    }
}

static void multiply_rounds_once_in_each_update(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int update = SET; update <= SUBTRACT; update++) {
        memcpy(y, old, sizeof y);
        kernels->multiply(y, x, z, (enum update)update, ROWS);
        for (int i = 0; i < COUNT_; i++) {
            double product = (double)x[i] * (double)z[i], before = (double)old[i];
            double expected = update == SET   ? product
                              : update == ADD ? before + product
                                              : before - product;
            near(i, expected, u * fabs(expected) * 1.01);
        }
    }
}

static void affine_applies_what_is_given(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int given = 0; given < 4; given++) {
        kernels->affine(y, x, given & 1 ? gain : NULL, given & 2 ? bias : NULL, ROWS);
        for (int i = 0; i < COUNT_; i++) {
            double expected = (given & 1 ? (double)gain[i / LANES] : 1) * (double)x[i] +
                              (given & 2 ? (double)bias[i / LANES] : 0);
            near(i, expected, u * fabs(expected) * 1.01);
        }
    }
}

static void clip_limits_and_tells(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        assert_true(kernels->clip(y, x, (real)0.5, ROWS));
        for (int i = 0; i < COUNT_; i++)
            assert_true(y[i] == (x[i] > (real)0.5    ? (real)0.5
                                 : x[i] < (real)-0.5 ? (real)-0.5
                                                     : x[i]));
        assert_false(kernels->clip(y, x, 1, ROWS));
        assert_memory_equal(y, x, sizeof y);
        for (int i = 0; i < COUNT_; i++) { /* one element outside, anywhere, either side */
            memcpy(y, x, sizeof y);
            y[i] = i % 2 ? 2 : -2;
            assert_true(kernels->clip(y, y, 1, ROWS));
            assert_true(y[i] == (i % 2 ? 1 : -1));
        }
    }
}

static void clip_keeps_what_is_not_a_number(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        memcpy(y, x, sizeof y);
        y[3] = (real)NAN;
        assert_false(kernels->clip(y, y, 1, ROWS));
        assert_true(isnan(y[3]));
        y[4] = (real)-INFINITY;
        assert_true(kernels->clip(y, y, 1, ROWS));
        assert_true(y[4] == -1);
    }
}

static void clip_passes_gradients_only_inside(void **state)
{
    (void)state;
    real at[COUNT_];
    memcpy(at, x, sizeof at);
    at[0] = (real)0.5; /* the limits themselves are inside */
    at[1] = (real)-0.5;
    EACH_OBJECT(kernels)
    {
        kernels->clip_backward(y, z, at, (real)0.5, ROWS);
        for (int i = 0; i < COUNT_; i++)
            assert_true(y[i] == (at[i] > (real)0.5 || at[i] < (real)-0.5 ? 0 : z[i]));
    }
}

/* y = x s(v): v has three roundings of its own and enters exp, so its absolute error is |v| times
 * 3.5 u, exp adds 1.1 ulp (2.2 u), the quotient and product four more, and 1 - s at most once
 * amplifies: (10 + 4 |v|) u |y| is safe. Below v = -87 the function stays at 2^-125 or less. */
static void gelu_is_its_formula(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int range = 1; range <= 1024; range *= 2) {
        real at[COUNT_];
        for (int i = 0; i < COUNT_; i++)
            at[i] = x[i] * (real)range;
        kernels->gelu(y, NULL, at, ROWS);
        for (int i = 0; i < COUNT_; i++) {
            double a = (double)at[i], v = 2 * sqrt(2 / M_PI) * (a + 0.044715 * a * a * a);
            double expected = a / (1 + exp(-v));
            near(i, expected, (10 + 4 * fabs(v)) * u * fabs(expected) + 0x1p-125 * (1 + fabs(a)));
        }
    }
}

/* sums of 13 elements or products over 16 lanes: one rounding of the product, four of the tree */
static void reduce_sum_adds_the_lanes(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int n = 1; n <= ROWS; n++)
        for (int with = 0; with < 2; with++) {
            real sum[ROWS + 1];
            memcpy(sum, gain, sizeof gain);
            sum[n] = 5;
            kernels->reduce_sum(sum, x, with ? z : NULL, n);
            assert_true(sum[n] == 5);
            for (int i = 0; i < n; i++) {
                double expected = (double)gain[i], sizes = fabs(expected);
                for (int b = i * LANES; b < (i + 1) * LANES; b++) {
                    double term = (double)x[b] * (with ? (double)z[b] : 1);
                    expected += term;
                    sizes += fabs(term);
                }
                assert_true(fabs((double)sum[i] - expected) <= 6.1 * u * sizes);
            }
        }
}

/* x = x/2 + 1 from 0 is 2 - 2^(1 - rounds), exactly while that has 24 bits. */
static void chains_are_as_long_as_they_say(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int rounds = 0; rounds <= 24; rounds++) {
        real chains[12 * LANES] = {0};
        kernels->fma_chains(chains, rounds);
        for (int i = 0; i < 12 * LANES; i++)
            assert_true(chains[i] == (real)(2 - ldexp(1, 1 - rounds)));
    }
}

static void the_peak_is_a_rate(void **state)
{
    (void)state;
    double peak = math_fma_peak(kernels_at(0));
    assert_true(peak > 1e7 && peak < 1e13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_and_copy_are_exact),
        cmocka_unit_test(axpy_and_scale_round_once),
        cmocka_unit_test(multiply_rounds_once_in_each_update),
        cmocka_unit_test(affine_applies_what_is_given),
        cmocka_unit_test(clip_limits_and_tells),
        cmocka_unit_test(clip_keeps_what_is_not_a_number),
        cmocka_unit_test(clip_passes_gradients_only_inside),
        cmocka_unit_test(gelu_is_its_formula),
        cmocka_unit_test(reduce_sum_adds_the_lanes),
        cmocka_unit_test(chains_are_as_long_as_they_say),
        cmocka_unit_test(the_peak_is_a_rate),
    };
    return cmocka_run_group_tests_name("lanes", tests, draw, NULL);
}
