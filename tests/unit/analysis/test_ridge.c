/* Ridge regression from sums of products against the definition on the rows themselves. */
#include "../theory/near.h"

#include <stdlib.h>
#include <string.h>

#include "../../../src/analysis/ridge.h"
#include "../theory/sample.h"
#include "math/lapack.h"

enum { FOLD = 60, FIT = RIDGE_FOLDS * FOLD, TEST = 100, ROWS = FIT + TEST, S_MAX = 8 };

/* Rows (1, x, y); the first FIT are fitted in folds, the rest is the test. */
struct table {
    int n, m;
    double rows[ROWS][S_MAX];
};

/* The targets as one group; r2 of the test part, or of the first fold itself. */
enum where { HELD_OUT, IN_SAMPLE };

static double from_sums(const struct table *t, enum where where)
{
    enum { SUMS_MAX = S_MAX * (S_MAX + 1) };
    struct ridge_shape shape = {t->n, 1, t->m};
    double sums[RIDGE_FOLDS + 1][SUMS_MAX] = {{0}}, x[ROWS * S_MAX], y[ROWS * S_MAX], r2;
    const double *folds[RIDGE_FOLDS];
    assert_true(ridge_sums(&shape) <= SUMS_MAX);
    for (int i = 0; i < ROWS; i++) {
        memcpy(x + i * (1 + t->n), t->rows[i], sizeof(double) * (size_t)(1 + t->n));
        memcpy(y + i * t->m, t->rows[i] + 1 + t->n, sizeof(double) * (size_t)t->m);
    }
    for (int f = 0; f <= RIDGE_FOLDS; f++) {
        int first = f * FOLD, rows = f < RIDGE_FOLDS ? FOLD : TEST;
        ridge_add(sums[f], &shape, x + first * (1 + t->n), y + first * t->m, rows);
        if (f < RIDGE_FOLDS)
            folds[f] = sums[f];
    }
    double *scratch = malloc(sizeof(double) * ridge_scratch(&shape));
    if (where == HELD_OUT)
        ridge_held_out(&r2, &shape, folds, sums[RIDGE_FOLDS], scratch);
    else
        ridge_in_sample(&r2, &shape, sums[0], scratch);
    free(scratch);
    return r2;
}

/* Gauss-Jordan without pivoting, for positive definite A[n][n]; b becomes the solution. */
static void plain_solve(double A[S_MAX][S_MAX], double *b, int n)
{
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++) {
            double factor = A[i][k] / A[k][k];
            for (int j = 0; i != k && j < n; j++)
                A[i][j] -= factor * A[k][j];
            b[i] -= i != k ? factor * b[k] : 0;
        }
    for (int k = 0; k < n; k++)
        b[k] /= A[k][k];
}

/* Squared error on rows [low, high) of the ridge fit to the first FIT rows outside of [skip_low,
 * skip_high), of target k: two passes over the rows, every formula as in the books. */
static double plain_error(const struct table *t, int k, double strength, int skip_low,
                          int skip_high, int low, int high)
{
    int n = t->n, y = 1 + n + k, count = 0;
    double mean[S_MAX] = {0}, deviation[S_MAX] = {0}, A[S_MAX][S_MAX] = {{0}}, b[S_MAX] = {0};
    for (int pass = 0; pass < 3; pass++)
        for (int r = 0; r < FIT; r++) {
            if (r >= skip_low && r < skip_high)
                continue;
            count += pass == 0;
            const double *row = t->rows[r];
            for (int i = 1; i < 1 + n + t->m; i++) {
                mean[i] += pass == 0 ? row[i] : 0;
                double x = row[i] - mean[i] / count;
                deviation[i] += pass == 1 ? x * x : 0;
            }
            for (int i = 1; pass == 2 && i <= n; i++) {
                double x = (row[i] - mean[i] / count) / sqrt(deviation[i] / count);
                b[i - 1] += x * (row[y] - mean[y] / count) / count;
                for (int j = 1; j <= n; j++)
                    A[i - 1][j - 1] +=
                        x * (row[j] - mean[j] / count) / sqrt(deviation[j] / count) / count;
            }
        }
    for (int i = 0; i < n; i++)
        A[i][i] += strength;
    plain_solve(A, b, n);
    double sum = 0;
    for (int r = low; r < high; r++) {
        double rest = t->rows[r][y] - mean[y] / count;
        for (int i = 1; i <= n; i++)
            rest -= b[i - 1] * (t->rows[r][i] - mean[i] / count) / sqrt(deviation[i] / count);
        sum += rest * rest;
    }
    return sum;
}

