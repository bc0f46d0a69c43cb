/* Merged linear attention through its matrix or through its scores (merged.h). Views: C is the
 * first N rows of the stream [T][D]. */
#include "forms.h"

/* base + offset, or NULL when the set has no such array. */
static real *within(real *base, ptrdiff_t offset)
{
    return base ? base + offset : NULL;
}

static struct outer outer_of(struct matrix sum, real *left, real *right, int *rows, int m, int n,
                             int h)
{
    ptrdiff_t head = (ptrdiff_t)h * OUTER_ROWS * LANES;
    return (struct outer){
        sum, within(left, head * m), within(right, head * n), rows ? rows + h : NULL, m, n};
}

struct merged_head merged_head_make(const struct pass *pass, int layer, int h)
{
    const struct merged_set *s = &pass->merged.sets[pass->model->weight_sets == 1 ? 0 : layer];
    struct extent extent = attention_extent(pass, layer);
    int D = pass->model->D, first = extent.channel - s->channel, channels = s->channels;
    int width = padded(channels);
    real *dA = within(s->dA, (ptrdiff_t)h * D * channels * LANES);
    struct merged_head w = {.B = {s->B + (ptrdiff_t)h * D * padded(D), padded(D), 1},
                            .A = {s->A + (ptrdiff_t)h * D * width + first, width, 1},
                            .dB = within(s->dB, (ptrdiff_t)h * D * D * LANES),
                            .dA = {within(dA, (ptrdiff_t)first * LANES), channels * LANES, LANES},
                            .sum_B = {s->sum_B + (ptrdiff_t)h * D * D, D, 1},
                            .sum_A = {s->sum_A + (ptrdiff_t)h * D * channels + first, channels, 1}};
    w.outer_B = outer_of(written(w.dB, D), s->left_B, s->right_B, s->rows_B, D, D, h);
    w.outer_A = outer_of(written(dA, channels), s->left_A, s->right_A, s->rows_A, D, channels, h);
    return w;
}

void outer_end(const struct outer *outer, const struct kernels *kernels)
{
    if (*outer->rows)
        kernels->lanes_lanes(outer->sum, columns_of(outer->left, outer->m),
                             rows_of(outer->right, outer->n), outer->m, outer->n, *outer->rows,
                             ADD);
    *outer->rows = 0;
}

real *outer_right(const struct outer *outer, int k, const struct kernels *kernels)
{
    if (*outer->rows + k > OUTER_ROWS)
        outer_end(outer, kernels);
    return outer->right + (ptrdiff_t)*outer->rows * outer->n * LANES;
}

void outer_add(const struct outer *outer, const real *left, const real *right, int k,
               const struct kernels *kernels)
{
    real *to = outer_right(outer, k, kernels);
    kernels->copy(outer->left + (ptrdiff_t)*outer->rows * outer->m * LANES, left, k * outer->m);
    if (right != to)
        kernels->copy(to, right, k * outer->n);
    *outer->rows += k;
}

/* ---- matrix */

void matrix_forward(struct pass *pass, int layer)
{
    const struct kernels *kernels = pass->kernels;
    const struct merged_layer *m = &pass->merged.layers[layer];
    struct extent e = attention_extent(pass, layer);
    int D = pass->model->D, T = pass->model->shape.tokens;
    const real *in = pass->stream[layer];
    real *out = attention_output(pass, layer);
    kernels->lanes_lanes(written(m->S, D), columns_of(in, D), rows_of(in, D), D, D, e.keys, SET);
    for (int h = 0; h < pass->model->H; h++) {
        const struct merged_head *w = merged_head_of(pass, layer, h);
        real *X = m->X + (ptrdiff_t)h * D * D * LANES;
        kernels->lanes_shared(written(X, D), rows_of(m->S, D), w->A, D, D, D, SET);
        kernels->lanes_shared(flipped_out(written(m->M, D)), columns_of(X, D), flipped(w->B), D, D,
                              D, h == 0 ? SET : ADD);
    }
    kernels->copy(out, in, T * D);
    kernels->lanes_lanes(written(out, D), rows_of(in, D), rows_of(m->M, D), T, D, D, ADD);
}

