/* query.c - linear attention of one query of which one channel is read: matrices meet vectors only,
 * and what each product would write and the next one read stays in registers. Every sum has the
 * order of the products in products.c. */
#include "table.h"

/* The next block when `left` of them remain. */
INLINE int block_of(int left, int full)
{
    return left >= 2 * full || left == full ? full : left > full ? (left + 1) / 2 : left;
}

/* clang-format off */
#define BLOCK(n) case n: BLOCK_OF(n) break;
#define UP_TO_6 BLOCK(1) BLOCK(2) BLOCK(3) BLOCK(4) BLOCK(5) BLOCK(6)
/* clang-format on */

/* U_j = sum over k of z_k B_kj, for n columns. */
INLINE void map_block(real *U, const real *z, const real *B, const struct query *q, int n)
{
    const ptrdiff_t row = q->B.row;
    vec u[6], x = load(z);
    for (int j = 0; j < n; j++)
        u[j] = x * B[j];
    for (int k = 1; k < q->D; k++) {
        B += row;
        x = load(z += LANES);
        for (int j = 0; j < n; j++)
            u[j] = fma_vec(x, all(B[j]), u[j]);
    }
    for (int j = 0; j < n; j++)
        store(U + j * LANES, u[j]);
}

/* P_t = U . C_t, V_t = C_t . a and r + sum P_t V_t, for n tokens. */
INLINE vec look_block(vec r, real *P, real *V, const real *C, const real *U, const struct query *q,
                      int n)
{
    const ptrdiff_t token = (ptrdiff_t)q->D * LANES, row = q->a.row;
    const real *at = q->a.at;
    vec p[5], v[5], u = load(U), a = all(*at);
    for (int t = 0; t < n; t++) {
        vec c = load(C + t * token);
        p[t] = u * c;
        v[t] = c * a;
    }
    for (int k = 1; k < q->D; k++) {
        u = load(U += LANES);
        a = all(*(at += row));
        C += LANES;
        for (int t = 0; t < n; t++) {
            vec c = load(C + t * token);
            p[t] = fma_vec(u, c, p[t]);
            v[t] = fma_vec(c, a, v[t]);
        }
    }
    for (int t = 0; t < n; t++) {
        store(P + t * LANES, p[t]);
        store(V + t * LANES, v[t]);
        r = fma_vec(p[t], v[t], r);
    }
    return r;
}

static void map(const struct query *q, int part)
{
    for (int i = 0, n; i < q->D; i += n) {
        n = block_of(q->D - i, 6);
        real *U = q->U + i * LANES + part;
        const real *z = q->z + part, *B = q->B.at + i;
        switch (n) {
#define BLOCK_OF(n) map_block(U, z, B, q, n);
            UP_TO_6
#undef BLOCK_OF
        }
    }
}

static void look(real *r, const struct query *q, int part)
{
    vec sum = load(r + part);
    for (int t = 0, n; t < q->N; t += n) {
        n = block_of(q->N - t, 5);
        real *P = q->P + t * LANES + part, *V = q->V + t * LANES + part;
        const real *C = q->C + t * q->D * LANES + part, *U = q->U + part;
        switch (n) {
#define BLOCK_OF(n) sum = look_block(sum, P, V, C, U, q, n);
            BLOCK(1) BLOCK(2) BLOCK(3) BLOCK(4) BLOCK(5)
#undef BLOCK_OF
        }
    }
    store(r + part, sum);
}

void KERNEL(query_forward)(real *r, const struct query *q)
{
    for (int part = 0; part < LANES; part += VL) {
        map(q, part);
        look(r, q, part);
    }
}

/* dU_i = sum over t of dP_t C_ti, dA_i += sum over t of C_ti dV_t, for n channels. */
INLINE void channels_block(real *dU, real *dA, const real *C, const struct query_gradient *g,
                           const struct query *q, int part, int n)
{
    const ptrdiff_t token = (ptrdiff_t)q->D * LANES, row = g->dA.row;
    const real *dP = g->dP + part, *dV = g->dV + part;
    vec u[6], a[6], p = load(dP), v = load(dV);
    for (int i = 0; i < n; i++) {
        vec c = load(C + i * LANES);
        u[i] = p * c;
        a[i] = fma_vec(c, v, load(dA + i * row));
    }
    for (int t = 1; t < q->N; t++) {
        C += token;
        p = load(dP += LANES);
        v = load(dV += LANES);
        for (int i = 0; i < n; i++) {
            vec c = load(C + i * LANES);
            u[i] = fma_vec(p, c, u[i]);
            a[i] = fma_vec(c, v, a[i]);
        }
    }
    for (int i = 0; i < n; i++) {
        store(dU + i * LANES, u[i]);
        store(dA + i * row, a[i]);
    }
}

static void channels(const struct query_gradient *g, const struct query *q, int part)
{
    for (int i = 0, n; i < q->D; i += n) {
        n = block_of(q->D - i, 6);
        real *dU = g->dU + i * LANES + part, *dA = g->dA.at + i * g->dA.row + part;
        const real *C = q->C + i * LANES + part;
        switch (n) {
#define BLOCK_OF(n) channels_block(dU, dA, C, g, q, part, n);
            UP_TO_6
#undef BLOCK_OF
        }
    }
}

void KERNEL(query_backward)(const struct query_gradient *g, const struct query *q, const real *dr)
{
    for (int part = 0; part < LANES; part += VL) {
        vec d = load(dr + part);
        for (int t = part; t < q->N * LANES; t += LANES) {
            store(g->dP + t, d * load(q->V + t));
            store(g->dV + t, load(q->P + t) * d);
        }
        channels(g, q, part);
    }
}
