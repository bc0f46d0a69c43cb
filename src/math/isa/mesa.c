/* mesa.c - the mesa layer of one head (science.md 2.6), a chunk of tokens at a time.
 *
 * Token by token the layer is rank-one updates and matrix-vector products, which wait for memory.
 * In chunks it is products of matrices, and the inverse is kept once a chunk instead of for every
 * token. With g_t = S_(t-1) k_t / sqrt(1 + k_t . S_(t-1) k_t) the inverse loses g_t g_t' at each
 * token, so that within a chunk that ends with the inverse S
 *     S_t = S + sum of g_s g_s' over the later tokens s of the chunk.
 * Forward leaves the last S and Phi, and g of every token. Backward copies both and goes from chunk
 * to chunk by adding to S what was subtracted, which is stable: S only grows, and each step rounds
 * once.
 */
#include "math/mesa.h"
#include "table.h"

/* A matrix of lanes with rows of `n`, and its transpose. */
INLINE struct operand plain(const real *x, int n)
{
    return (struct operand){x, n * LANES, LANES};
}

INLINE struct operand turned(const real *x, int n)
{
    return (struct operand){x, LANES, n * LANES};
}

INLINE struct matrix into(real *x, int n)
{
    return (struct matrix){x, n * LANES, LANES};
}

/* Scores [n][n]: zero above (or below) the diagonal. */
static void keep_lower(real *scores, int n)
{
    for (int i = 0; i + 1 < n; i++)
        KERNEL(fill)(scores + (i * n + i + 1) * LANES, 0, n - 1 - i);
}

static void keep_upper(real *scores, int n)
{
    for (int i = 1; i < n; i++)
        KERNEL(fill)(scores + i * n * LANES, 0, i);
}

/* y = x - y, one row */
INLINE void negate_and_add(real *y, const real *x)
{
    for (int part = 0; part < LANES; part += VL)
        store(y + part, load(x + part) - load(y + part));
}

/* g [K] becomes g / sqrt(1 + k . g) */
static void finish_update(real *g, const real *k, int K)
{
    for (int part = 0; part < LANES; part += VL) {
        vec denominator = all(1);
        for (int i = part; i < K * LANES; i += LANES)
            denominator = fma_vec(load(k + i), load(g + i), denominator);
        vec factor = all(1) / sqrt_vec(denominator);
        for (int i = part; i < K * LANES; i += LANES)
            store(g + i, load(g + i) * factor);
    }
}

/* g [n][K] of a chunk that begins with the inverse S; scores [n] */
static void updates_of_chunk(real *g, const real *S, const real *k, real *scores, int n, int K)
{
    int row = K * LANES;
    KERNEL(lanes_lanes)(into(g, K), plain(k, K), plain(S, K), n, K, K, SET);
    for (int t = 0; t < n; t++) {
        if (t > 0) {
            KERNEL(lanes_lanes)(into(scores, t), plain(k + t * row, K), turned(g, K), 1, t, K, SET);
            KERNEL(lanes_lanes)
            (into(g + t * row, K), plain(scores, t), plain(g, K), 1, K, t, SUBTRACT);
        }
        finish_update(g + t * row, k + t * row, K);
    }
}

static void first_inverse(real *S, real lambda, int K)
{
    KERNEL(fill)(S, 0, K * K);
    for (int i = 0; i < K; i++)
        KERNEL(fill)(S + i * (K + 1) * LANES, lambda, 1);
}