/* dB, dA of head h and its part of dS, from dM. */
static void matrix_head_backward(struct pass *pass, int layer, int h)
{
    const struct kernels *kernels = pass->kernels;
    const struct merged *g = &pass->merged;
    const struct merged_layer *m = &g->layers[layer];
    int D = pass->model->D;
    const struct merged_head *w = merged_head_of(pass, layer, h);
    const real *X = m->X + (ptrdiff_t)h * D * D * LANES;
    kernels->lanes_lanes(written(w->dB, D), rows_of(g->dM, D), columns_of(X, D), D, D, D, ADD);
    kernels->lanes_shared(flipped_out(written(g->dX, D)), columns_of(g->dM, D), w->B, D, D, D, SET);
    kernels->lanes_lanes(w->dA, rows_of(m->S, D), rows_of(g->dX, D), D, D, D, ADD);
    if (input_gradient_wanted(pass, layer))
        kernels->lanes_shared(written(g->dS, D), rows_of(g->dX, D), flipped(w->A), D, D, D,
                              h == 0 ? SET : ADD);
}

void matrix_backward(struct pass *pass, int layer)
{
    const struct kernels *kernels = pass->kernels;
    struct merged *g = &pass->merged;
    const struct merged_layer *m = &g->layers[layer];
    struct extent e = attention_extent(pass, layer);
    int D = pass->model->D, T = pass->model->shape.tokens;
    const real *in = pass->stream[layer];
    kernels->lanes_lanes(written(g->dM, D), columns_of(in, D), rows_of(pass->dstream, D), D, D, T,
                         SET);
    for (int h = 0; h < pass->model->H; h++)
        matrix_head_backward(pass, layer, h);
    if (!input_gradient_wanted(pass, layer))
        return;
    kernels->copy(g->dinput, pass->dstream, T * D);
    kernels->lanes_lanes(written(g->dinput, D), rows_of(pass->dstream, D), columns_of(m->M, D), T,
                         D, D, ADD);
    /* S = C'C, so dC = C (dS + dS') */
    kernels->lanes_lanes(written(g->dinput, D), rows_of(in, D), rows_of(g->dS, D), e.keys, D, D,
                         ADD);
    kernels->lanes_lanes(written(g->dinput, D), rows_of(in, D), columns_of(g->dS, D), e.keys, D, D,
                         ADD);
    real *old = pass->dstream;
    pass->dstream = g->dinput;
    g->dinput = old;
}

/* ---- scores */

/* Of one query one channel is read: kernels that do all of its products at once. */
static bool single(const struct extent *e)
{
    return e->rows == 1 && e->channels == 1;
}

struct lines {
    real *U, *P, *V; /* [rows][D], [rows][N], [N][channels] of one head */
};

static struct lines lines_of(const struct pass *pass, const struct extent *e, int layer, int h)
{
    const struct merged_layer *m = &pass->merged.layers[layer];
    ptrdiff_t head = (ptrdiff_t)h * LANES;
    return (struct lines){m->U + head * e->rows * pass->model->D, m->P + head * e->rows * e->keys,
                          m->V + head * e->keys * e->channels};
}

static struct query query_of(const struct pass *pass, const struct extent *e,
                             const struct merged_head *w, const struct lines *m, const real *C)
{
    int D = pass->model->D;
    return (struct query){
        C + (ptrdiff_t)e->first * D * LANES, C, w->B, w->A, e->keys, D, m->U, m->P, m->V};
}

/* out [rows][D], of the extent, += the products. */
static void lines_head_forward(real *out, struct pass *pass, const struct extent *e, int layer,
                               int h)
{
    const struct kernels *kernels = pass->kernels;
    int D = pass->model->D;
    const real *C = pass->stream[layer], *in = C + (ptrdiff_t)e->first * D * LANES;
    const struct merged_head *w = merged_head_of(pass, layer, h);
    struct lines m = lines_of(pass, e, layer, h);
    real *updated = out + (ptrdiff_t)e->channel * LANES;
    if (single(e)) {
        struct query query = query_of(pass, e, w, &m, C);
        kernels->query_forward(updated, &query);
        return;
    }
    kernels->lanes_shared(written(m.U, D), rows_of(in, D), w->B, e->rows, D, D, SET);
    kernels->lanes_lanes(written(m.P, e->keys), rows_of(m.U, D), columns_of(C, D), e->rows, e->keys,
                         D, SET);
    kernels->lanes_shared(written(m.V, e->channels), rows_of(C, D), w->A, e->keys, e->channels, D,
                          SET);
    kernels->lanes_lanes(written(updated, D), rows_of(m.P, e->keys), rows_of(m.V, e->channels),
                         e->rows, e->channels, e->keys, ADD);
}

