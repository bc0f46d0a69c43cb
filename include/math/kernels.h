/* kernels.h - what the engine's inner loops are made of, once for each instruction set.
 *
 * One source (src/math/isa/) is compiled as avx512, avx2 and generic objects; kernels_best() picks
 * one at the start of a run. All give the same bits: every multiply-add is a fused one, written as
 * such; each lane is computed by itself in an order fixed by the shapes; sums over lanes are one
 * fixed tree (lane b + lane b+8, then +4, +2, +1).
 *
 * Shapes are in brackets, last index contiguous; [n][LANES] has one value a lane. A `lanes` view
 * has element (i,j) of lane b at at[i*row + j*column + b]; a `shared` view (one matrix for all
 * lanes) at at[i*row + j*column]; strides in reals, any, also negative or 0 for what is only read.
 * Buffers that are written never overlap others unless said. Nothing allocates, nothing fails; a
 * number that is not finite is passed on. `m`, `n`, `k` >= 1 (k = 0 gives sums of nothing).
 */
#ifndef MATH_KERNELS_H
#define MATH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "math/real.h"

/* Each fits two registers: three of them, passed through memory, cost as much as a small product.
 */
struct matrix { /* written (or read and written) */
    real *at;
    int row, column;
};

struct operand { /* read */
    const real *at;
    int row, column;
};

/* What happens to the old value of an output: C = AB, C += AB, C -= AB. */
enum update { SET, ADD, SUBTRACT };

/* Linear attention of one query z over the context C when one channel of the values is read:
 * scores (z B) C', values C a. Vectors are lanes; B [D,D] and the column a [D,1] shared. */
struct query {
    const real *z, *C;   /* [D], [N][D] */
    struct operand B, a; /* rows `row` apart, columns of B side by side */
    int N, D;
    real *U, *P, *V; /* z B [D], U C' [N], C a [N]: written forward, read backward */
};

struct query_gradient {
    real *dU, *dP, *dV; /* written */
    struct matrix dA;   /* [D,1] lanes: dV' C is added */
};

/* xoshiro128+ in every lane; the 128-bit states come whole from Philox4x32-10, so that a lane's
 * numbers are a function of (seed, stream, step, task). */
struct random_lanes {
    uint32_t state[4][LANES];
};

/* n pairs of one W a lane: x_i uniform in [low, high)^d, y_i = W x_i. */
struct uniform_pairs {
    real *x, *y;   /* [n][d], [n][O], written: in both, one pair is `pair` reals from the next */
    const real *W; /* [O][d] */
    int n, d, O, pair; /* O >= 1 */
    real low, high;
};

struct kernels {
    const char *name; /* "avx512", "avx2", "generic" */

    /* ---- products. C[m,n] (update)= sum over k of A[m,k] B[k,n], k ascending */

