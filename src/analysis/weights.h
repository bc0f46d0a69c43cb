/* weights.h - what analyses ask of the products of attention's weights (theory/products.h).
 * Row-major doubles, sums in a fixed order: equal bits everywhere. */
#ifndef ANALYSIS_WEIGHTS_H
#define ANALYSIS_WEIGHTS_H

#include "analysis/analysis.h"
#include "theory/products.h"

/* Whether a run is linear regression by a transformer whose stream is the joint tokens (x, y), and
 * which is nothing but attention of this kind ("linear") with one set of weights. */
bool plain_attention(const struct task_config *task, const struct tokens_config *tokens,
                     const struct model_config *model, const char *kind);

/* Mean of entries first .. first + count - 1 of the diagonal of A[n][n]. */
double mean_diagonal(const double *A, int n, int first, int count);

/* M' = M / m and U' = m U, m the mean of the first d entries of M's diagonal. */
void normalise_products(double *M, double *U, int D, int d);

#endif
