/* mesa.c - the mesa layer of one head (science.md 2.6). */
#include "table.h"

INLINE struct operand row_of(const real *x) /* [K] as a column of a matrix */
{
    return (struct operand){x, LANES, LANES};
}

/* y = A x, A [K][K], x and y [K] */
static void apply(real *y, const real *A, const real *x, int K, ptrdiff_t row, ptrdiff_t column)
{
    KERNEL(lanes_lanes)
    ((struct matrix){y, LANES, LANES}, (struct operand){A, row, column}, row_of(x), K, 1, K, SET);
}

/* C (update)= x y' */
static void outer(real *C, const real *x, const real *y, int K, enum update update)
{
    KERNEL(lanes_lanes)
    ((struct matrix){C, K * LANES, LANES}, (struct operand){x, LANES, 0},
     (struct operand){y, 0, LANES}, K, K, 1, update);
}

/* S_t = S_(t-1) - g g', g = u / sqrt(1 + k . u), u = S_(t-1) k: symmetric to the last bit */
static void inverse_step(real *S, const real *before, real *g, const real *k, int K)
{
    apply(g, before, k, K, K * LANES, LANES);
    for (int part = 0; part < LANES; part += VL) {
        vec denominator = all(1);
        for (int i = part; i < K * LANES; i += LANES)
            denominator = fma_vec(load(k + i), load(g + i), denominator);
        vec factor = all(1) / sqrt_vec(denominator);
        for (int i = part; i < K * LANES; i += LANES)
            store(g + i, load(g + i) * factor);
    }
    KERNEL(copy)(S, before, K * K);
    outer(S, g, g, K, SUBTRACT);
}

void KERNEL(mesa_forward)(real *out, real *S, real *sq, const real *q, const real *k, const real *v,
                          real lambda, real *scratch, int T, int K)
{
    int row = K * LANES, square = K * row;
    real *Phi = scratch, *first = Phi + square, *g = first + square;
    KERNEL(fill)(Phi, 0, K * K);
    KERNEL(fill)(first, 0, K * K);
    for (int i = 0; i < K; i++)
        KERNEL(fill)(first + i * (row + LANES), lambda, 1);
    for (int t = 0; t < T; t++) {
        real *now = S + (ptrdiff_t)t * square;
        inverse_step(now, t ? now - square : first, g, k + t * row, K);
        apply(sq + t * row, now, q + t * row, K, row, LANES);
        outer(Phi, v + t * row, k + t * row, K, ADD);
        apply(out + t * row, Phi, sq + t * row, K, row, LANES);
    }
}

/* Backwards in t, with w = S_t q_t, g = dout_t, r = S_t Phi_t' g, and the sums over tokens >= t
 * G = sum g w', A = sum r w' + w r':  dq = r, dv = G k, dk = G' v - A k; Phi loses v k'. */
void KERNEL(mesa_backward)(real *dq, real *dk, real *dv, real *dlambda, const real *dout,
                           const real *S, const real *sq, const real *k, const real *v, real lambda,
                           real *scratch, int T, int K)
{
    int row = K * LANES, square = K * row;
    real *Phi = scratch, *G = Phi + square, *A = G + square, *p = A + square;
    KERNEL(fill)(scratch, 0, 3 * K * K);
    for (int t = 0; t < T; t++)
        outer(Phi, v + t * row, k + t * row, K, ADD);
    for (int t = T - 1; t >= 0; t--) {
        const real *w = sq + t * row, *g = dout + t * row;
        real *r = dq + t * row;
        apply(p, Phi, g, K, LANES, row);
        apply(r, S + (ptrdiff_t)t * square, p, K, row, LANES);
        outer(A, r, w, K, ADD);
        outer(A, w, r, K, ADD);
        outer(G, g, w, K, ADD);
        apply(dv + t * row, G, k + t * row, K, row, LANES);
        apply(dk + t * row, G, v + t * row, K, LANES, row);
        apply(p, A, k + t * row, K, row, LANES);
        KERNEL(axpy)(dk + t * row, p, -1, K);
        outer(Phi, v + t * row, k + t * row, K, SUBTRACT);
    }
    KERNEL(fill)(dlambda, 0, 1);
    for (int i = 0; i < K; i++)
        KERNEL(axpy)(dlambda, A + i * (row + LANES), 1 / (2 * lambda * lambda), 1);
}