static double plain_r2(const struct table *t)
{
    static const double strengths[] = {1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1};
    double best = 0, least = INFINITY, error = 0, total = 0;
    for (size_t s = 0; s < COUNT(strengths); s++) {
        double sum = 0;
        for (int f = 0; f < RIDGE_FOLDS; f++)
            for (int k = 0; k < t->m; k++)
                sum += plain_error(t, k, strengths[s], f * FOLD, (f + 1) * FOLD, f * FOLD,
                                   (f + 1) * FOLD);
        if (sum < least) {
            least = sum;
            best = strengths[s];
        }
    }
    for (int k = 0; k < t->m; k++) {
        double mean = 0;
        for (int r = FIT; r < ROWS; r++)
            mean += t->rows[r][1 + t->n + k] / TEST;
        for (int r = FIT; r < ROWS; r++)
            total += pow(t->rows[r][1 + t->n + k] - mean, 2);
        error += plain_error(t, k, best, 0, 0, FIT, ROWS);
    }
    return 1 - error / total;
}

/* Features with means and scales far apart, targets that are linear plus noise. */
static void fill(struct table *t, int n, int m, double noise, uint64_t seed)
{
    *t = (struct table){.n = n, .m = m};
    for (int r = 0; r < ROWS; r++) {
        double *row = t->rows[r];
        row[0] = 1;
        for (int i = 1; i <= n; i++)
            row[i] = i + pow(10, i - 2) * sample_normal(&seed);
        for (int k = 0; k < m; k++) {
            row[1 + n + k] = 3 + noise * sample_normal(&seed);
            for (int i = 1; i <= n; i++)
                row[1 + n + k] += (i + k) * (row[i] - i) / pow(10, i - 2);
        }
    }
}

/* Noise from none to much more than signal, so that different strengths win. Means up to 100
 * deviations lose 1e4 * 2^-53 in the variances of Gram matrices, relatively. */
static void equals_the_definition(void **state)
{
    (void)state;
    static const double noises[] = {.1, 1, 10, 100, 1000};
    static struct table t;
    for (size_t i = 0; i < COUNT(noises); i++)
        for (int m = 1; m <= 2; m++) {
            fill(&t, 4, m, noises[i], 100 * i + (uint64_t)m);
            assert_near(from_sums(&t, HELD_OUT), plain_r2(&t), 1e-10);
        }
}

static void a_target_that_is_linear_in_the_features_is_read_exactly(void **state)
{
    (void)state;
    static struct table t;
    fill(&t, 5, 2, 0, 7);
    assert_near(from_sums(&t, HELD_OUT), 1, 1e-12);
}

/* The test's own mean is in SST, so noise gives about -(n + 1)/FIT; spread 2 sqrt(n/FIT/TEST) and
 * less with ridge: within .1 of 0 for n = 4. */
static void noise_is_not_read(void **state)
{
    (void)state;
    static struct table t;
    fill(&t, 4, 1, 1e9, 8);
    double r2 = from_sums(&t, HELD_OUT);
    assert_near(r2, 0, .1);
    assert_true(r2 != 0);
}

/* Least squares on FOLD rows of pure noise explains n / (FOLD - 1) of it on average: the share of
 * directions; its deviation is sqrt(2 n) / FOLD for few features. A copy of a feature is no new
 * direction, and neither is one that differs from it by rounding errors of a float. */
static void in_sample_is_the_share_of_directions(void **state)
{
    (void)state;
    enum { n = 3, REPEATS = 200 };
    static struct table t;
    double sum[3] = {0};
    for (int i = 0; i < REPEATS; i++) {
        fill(&t, n, 1, 1e9, 1000 + (uint64_t)i);
        sum[0] += from_sums(&t, IN_SAMPLE);
        t.n = n + 1;
        for (int copy = 1; copy <= 2; copy++) {
            for (int r = 0; r < ROWS; r++) {
                t.rows[r][2 + n] = copy == 1 ? t.rows[r][1 + n] : t.rows[r][2 + n];
                t.rows[r][1 + n] = t.rows[r][2] * (copy == 1 ? 1 : 1 + 1e-7 * (r % 3));
            }
            sum[copy] += from_sums(&t, IN_SAMPLE);
        }
    }
    assert_near(sum[0] / REPEATS, (double)n / (FOLD - 1), 4 * sqrt(2. * n / REPEATS) / FOLD);
    for (int copy = 1; copy <= 2; copy++)
        assert_near(sum[copy] / REPEATS, sum[0] / REPEATS, 1e-4);
}

/* Strength 1e-10 keeps what two features differ in by 1e-4 of their size, 5e-9 of the variance of
 * both. Rounding: 2^-53 over 5e-9. */
static void in_sample_is_nearly_least_squares(void **state)
{
    (void)state;
    static struct table t;
    uint64_t seed = 13;
    double mean = 0, total = 0;
    fill(&t, 2, 1, 1, 12);
    for (int r = 0; r < FOLD; r++) {
        double own = sample_normal(&seed);
        t.rows[r][2] = t.rows[r][1] + 1e-4 * own;
        t.rows[r][3] = own;
        mean += own / FOLD;
    }
    for (int r = 0; r < FOLD; r++)
        total += pow(t.rows[r][3] - mean, 2);
    double r2 = 1 - plain_error(&t, 0, 1e-10, FOLD, FIT, 0, FOLD) / total;
    assert_near(from_sums(&t, IN_SAMPLE), r2, 1e-6);
    assert_true(r2 > .9);
}