    /* C, A, B lanes */
    void (*lanes_lanes)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                        enum update update);
    /* C, A lanes; B shared: tokens times weights */
    void (*lanes_shared)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                         enum update update);
    /* C shared; A, B lanes: C[m,n] (update)= tree over lanes of sum over k of A[m,k] B[k,n].
     * Gradients of shared weights: A = tokens transposed, B = gradient of the product. */
    void (*reduce)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                   enum update update);

    /* ---- the products of one query at once, with their bits */

    /* r[LANES] += P . V */
    void (*query_forward)(real *r, const struct query *query);
    /* from dr[LANES], the gradient of r */
    void (*query_backward)(const struct query_gradient *gradient, const struct query *query,
                           const real *dr);

    /* ---- elementwise on [n][LANES]; y may be x */

    void (*fill)(real *y, real value, int n);
    void (*copy)(real *y, const real *x, int n);
    void (*axpy)(real *y, const real *x, real a, int n);  /* y += a x */
    void (*scale)(real *y, const real *x, real a, int n); /* y = a x */
    void (*multiply)(real *y, const real *x, const real *z, enum update update,
                     int n); /* y (u)= x z */
    /* y = x limited to [-c, c]; returns whether any value of the group was outside. NaN stays NaN.
     */
    bool (*clip)(real *y, const real *x, real c, int n);
    /* dx = dy where |x| <= c, else 0; x is the value before clipping; dx may be dy */
    void (*clip_backward)(real *dx, const real *dy, const real *x, real c, int n);

    /* exp, log, sin, cos; errors stated in elementary.h. In the double build the C library's. */
    void (*exp)(real *y, const real *x, int n);
    void (*log)(real *y, const real *x, int n);
    void (*sin)(real *y, const real *x, int n);
    void (*cos)(real *y, const real *x, int n);

    /* GELU, tanh form: y = x/2 (1 + tanh(sqrt(2/pi) (x + .044715 x^3))), and slope = gelu'(x) when
     * slope is not NULL: nearly all of the work serves both */
    void (*gelu)(real *y, real *slope, const real *x, int n);

    /* ---- one row at a time, per lane over i of [n][LANES] */

    /* p_i = exp(scale (s_i - max s)) / sum; p may be s */
    void (*softmax)(real *p, const real *s, real scale, int n);
    /* ds_i = scale p_i (dp_i - sum_j p_j dp_j); ds may be dp */
    void (*softmax_backward)(real *ds, const real *p, const real *dp, real scale, int n);
    /* y = (x - mean) / sqrt(variance + 1e-5), statistics[2][LANES] = mean, 1/sqrt(...) written;
     * gain and bias are applied by the caller's shared products or by `affine` */
    void (*normalise)(real *y, real *statistics, const real *x, int n);
    void (*normalise_backward)(real *dx, const real *dy, const real *y, const real *statistics,
                               enum update update, int n);
    /* y = x / sqrt(sum x^2 + 1e-12), norm[LANES] = that root */
    void (*unit)(real *y, real *norm, const real *x, int n);
    void (*unit_backward)(real *dx, const real *dy, const real *y, const real *norm,
                          enum update update, int n);

    /* ---- shared vectors against [n][LANES] */

    /* y_i = gain[i] x_i + bias[i]; gain or bias may be NULL (1, 0) */
    void (*affine)(real *y, const real *x, const real *gain, const real *bias, int n);
    /* sum[i] += tree over lanes of x_i (z NULL) or x_i z_i: gradients of bias and gain */
    void (*reduce_sum)(real *sum, const real *x, const real *z, int n);

    /* ---- mesa layer (science.md 2.6), one head, [T] tokens of K features, per lane
     * forward: out[T][K][LANES] written = Phi_t S_t q_t; sq[T][K][LANES] written = S_t q_t;
     * state[2 K K + T K][LANES] is what forward leaves for backward, any number of times.
     * lambda shared; scratch K K + 4 K rows of LANES forward, 5 K K + 4 K backward. */
    void (*mesa_forward)(real *out, real *state, real *sq, const real *q, const real *k,
                         const real *v, real lambda, real *scratch, int T, int K);
    /* dq, dk, dv [T][K][LANES] written; dlambda[LANES] written */
    void (*mesa_backward)(real *dq, real *dk, real *dv, real *dlambda, const real *dout,
                          const real *state, const real *sq, const real *k, const real *v,
                          real lambda, real *scratch, int T, int K);

    /* ---- random numbers; each advances every lane by the same count */

    /* what random_seed does */
    void (*seed)(struct random_lanes *random, uint64_t seed, uint32_t stream, uint32_t step,
                 uint64_t task);
    /* [n][LANES] uniform in [low, high): low + (high - low) u, u = (word >> 8) 2^-24 */
    void (*uniform)(real *x, struct random_lanes *random, int n, real low, real high);
    /* numbers as `uniform` draws them, x_1 first; sums as `lanes_lanes` adds them */
    void (*uniform_pairs)(const struct uniform_pairs *pairs, struct random_lanes *random);
    /* [n][LANES] normal with mean 0 by Box-Muller, pairs (2i, 2i+1) from two words each; at most
     * 5.77 deviations; an odd n drops the last number of its last pair */
    void (*normal)(real *x, struct random_lanes *random, int n, real deviation);

    /* ---- 12 independent chains in every lane of x[12][LANES], each `rounds` fused multiply-adds
     * long: x = x / 2 + 1. Nothing but arithmetic: what the machine can do, for peak.h */
    void (*fma_chains)(real *x, int rounds);
};

/* Lane b's state becomes Philox4x32-10 with key (seed low, seed high) and counter
 * (task + b low, task + b high, step, stream); an all-zero state becomes 1. */
void random_seed(struct random_lanes *random, uint64_t seed, uint32_t stream, uint32_t step,
                 uint64_t task);

/* The widest object that this CPU runs; the environment variable MESASWEEP_ISA = avx512 | avx2 |
 * generic forces one: ERR_USAGE with the list when the name is unknown or the CPU lacks it. */
enum status kernels_best(const struct kernels **kernels, struct error *err) MUST_CHECK;

/* Those that this CPU can run, widest first: kernels_at(0), ... until NULL. For tests and bench. */
const struct kernels *kernels_at(int i);

/* Flush denormal inputs and results to zero in this thread. */
void kernels_flush_denormals(void);

#endif
