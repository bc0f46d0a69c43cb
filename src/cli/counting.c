#include "counting.h"

#include "math/mesa.h"

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

static void count_mesa_forward(real *out, real *state, real *sq, const real *q, const real *k,
                               const real *v, real lambda, real *scratch, int T, int K)
{
    count(mesa_forward_cost(T, K));
    real_kernels->mesa_forward(out, state, sq, q, k, v, lambda, scratch, T, K);
}

static void count_mesa_backward(real *dq, real *dk, real *dv, real *dlambda, const real *dout,
                                const real *state, const real *sq, const real *k, const real *v,
                                real lambda, real *scratch, int T, int K)
{
    count(mesa_backward_cost(T, K));
    real_kernels->mesa_backward(dq, dk, dv, dlambda, dout, state, sq, k, v, lambda, scratch, T, K);
}

/* z B, P and V, P . V; then dP and dV, dU and dA. */
static void count_query_forward(real *r, const struct query *query)
{
    count((double)query->D * query->D + 2.0 * query->N * query->D + query->N);
    real_kernels->query_forward(r, query);
}

static void count_query_backward(const struct query_gradient *gradient, const struct query *query,
                                 const real *dr)
{
    count(2.0 * query->N + 2.0 * query->N * query->D);
    real_kernels->query_backward(gradient, query, dr);
}

static void count_uniform_pairs(const struct uniform_pairs *pairs, struct random_lanes *random)
{
    count((double)pairs->n * pairs->O * pairs->d);
    real_kernels->uniform_pairs(pairs, random);
}

const struct kernels *counting_kernels(const struct kernels *kernels)
{
    real_kernels = kernels;
    total = 0;
    counting = *kernels;
    counting.lanes_lanes = count_lanes_lanes;
    counting.lanes_shared = count_lanes_shared;
    counting.reduce = count_reduce;
    counting.query_forward = count_query_forward;
    counting.query_backward = count_query_backward;
    counting.uniform_pairs = count_uniform_pairs;
    counting.mesa_forward = count_mesa_forward;
    counting.mesa_backward = count_mesa_backward;
    return &counting;
}

double counting_total(void)
{
    return total;
}
