/* cholesky.h - linear systems of a symmetric, positive definite matrix. Plain C in double, sums in
 * a fixed order: equal bits everywhere. A matrix that is not positive definite gives NaN. */
#ifndef THEORY_CHOLESKY_H
#define THEORY_CHOLESKY_H

static inline double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* A[n][n] = L L': the lower triangle of A is read and becomes L. */
void cholesky_factor(double *A, int n);

/* x[n] <- (L L')^-1 x */
void cholesky_solve(double *x, const double *L, int n);

#endif
