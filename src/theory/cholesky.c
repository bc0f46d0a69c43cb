#include "cholesky.h"

#include <math.h>

void cholesky_factor(double *A, int n)
{
    for (int j = 0; j < n; j++) {
        double *row = A + j * n;
        row[j] = sqrt(row[j] - dot(row, row, j));
        for (int i = j + 1; i < n; i++)
            A[i * n + j] = (A[i * n + j] - dot(A + i * n, row, j)) / row[j];
    }
}

void cholesky_solve(double *x, const double *L, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = (x[i] - dot(L + i * n, x, i)) / L[i * n + i];
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            x[i] -= L[k * n + i] * x[k];
        x[i] /= L[i * n + i];
    }
}