/* Groups of targets do not know each other: neither strengths nor numbers that are not finite. */
static void groups_are_probes_of_their_own(void **state)
{
    (void)state;
    static struct table t, one;
    struct ridge_shape shape = {3, 3, 1};
    double sums[RIDGE_FOLDS + 1][40] = {{0}}, x[ROWS * 4], y[ROWS * 3], r2[3], scratch[400];
    const double *folds[RIDGE_FOLDS] = {sums[0], sums[1], sums[2], sums[3]};
    assert_true(ridge_sums(&shape) <= COUNT(sums[0]) && ridge_scratch(&shape) <= COUNT(scratch));
    fill(&t, 3, 3, 30, 11);
    for (int i = 0; i < ROWS; i++) {
        t.rows[i][5] = i == 7 ? NAN : t.rows[i][5];
        t.rows[i][6] += 100 * t.rows[i][1];
        memcpy(x + i * 4, t.rows[i], sizeof(double) * 4);
        memcpy(y + i * 3, t.rows[i] + 4, sizeof(double) * 3);
    }
    for (int f = 0; f <= RIDGE_FOLDS; f++)
        ridge_add(sums[f], &shape, x + f * FOLD * 4, y + f * FOLD * 3,
                  f < RIDGE_FOLDS ? FOLD : TEST);
    ridge_held_out(r2, &shape, folds, sums[RIDGE_FOLDS], scratch);
    for (int g = 0; g < 3; g++) {
        one = t;
        one.m = 1;
        for (int i = 0; i < ROWS; i++)
            one.rows[i][4] = t.rows[i][4 + g];
        if (g == 1)
            assert_true(isnan(r2[g]));
        else
            assert_near(r2[g], from_sums(&one, HELD_OUT), 1e-12);
    }
}

/* A constant feature, and a copy of another one, add nothing but rounding: the copy halves the
 * effective ridge of its direction, 1e-8 of it. Constant is what varies by less than 1e-6. */
static void constant_and_repeated_features_change_nothing(void **state)
{
    (void)state;
    static struct table t, more;
    fill(&t, 3, 1, 0.5, 9);
    more = t;
    more.n = 5;
    for (int r = 0; r < ROWS; r++) {
        more.rows[r][4] = .7;
        more.rows[r][5] = t.rows[r][2];
        more.rows[r][6] = t.rows[r][4];
    }
    assert_near(from_sums(&more, HELD_OUT), from_sums(&t, HELD_OUT), 1e-3);
    for (int r = 0; r < ROWS; r++)
        more.rows[r][5] = .3;
    assert_near(from_sums(&more, HELD_OUT), from_sums(&t, HELD_OUT), 1e-12);
    for (int r = 0; r < ROWS; r++) /* 3e-7 of its size, though it tells the target */
        more.rows[r][5] = 1 + 1e-7 * (t.rows[r][4] > 3 ? 3 : -3);
    assert_near(from_sums(&more, HELD_OUT), from_sums(&t, HELD_OUT), 1e-12);
}

static void numbers_that_are_not_finite_and_targets_that_do_not_vary_give_nan(void **state)
{
    (void)state;
    static struct table t;
    static const struct {
        int row, column;
        double value;
    } faults[] = {
        {3, 2, NAN}, {3, 2, INFINITY}, {FIT + 1, 1, NAN}, {3, 4, NAN}, {FIT, 4, INFINITY}};
    for (size_t i = 0; i < COUNT(faults); i++) {
        fill(&t, 3, 1, 1, 10);
        t.rows[faults[i].row][faults[i].column] = faults[i].value;
        assert_true(isnan(from_sums(&t, HELD_OUT)));
    }
    fill(&t, 3, 1, 1, 10);
    for (int r = 0; r < ROWS; r++)
        t.rows[r][4] = 0;
    assert_true(isnan(from_sums(&t, HELD_OUT)));
}

int main(void)
{
    lapack_threads(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_definition),
        cmocka_unit_test(a_target_that_is_linear_in_the_features_is_read_exactly),
        cmocka_unit_test(noise_is_not_read),
        cmocka_unit_test(in_sample_is_the_share_of_directions),
        cmocka_unit_test(in_sample_is_nearly_least_squares),
        cmocka_unit_test(groups_are_probes_of_their_own),
        cmocka_unit_test(constant_and_repeated_features_change_nothing),
        cmocka_unit_test(numbers_that_are_not_finite_and_targets_that_do_not_vary_give_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