void lines_forward(struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    int D = pass->model->D;
    ptrdiff_t first = (ptrdiff_t)e.first * D * LANES;
    real *out = attention_output(pass, layer) + first;
    pass->kernels->copy(out, pass->stream[layer] + first, e.rows * D);
    for (int h = 0; h < pass->model->H; h++)
        lines_head_forward(out, pass, &e, layer, h);
}

/* dP, dV, dU, and what they add to dA. */
static void lines_inner_backward(real *dU, struct pass *pass, const struct extent *e,
                                 struct operand dout, const struct merged_head *w,
                                 const struct lines *m, const real *C)
{
    const struct kernels *kernels = pass->kernels;
    const struct merged *g = &pass->merged;
    int D = pass->model->D, N = e->keys, channels = e->channels;
    if (single(e)) {
        struct query query = query_of(pass, e, w, m, C);
        kernels->query_backward(&(struct query_gradient){dU, g->dP, g->dV, w->dA}, &query, dout.at);
        return;
    }
    kernels->lanes_lanes(written(g->dP, N), dout, columns_of(m->V, channels), e->rows, N, channels,
                         SET);
    kernels->lanes_lanes(written(g->dV, channels), columns_of(m->P, N), dout, N, channels, e->rows,
                         SET);
    kernels->lanes_lanes(written(dU, D), rows_of(g->dP, N), rows_of(C, D), e->rows, D, N, SET);
    kernels->lanes_lanes(w->dA, columns_of(C, D), rows_of(g->dV, channels), D, channels, N, ADD);
}

static void lines_head_backward(struct pass *pass, const struct extent *e, struct operand dout,
                                int layer, int h)
{
    const struct kernels *kernels = pass->kernels;
    const struct merged *g = &pass->merged;
    int D = pass->model->D, N = e->keys, channels = e->channels;
    ptrdiff_t first = (ptrdiff_t)e->first * D * LANES;
    const real *C = pass->stream[layer];
    const struct merged_head *w = merged_head_of(pass, layer, h);
    struct lines m = lines_of(pass, e, layer, h);
    bool outer = e->rows <= OUTER_QUERIES;
    real *dU = outer ? outer_right(&w->outer_B, e->rows, kernels) : g->dU;
    lines_inner_backward(dU, pass, e, dout, w, &m, C);
    if (outer)
        outer_add(&w->outer_B, C + first, dU, e->rows, kernels);
    else
        kernels->lanes_lanes(written(w->dB, D), columns_of(C + first, D), rows_of(dU, D), D, D,
                             e->rows, ADD);
    if (!input_gradient_wanted(pass, layer))
        return;
    kernels->lanes_shared(written(pass->dstream + first, D), rows_of(dU, D), flipped(w->B), e->rows,
                          D, D, ADD);
    kernels->lanes_lanes(written(pass->dstream, D), columns_of(g->dP, N), rows_of(m.U, D), N, D,
                         e->rows, ADD);
    kernels->lanes_shared(written(pass->dstream, D), rows_of(g->dV, channels), flipped(w->A), N, D,
                          channels, ADD);
}

/* The gradient of what the extent wrote, [rows][channels]. The first head adds to dstream, where
 * the others would look for it. */
static struct operand written_gradient(struct pass *pass, const struct extent *e)
{
    int D = pass->model->D, channels = e->channels;
    const real *from = pass->dstream + ((ptrdiff_t)e->first * D + e->channel) * LANES;
    if (pass->model->H == 1)
        return rows_of(from, D);
    real *to = pass->work.update;
    for (int t = 0; t < e->rows; t++)
        pass->kernels->copy(to + (ptrdiff_t)t * channels * LANES, from + (ptrdiff_t)t * D * LANES,
                            channels);
    return rows_of(to, channels);
}

void lines_backward(struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    struct operand dout = written_gradient(pass, &e);
    for (int h = 0; h < pass->model->H; h++)
        lines_head_backward(pass, &e, dout, layer, h);
}
