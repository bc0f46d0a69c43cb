/* least_squares.h - the best that a linear method can do on one task. */
#ifndef THEORY_LEAST_SQUARES_H
#define THEORY_LEAST_SQUARES_H

#include "theory/regression.h"

/* Doubles of scratch for tasks of this size. */
size_t least_squares_scratch(int d, int N, int O);

/* Task `lane` of the group: prediction[O] = W x_q, W = argmin sum_i |y_i - W x_i|^2, the one of
 * least norm when N < d. By Gram-Schmidt (twice) on the rows of X for N <= d, on its columns for N
 * > d. A vector that depends on the ones before it (its rest is below 1e-12 of its length) is left
 * out: for N <= d that is exact when labels agree; random inputs never do it. Bits as in descent.h.
 */
void least_squares_predict(double *prediction, const struct regression *group, int lane,
                           double *scratch);

/* The same with W = argmin sum_i |y_i - W x_i|^2 + strength |W|^2, strength > 0 (kernel.h, whose
 * features are the inputs here). */
size_t least_squares_ridge_scratch(int d, int N, int O);
void least_squares_ridge(double *prediction, const struct regression *group, int lane,
                         double strength, double *scratch);

#endif
