#include "theory/kernel.h"

#include <math.h>

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static const double *query_of(const struct features *task)
{
    return task->phi + task->N * task->F;
}

void kernel_descent(double *prediction, const struct features *task, double rate)
{
    for (int o = 0; o < task->O; o++)
        prediction[o] = 0;
    for (int i = 0; i < task->N; i++) {
        double k = rate * dot(task->phi + i * task->F, query_of(task), task->F);
        for (int o = 0; o < task->O; o++)
            prediction[o] += k * task->y[i * task->O + o];
    }
}

size_t kernel_ridge_scratch(int N, int F)
{
    size_t n = (size_t)(F < N ? F : N);
    return n * n + n;
}

/* A[n][n] = L L', L in the lower triangle. */
static void factor(double *A, int n)
{
    for (int j = 0; j < n; j++) {
        double *row = A + j * n;
        row[j] = sqrt(row[j] - dot(row, row, j));
        for (int i = j + 1; i < n; i++)
            A[i * n + j] = (A[i * n + j] - dot(A + i * n, row, j)) / row[j];
    }
}

/* x <- (L L')^-1 x */
static void solve(double *x, const double *L, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = (x[i] - dot(L + i * n, x, i)) / L[i * n + i];
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            x[i] -= L[k * n + i] * x[k];
        x[i] /= L[i * n + i];
    }
}

/* A = Phi'Phi, x = phi_q. */
static void form_primal(double *A, double *x, const struct features *task)
{
    int F = task->F;
    for (int r = 0; r < F; r++) {
        x[r] = query_of(task)[r];
        for (int c = 0; c <= r; c++) {
            double sum = 0;
            for (int i = 0; i < task->N; i++)
                sum += task->phi[i * F + r] * task->phi[i * F + c];
            A[r * F + c] = sum;
        }
    }
}

/* A = Phi Phi', x = Phi phi_q. */
static void form_kernel(double *A, double *x, const struct features *task)
{
    int N = task->N, F = task->F;
    for (int r = 0; r < N; r++) {
        const double *phi = task->phi + r * F;
        x[r] = dot(phi, query_of(task), F);
        for (int c = 0; c <= r; c++)
            A[r * N + c] = dot(phi, task->phi + c * F, F);
    }
}

void kernel_ridge(double *prediction, const struct features *task, double strength, double *scratch)
{
    int N = task->N, F = task->F, n = F < N ? F : N;
    double *A = scratch, *x = scratch + n * n;
    if (F < N)
        form_primal(A, x, task);
    else
        form_kernel(A, x, task);
    for (int i = 0; i < n; i++)
        A[i * n + i] += strength;
    factor(A, n);
    solve(x, A, n);
    for (int o = 0; o < task->O; o++)
        prediction[o] = 0;
    for (int i = 0; i < N; i++) {
        double share = F < N ? dot(task->phi + i * F, x, F) : x[i];
        for (int o = 0; o < task->O; o++)
            prediction[o] += share * task->y[i * task->O + o];
    }
}
