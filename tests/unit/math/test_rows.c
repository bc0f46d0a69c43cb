/* Softmax and the normalisations against their definitions in double. */
#include "support.h"

enum { ROWS = 50 };

static real x[ROWS * LANES], y[ROWS * LANES];
static const double u = 0x1p-24;

static void draw(uint64_t seed, double size)
{
    struct source source = {seed};
    source_fill(x, &source, ROWS * LANES);
    for (int i = 0; i < ROWS * LANES; i++)
        x[i] *= (real)size;
}

/* A probability: the argument of exp has two roundings, so an absolute error of 2 u |scale (s -
 * max)|; exp 1.1 ulp = 2.2 u; the sum of n positive terms n u, and the inverse and the product 2 u
 * more. */
static void softmax_is_its_formula(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int n = 1; n <= ROWS; n++) {
        draw((uint64_t)n, 6);
        kernels->softmax(y, x, (real)0.75, n);
        for (int b = 0; b < LANES; b++) {
            double highest = (double)x[b], sum = 0;
            for (int i = 0; i < n; i++)
                highest = fmax(highest, (double)x[i * LANES + b]);
            for (int i = 0; i < n; i++)
                sum += exp(0.75 * ((double)x[i * LANES + b] - highest));
            for (int i = 0; i < n; i++) {
                double v = 0.75 * ((double)x[i * LANES + b] - highest), p = exp(v) / sum;
                assert_true(fabs((double)y[i * LANES + b] - p) <= (8 + n + 18) * u * p);
                assert_true(fabs(v) <= 9); /* 2 u |v| <= 18 u above */
            }
        }
    }
}

static void softmax_of_huge_scores_stays_finite(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        draw(1, 1e30);
        kernels->softmax(y, x, 1, ROWS);
        for (int b = 0; b < LANES; b++) {
            double sum = 0;
            for (int i = 0; i < ROWS; i++)
                sum += (double)y[i * LANES + b];
            assert_true(fabs(sum - 1) <= 4 * u);
        }
    }
}

static void softmax_in_place_is_the_same(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        draw(2, 3);
        kernels->softmax(y, x, 1, ROWS);
        kernels->softmax(x, x, 1, ROWS);
        assert_memory_equal(x, y, sizeof x);
    }
}

/* Mean: error n u max|x|. With |x| <= 1 and a variance near 1/3 that is below 2 n u in y; the
 * variance adds (n + 6) u relative, half of it after the root. */
static void normalise_is_its_formula(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int n = 8; n <= ROWS; n++) {
        real statistics[2 * LANES];
        draw((uint64_t)n, 1);
        kernels->normalise(y, statistics, x, n);
        for (int b = 0; b < LANES; b++) {
            double mean = 0, variance = 0;
            for (int i = 0; i < n; i++)
                mean += (double)x[i * LANES + b] / n;
            for (int i = 0; i < n; i++)
                variance += pow((double)x[i * LANES + b] - mean, 2) / n;
            double inverse = 1 / sqrt(variance + 1e-5);
            assert_true(fabs((double)statistics[b] - mean) <= (n + 1) * u);
            assert_true(fabs((double)statistics[LANES + b] / inverse - 1) <= (n + 8) * u * 2);
            for (int i = 0; i < n; i++) {
                double expected = ((double)x[i * LANES + b] - mean) * inverse;
                assert_true(fabs((double)y[i * LANES + b] - expected) <= 8 * n * u);
            }
        }
    }
}

/* The sum of squares has n + 1 roundings, half of which survive the root, then three. */
static void unit_has_length_one_and_keeps_the_direction(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int n = 1; n <= ROWS; n++) {
        real norm[LANES];
        draw((uint64_t)n, 3);
        kernels->unit(y, norm, x, n);
        for (int b = 0; b < LANES; b++) {
            double length = 1e-12;
            for (int i = 0; i < n; i++)
                length += pow((double)x[i * LANES + b], 2);
            length = sqrt(length);
            assert_true(fabs((double)norm[b] / length - 1) <= (n + 4) * u);
            for (int i = 0; i < n; i++) {
                double expected = (double)x[i * LANES + b] / length;
                assert_true(fabs((double)y[i * LANES + b] - expected) <=
                            (n + 8) * u * fabs(expected));
            }
        }
    }
}

static void rows_of_zeros_give_zeros(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        real statistics[2 * LANES];
        memset(x, 0, sizeof x);
        kernels->unit(y, statistics, x, ROWS);
        for (int i = 0; i < ROWS * LANES; i++)
            assert_true(y[i] == 0);
        kernels->normalise(y, statistics, x, ROWS);
        for (int i = 0; i < ROWS * LANES; i++)
            assert_true(y[i] == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_is_its_formula),
        cmocka_unit_test(softmax_of_huge_scores_stays_finite),
        cmocka_unit_test(softmax_in_place_is_the_same),
        cmocka_unit_test(normalise_is_its_formula),
        cmocka_unit_test(unit_has_length_one_and_keeps_the_direction),
        cmocka_unit_test(rows_of_zeros_give_zeros),
    };
    return cmocka_run_group_tests_name("rows", tests, flush_denormals, NULL);
}
