/* ridge.h - ridge regression from sums of products, with cross-validated strength.
 *
 * One observation is a row (1, x) of 1 + n numbers, n features, and its targets y: `groups` of
 * them, each of `width` numbers that one probe reads together. All that is needed of many
 * observations are sums of products, which add up over parts of the data. Features are centred and
 * scaled to deviation 1 over the rows that are fitted; one that does not vary (deviation below 1e-6
 * of its root mean square) is left out. Through LAPACK: LEVEL_BLAS.
 */
#ifndef ANALYSIS_RIDGE_H
#define ANALYSIS_RIDGE_H

#include <stddef.h>

enum { RIDGE_FOLDS = 4, RIDGE_GROUPS_MAX = 64 };

struct ridge_shape {
    int features, groups, width; /* n; m = groups * width targets; groups <= RIDGE_GROUPS_MAX */
};

/* Doubles of the sums of one part: x'x [1 + n][1 + n], x'y [1 + n][m], y'y [m]. */
size_t ridge_sums(const struct ridge_shape *shape);

/* Adds `rows` observations, x [rows][1 + n] and y [rows][m]. */
void ridge_add(double *sums, const struct ridge_shape *shape, const double *x, const double *y,
               int rows);

/* Doubles of scratch of the two below. */
size_t ridge_scratch(const struct ridge_shape *shape);

/* r2[groups] on the test part, 1 - SSE / SST over the targets of a group, SST about the test part's
 * own mean. The strength of a group is the one of a fixed list, per row and in units of the
 * variance of a feature, with the least squared error on each fold in turn after a fit to the
 * others. NaN when numbers are not finite or the targets do not vary. */
void ridge_held_out(double *r2, const struct ridge_shape *shape,
                    const double *const folds[RIDGE_FOLDS], const double *test, double *scratch);

/* r2[groups] of least squares on the rows themselves that are fitted: with strength 1e-10, which
 * leaves out directions of rounding errors. */
void ridge_in_sample(double *r2, const struct ridge_shape *shape, const double *sums,
                     double *scratch);

#endif