/* The state: S and Phi after the last token [K][K], g [T][K]. */
void KERNEL(mesa_forward)(real *out, real *state, real *sq, const real *q, const real *k,
                          const real *v, real lambda, real *scratch, int T, int K)
{
    int row = K * LANES, chunk = mesa_chunk(K);
    ptrdiff_t square = (ptrdiff_t)K * row;
    real *S = state, *Phi = S + square, *updates = Phi + square, *scores = scratch;
    first_inverse(S, lambda, K);
    KERNEL(fill)(Phi, 0, K * K);
    for (int t0 = 0; t0 < T; t0 += chunk) {
        int n = T - t0 < chunk ? T - t0 : chunk, from = t0 * row;
        real *g = updates + from, *w = sq + from;
        updates_of_chunk(g, S, k + from, scores, n, K);

        /* w_t = S_t q_t = S q_t - sum over s <= t of g_s (g_s . q_t) */
        KERNEL(lanes_lanes)(into(w, K), plain(q + from, K), plain(S, K), n, K, K, SET);
        KERNEL(lanes_lanes)(into(scores, n), plain(q + from, K), turned(g, K), n, n, K, SET);
        keep_lower(scores, n);
        KERNEL(lanes_lanes)(into(w, K), plain(scores, n), plain(g, K), n, K, n, SUBTRACT);
        KERNEL(lanes_lanes)(into(S, K), turned(g, K), plain(g, K), K, K, n, SUBTRACT);

        /* out_t = Phi w_t + sum over s <= t of v_s (k_s . w_t) */
        KERNEL(lanes_lanes)(into(out + from, K), plain(w, K), turned(Phi, K), n, K, K, SET);
        KERNEL(lanes_lanes)(into(scores, n), plain(w, K), turned(k + from, K), n, n, K, SET);
        keep_lower(scores, n);
        KERNEL(lanes_lanes)
        (into(out + from, K), plain(scores, n), plain(v + from, K), n, K, n, ADD);
        KERNEL(lanes_lanes)(into(Phi, K), turned(v + from, K), plain(k + from, K), K, K, n, ADD);
    }
}

/* What a chunk of the backward pass works on; rows of [K], all from the chunk's first token. */
struct chunk {
    const real *k, *v, *w, *dout; /* [n][K] */
    const real *g;                /* [n][K] */
    real *dq, *dk, *dv;           /* [n][K] */
    int n;
};

/* S after the chunk; sums over the tokens before it, Phi = sum v k', and after it, G = sum dout w',
 * A = sum r w' + w r', each [K][K]; scores, three times [n][n]. */
struct sums {
    real *S, *Phi, *G, *A, *scores[3];
};

/* dq_t = r_t = S_t p_t, p_t = Phi_t' dout_t; P[t][s] = dout_t . v_s for s <= t is left in
 * scores[0].
 */
static void query_gradient(const struct chunk *c, const struct sums *sums, int K)
{
    int n = c->n;
    const real *g = c->g + K * LANES; /* of tokens 1..n-1 */
    real *P = sums->scores[0], *later = sums->scores[1], *p = c->dk;
    KERNEL(lanes_lanes)(into(P, n), plain(c->dout, K), turned(c->v, K), n, n, K, SET);
    keep_lower(P, n);
    KERNEL(lanes_lanes)(into(p, K), plain(c->dout, K), plain(sums->Phi, K), n, K, K, SET);
    KERNEL(lanes_lanes)(into(p, K), plain(P, n), plain(c->k, K), n, K, n, ADD);

    KERNEL(lanes_lanes)(into(c->dq, K), plain(p, K), plain(sums->S, K), n, K, K, SET);
    if (n == 1)
        return;
    KERNEL(lanes_lanes)(into(later, n - 1), plain(p, K), turned(g, K), n, n - 1, K, SET);
    for (int t = 1; t < n; t++) /* columns are tokens 1..n-1: token t keeps those after it */
        KERNEL(fill)(later + t * (n - 1) * LANES, 0, t);
    KERNEL(lanes_lanes)(into(c->dq, K), plain(later, n - 1), plain(g, K), n, K, n - 1, ADD);
}

/* dv_t = G k_t + sum over s >= t of dout_s (w_s . k_t)
 * dk_t = G' v_t - A k_t + sum over s >= t of w_s (dout_s . v_t - r_s . k_t) - r_s (w_s . k_t) */
