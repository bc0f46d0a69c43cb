/* Ridge regression from Gram matrices against the definition on the rows themselves. */
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

static double from_grams(const struct table *t)
{
    int S = 1 + t->n + t->m;
    double grams[RIDGE_FOLDS + 1][S_MAX * S_MAX] = {{0}}, packed[ROWS * S_MAX];
    for (int i = 0; i < ROWS; i++)
        memcpy(packed + i * S, t->rows[i], sizeof(double) * (size_t)S);
    struct ridge_data data = {.features = t->n, .targets = t->m, .test = grams[RIDGE_FOLDS]};
    for (int f = 0; f < RIDGE_FOLDS; f++) {
        lapack_gram(grams[f], packed + f * FOLD * S, FOLD, S);
        data.folds[f] = grams[f];
    }
    lapack_gram(grams[RIDGE_FOLDS], packed + FIT * S, TEST, S);
    double *scratch = malloc(sizeof(double) * ridge_scratch(t->n, t->m));
    double r2 = ridge_r2(&data, scratch);
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
            assert_near(from_grams(&t), plain_r2(&t), 1e-10);
        }
}

static void a_target_that_is_linear_in_the_features_is_read_exactly(void **state)
{
    (void)state;
    static struct table t;
    fill(&t, 5, 2, 0, 7);
    assert_near(from_grams(&t), 1, 1e-12);
}

/* The test's own mean is in SST, so noise gives about -(n + 1)/FIT; spread 2 sqrt(n/FIT/TEST) and
 * less with ridge: within .1 of 0 for n = 4. */
static void noise_is_not_read(void **state)
{
    (void)state;
    static struct table t;
    fill(&t, 4, 1, 1e9, 8);
    double r2 = from_grams(&t);
    assert_near(r2, 0, .1);
    assert_true(r2 != 0);
}

/* A constant feature, and a copy of another one, add nothing but rounding: the copy halves the
 * effective ridge of its direction, 1e-8 of it. */
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
    assert_near(from_grams(&more), from_grams(&t), 1e-3);
    for (int r = 0; r < ROWS; r++)
        more.rows[r][5] = .3;
    assert_near(from_grams(&more), from_grams(&t), 1e-12);
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
        assert_true(isnan(from_grams(&t)));
    }
    fill(&t, 3, 1, 1, 10);
    for (int r = 0; r < ROWS; r++)
        t.rows[r][4] = 0;
    assert_true(isnan(from_grams(&t)));
}

int main(void)
{
    lapack_threads(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_definition),
        cmocka_unit_test(a_target_that_is_linear_in_the_features_is_read_exactly),
        cmocka_unit_test(noise_is_not_read),
        cmocka_unit_test(constant_and_repeated_features_change_nothing),
        cmocka_unit_test(numbers_that_are_not_finite_and_targets_that_do_not_vary_give_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
