/* kernel.h - regression on features of the inputs of one task: kernel regression (science.md 1.6).
 *
 * With k(a, b) = phi(a) . phi(b); the identity as phi gives linear regression. Plain C in double,
 * sums in a fixed order: bits as in descent.h.
 */
#ifndef THEORY_KERNEL_H
#define THEORY_KERNEL_H

#include <stddef.h>

/* One task: N pairs and a query. All is borrowed. */
struct features {
    int N, F, O;
    const double *phi; /* [N + 1][F], the query's last */
    const double *y;   /* [N][O] */
};

/* One step of gradient descent from 0: prediction[O] = rate sum_i k(x_i, x_q) y_i. */
void kernel_descent(double *prediction, const struct features *task, double rate);

/* Doubles of scratch of kernel_ridge. */
size_t kernel_ridge_scratch(int N, int F);

/* prediction[O] = W phi(x_q), W = argmin sum_i |y_i - W phi_i|^2 + strength |W|^2, strength > 0: as
 * (Phi'Phi + strength I)^-1 phi_q for F < N, else in the kernel form, y' (K + strength I)^-1 k_q;
 * by Cholesky. Costs n^2 (n / 6 + max(N, F)) with n the smaller of both. */
void kernel_ridge(double *prediction, const struct features *task, double strength,
                  double *scratch);

#endif