static void key_and_value_gradients(const struct chunk *c, const struct sums *sums, int K)
{
    int n = c->n;
    real *P = sums->scores[0], *M = sums->scores[1], *Q = sums->scores[2];
    KERNEL(lanes_lanes)(into(M, n), plain(c->k, K), turned(c->w, K), n, n, K, SET);
    keep_upper(M, n);
    KERNEL(lanes_lanes)(into(c->dv, K), plain(c->k, K), turned(sums->G, K), n, K, K, SET);
    KERNEL(lanes_lanes)(into(c->dv, K), plain(M, n), plain(c->dout, K), n, K, n, ADD);

    KERNEL(lanes_lanes)(into(Q, n), plain(c->k, K), turned(c->dq, K), n, n, K, SET);
    for (int t = 0; t < n; t++)
        for (int s = 0; s < n; s++)
            negate_and_add(Q + (t * n + s) * LANES, P + (s * n + t) * LANES);
    keep_upper(Q, n);
    KERNEL(lanes_lanes)(into(c->dk, K), plain(c->v, K), plain(sums->G, K), n, K, K, SET);
    KERNEL(lanes_lanes)(into(c->dk, K), plain(c->k, K), plain(sums->A, K), n, K, K, SUBTRACT);
    KERNEL(lanes_lanes)(into(c->dk, K), plain(Q, n), plain(c->w, K), n, K, n, ADD);
    KERNEL(lanes_lanes)(into(c->dk, K), plain(M, n), plain(c->dq, K), n, K, n, SUBTRACT);
}

void KERNEL(mesa_backward)(real *dq, real *dk, real *dv, real *dlambda, const real *dout,
                           const real *state, const real *sq, const real *k, const real *v,
                           real lambda, real *scratch, int T, int K)
{
    int row = K * LANES, chunk = mesa_chunk(K), area = chunk * chunk * LANES;
    ptrdiff_t square = (ptrdiff_t)K * row;
    const real *updates = state + 2 * square;
    real *G = scratch + 2 * square, *scores = G + 2 * square;
    struct sums sums = {
        scratch, scratch + square, G, G + square, {scores, scores + area, scores + 2 * area}};
    KERNEL(copy)(scratch, state, 2 * K * K);
    KERNEL(fill)(G, 0, 2 * K * K);
    for (int t0 = (T - 1) / chunk * chunk; t0 >= 0; t0 -= chunk) {
        int from = t0 * row;
        struct chunk c = {.k = k + from,
                          .v = v + from,
                          .w = sq + from,
                          .dout = dout + from,
                          .g = updates + from,
                          .dq = dq + from,
                          .dk = dk + from,
                          .dv = dv + from,
                          .n = T - t0 < chunk ? T - t0 : chunk};
        KERNEL(lanes_lanes)(into(sums.Phi, K), turned(c.v, K), plain(c.k, K), K, K, c.n, SUBTRACT);
        query_gradient(&c, &sums, K);
        key_and_value_gradients(&c, &sums, K);
        if (t0 > 0) {
            KERNEL(lanes_lanes)(into(sums.S, K), turned(c.g, K), plain(c.g, K), K, K, c.n, ADD);
            KERNEL(lanes_lanes)(into(sums.G, K), turned(c.dout, K), plain(c.w, K), K, K, c.n, ADD);
        }
        KERNEL(lanes_lanes)(into(sums.A, K), turned(c.dq, K), plain(c.w, K), K, K, c.n, ADD);
        KERNEL(lanes_lanes)(into(sums.A, K), turned(c.w, K), plain(c.dq, K), K, K, c.n, ADD);
    }
    /* S^-1 = K'K + I/lambda, and A is twice minus the gradient of it */
    KERNEL(fill)(dlambda, 0, 1);
    for (int i = 0; i < K; i++)
        KERNEL(axpy)(dlambda, sums.A + i * (row + LANES), 1 / (2 * lambda * lambda), 1);
}
