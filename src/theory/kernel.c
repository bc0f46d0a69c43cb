#include "theory/kernel.h"

#include "cholesky.h"

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
    cholesky_factor(A, n);
    cholesky_solve(x, A, n);
    for (int o = 0; o < task->O; o++)
        prediction[o] = 0;
    for (int i = 0; i < N; i++) {
        double share = F < N ? dot(task->phi + i * F, x, F) : x[i];
        for (int o = 0; o < task->O; o++)
            prediction[o] += share * task->y[i * task->O + o];
    }
}
