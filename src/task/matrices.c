/* Matrices of dynamics: rotations, and contractions (science.md 2.1). */
#include <math.h>

#include "sequence.h"

/* Gram-Schmidt, each row projected twice, since once is not orthogonal to working precision. */
void orthogonalise(real *W, int d, const struct kernels *kernels, real *along)
{
    int step = d * LANES;
    for (int i = 0; i < d; i++) {
        real *row = W + (ptrdiff_t)i * step;
        for (int pass = 0; pass < 2 && i > 0; pass++) {
            kernels->lanes_lanes((struct matrix){along, LANES, LANES},
                                 (struct operand){W, step, LANES},
                                 (struct operand){row, LANES, LANES}, i, 1, d, SET);
            kernels->lanes_lanes((struct matrix){row, step, LANES},
                                 (struct operand){along, i * LANES, LANES},
                                 (struct operand){W, step, LANES}, 1, d, i, SUBTRACT);
        }
        kernels->unit(row, along, row, d);
    }
}

void draw_orthogonal(real *W, int d, const struct kernels *kernels, struct random_lanes *random,
                     real *along)
{
    kernels->normal(W, random, d * d, 1);
    orthogonalise(W, d, kernels, along);
}

void fixed_orthogonal(real *W, int d, const struct kernels *kernels, real *along)
{
    struct random_lanes random;
    random_seed(&random, 0, STREAM_SHARED, SHARED_ROTATION, 0);
    kernels->normal(W, &random, d * d, 1);
    for (int i = 0; i < d * d; i++)
        kernels->fill(W + (ptrdiff_t)i * LANES, W[(ptrdiff_t)i * LANES], 1);
    orthogonalise(W, d, kernels, along);
}

enum { MOST = 64 }; /* task.dimension at most */

static void swap_rows(double *a, double *b, int n)
{
    for (int j = 0; j < n; j++) {
        double held = a[j];
        a[j] = b[j];
        b[j] = held;
    }
}

/* A X = B, each [n][n], by Gauss and Jordan with the largest pivots; X takes the place of B. */
static void solve(double A[MOST][MOST], double B[MOST][MOST], int n)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            pivot = fabs(A[i][k]) > fabs(A[pivot][k]) ? i : pivot;
        swap_rows(A[k], A[pivot], n);
        swap_rows(B[k], B[pivot], n);
        for (int i = 0; i < n; i++) {
            double factor = i == k ? 0 : A[i][k] / A[k][k];
            for (int j = 0; j < n; j++) {
                A[i][j] -= factor * A[k][j];
                B[i][j] -= factor * B[k][j];
            }
        }
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            B[i][j] /= A[i][i];
}

/* W V = V diag(l), that is V' W' = diag(l) V', in double: V may be nearly singular. */
void draw_contracting(real *W, int d, const struct kernels *kernels, struct random_lanes *random,
                      real *along)
{
    kernels->normal(W, random, d * d, 1);
    kernels->uniform(along, random, d, (real).3, (real).9);
    kernels->fill(along, (real).9, 1);
    for (int b = 0; b < LANES; b++) {
        double A[MOST][MOST], B[MOST][MOST];
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++) {
                A[j][i] = (double)W[(i * d + j) * LANES + b];
                B[j][i] = (double)along[j * LANES + b] * A[j][i];
            }
        solve(A, B, d);
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++)
                W[(i * d + j) * LANES + b] = (real)B[j][i];
    }
}
