/* ridge.h - ridge regression from Gram matrices, with cross-validated strength.
 *
 * One observation is a row (1, x, y) of 1 + n + m numbers, n features and m targets; all that is
 * needed of many rows is the matrix of their products, sum of row' row, which adds up over parts of
 * the data. Features are centred and scaled to deviation 1 over the rows that are fitted; one that
 * does not vary (deviation below 1e-6 of its root mean square) is left out.
 */
#ifndef ANALYSIS_RIDGE_H
#define ANALYSIS_RIDGE_H

#include <stddef.h>

enum { RIDGE_FOLDS = 4 };

struct ridge_data {
    int features, targets;            /* n, m */
    const double *folds[RIDGE_FOLDS]; /* [S][S], S = 1 + n + m: the parts that are fitted */
    const double *test;               /* [S][S]: rows that no fit has seen */
};

/* Doubles of scratch. */
size_t ridge_scratch(int features, int targets);

/* R^2 on the test part, 1 - SSE / SST summed over targets, SST about the test part's own mean. The
 * strength is the one of a fixed list, per row and in units of the variance of a feature, with the
 * least squared error on each fold in turn after a fit to the others. NaN when numbers are not
 * finite or the targets do not vary. Through LAPACK: LEVEL_BLAS. */
double ridge_r2(const struct ridge_data *data, double *scratch);

#endif
