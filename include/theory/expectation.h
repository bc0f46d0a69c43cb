/* expectation.h - expected losses over all tasks in closed form (science.md section 4, statements
 * 3, 5, 6).
 *
 * x uniform in (-r/2, r/2)^d, entries of W normal with deviation k, context labels with noise of
 * deviation n, one query without, loss .5 |yhat - y|^2. With a = r/2: s2 = a^2/3 = E x^2, m4 =
 * a^4/5 = E x^4, G = sum_i x_i x_i^T: t1 = E tr G   = N d s2 t2 = E tr G^2 = N (d m4 + d (d-1)
 * s2^2) + N (N-1) d s2^2
 */
#ifndef THEORY_EXPECTATION_H
#define THEORY_EXPECTATION_H

#include "task/config.h"

/* Predicting 0: .5 O k^2 d s2. */
double expected_zero_loss(const struct task_config *task);

/* One step of gradient descent from 0 with c = eta/N:
 * .5 O (k^2 s2 (d - 2 c t1 + c^2 t2) + c^2 n^2 N d s2^2). A rate that was chosen at another range
 * is statement 6. */
double expected_descent_loss(const struct task_config *task, double rate);

/* The c that minimises it; without noise t1 / t2. */
double expected_descent_rate(const struct task_config *task);

/* Minimum-norm least squares without noise (n is not read): .5 O k^2 s2 max(d - N, 0). */
double expected_least_squares_loss(const struct task_config *task);

#endif
