#include "counting.h"

static const struct kernels *real_kernels;
static struct kernels counting;
static double total;

static void count(double multiply_adds)
{
    total += multiply_adds * LANES;
}

static void count_lanes_lanes(struct matrix C, struct operand A, struct operand B, int m, int n,
                              int k, enum update update)
{
    count((double)m * n * k);
    real_kernels->lanes_lanes(C, A, B, m, n, k, update);
}

static void count_lanes_shared(struct matrix C, struct operand A, struct operand B, int m, int n,
                               int k, enum update update)
{
    count((double)m * n * k);
    real_kernels->lanes_shared(C, A, B, m, n, k, update);
}

static void count_reduce(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                         enum update update)
{
    count((double)m * n * k);
    real_kernels->reduce(C, A, B, m, n, k, update);
}

/* A token: S k, the update of S, the update of Phi, S q, Phi (S q). */
static void count_mesa_forward(real *out, real *S, real *sq, const real *q, const real *k,
                               const real *v, real lambda, real *scratch, int T, int K)
{
    count(5.0 * T * K * K);
    real_kernels->mesa_forward(out, S, sq, q, k, v, lambda, scratch, T, K);
}

/* A token: Phi' g, S (Phi' g), the updates of A (symmetric: one product), G and Phi, G k, G' v, A
 * k. */
static void count_mesa_backward(real *dq, real *dk, real *dv, real *dlambda, const real *dout,
                                const real *S, const real *sq, const real *k, const real *v,
                                real lambda, real *scratch, int T, int K)
{
    count(8.0 * T * K * K);
    real_kernels->mesa_backward(dq, dk, dv, dlambda, dout, S, sq, k, v, lambda, scratch, T, K);
}

const struct kernels *counting_kernels(const struct kernels *kernels)
{
    real_kernels = kernels;
    total = 0;
    counting = *kernels;
    counting.lanes_lanes = count_lanes_lanes;
    counting.lanes_shared = count_lanes_shared;
    counting.reduce = count_reduce;
    counting.mesa_forward = count_mesa_forward;
    counting.mesa_backward = count_mesa_backward;
    return &counting;
}

double counting_total(void)
{
    return total;
}
