/* Attention through its scores, a block of queries at a time so that they stay in cache. */
#include "head.h"

enum { BLOCK = 10 };

struct block {
    int at, rows; /* queries at .. at + rows - 1 */
    int keys;     /* visible to the last of them */
};

static struct block block_at(const struct head *head, int at)
{
    int rows = head->queries - at < BLOCK ? head->queries - at : BLOCK;
    return (struct block){at, rows, head->causal ? head->first + at + rows : head->keys};
}

static int visible(const struct head *head, const struct block *block, int row)
{
    return head->causal ? head->first + block->at + row + 1 : block->keys;
}

double scores_cost(const struct head *head)
{
    double scores = 0;
    for (int at = 0; at < head->queries; at += BLOCK) {
        struct block block = block_at(head, at);
        scores += (double)block.rows * block.keys;
    }
    return scores * (head->K + head->V);
}

int scores_scratch(const struct head *head)
{
    return (2 * BLOCK + 2) * head->keys;
}

static real *row_of(real *scores, const struct block *block, int row)
{
    return scores + (ptrdiff_t)row * block->keys * LANES;
}

/* s[rows][keys] = x y', x the block's rows of [queries][width]. */
static void products(real *s, const real *x, struct operand y, const struct head *head,
                     const struct block *block, int width)
{
    head->kernels->lanes_lanes(
        written(s, block->keys), rows_of(x + (ptrdiff_t)block->at * width * LANES, width),
        (struct operand){y.at, y.column, y.row}, block->rows, block->keys, width, SET);
}

/* s[n] becomes the weights of the values; p[n] the softmax alone with SCORES_MIX. */
static void weigh(real *s, real *p, const struct head *head, enum scores scores, int n)
{
    const struct kernels *kernels = head->kernels;
    if (scores == SCORES_SOFTMAX)
        kernels->softmax(s, s, head->scale, n);
    if (scores == SCORES_MIX) {
        kernels->softmax(p, s, head->scale, n);
        kernels->scale(s, s, 1 - head->parameter, n);
        kernels->axpy(s, p, head->parameter, n);
    }
}

static void hide(real *row, const struct head *head, int n, int keys)
{
    if (n < keys)
        head->kernels->fill(row + (ptrdiff_t)n * LANES, 0, keys - n);
}

void scores_forward(real *out, const struct head *head, enum scores scores)
{
    int V = head->V;
    real *s = head->scratch, *p = s + (ptrdiff_t)BLOCK * head->keys * LANES;
    for (int at = 0; at < head->queries; at += BLOCK) {
        struct block block = block_at(head, at);
        products(s, head->q, rows_of(head->k, head->key_stride), head, &block, head->K);
        for (int row = 0; row < block.rows; row++) {
            int n = visible(head, &block, row);
            weigh(row_of(s, &block, row), p, head, scores, n);
            hide(row_of(s, &block, row), head, n, block.keys);
        }
        head->kernels->lanes_lanes(written(out + (ptrdiff_t)at * V * LANES, V),
                                   rows_of(s, block.keys), rows_of(head->v, V), block.rows, V,
                                   block.keys, SET);
    }
}

/* dw[n], the gradient of the weights, becomes that of the scores s[n]; s becomes the weights. */
static void weigh_backward(real *dw, real *s, real *p, real *t, const struct head_gradient *g,
                           const struct head *head, enum scores scores, int n)
{
    const struct kernels *kernels = head->kernels;
    if (scores == SCORES_SOFTMAX) {
        kernels->softmax(s, s, head->scale, n);
        kernels->softmax_backward(dw, s, dw, head->scale, n);
    }
    if (scores == SCORES_MIX) {
        real gate = head->parameter;
        kernels->softmax(p, s, head->scale, n);
        kernels->copy(t, p, n);
        kernels->axpy(t, s, -1, n);
        kernels->reduce((struct matrix){g->dparameter, 1, 1}, (struct operand){t, 0, LANES},
                        (struct operand){dw, LANES, 0}, 1, 1, n, ADD);
        kernels->scale(s, s, 1 - gate, n);
        kernels->axpy(s, p, gate, n);
        kernels->softmax_backward(t, p, dw, head->scale, n);
        kernels->scale(dw, dw, 1 - gate, n);
        kernels->axpy(dw, t, gate, n);
    }
}

static void block_backward(const struct head_gradient *g, const struct head *head,
                           enum scores scores, const struct block *block)
{
    const struct kernels *kernels = head->kernels;
    int K = head->K, V = head->V, keys = block->keys;
    ptrdiff_t room = (ptrdiff_t)head->keys * LANES;
    ptrdiff_t query = (ptrdiff_t)block->at * K * LANES, out = (ptrdiff_t)block->at * V * LANES;
    real *s = head->scratch, *dw = s + BLOCK * room, *p = dw + BLOCK * room, *t = p + room;
    products(s, head->q, rows_of(head->k, head->key_stride), head, block, K);
    products(dw, g->dout, rows_of(head->v, V), head, block, V);
    for (int row = 0; row < block->rows; row++) {
        int n = visible(head, block, row);
        real *s_row = row_of(s, block, row), *dw_row = row_of(dw, block, row);
        weigh_backward(dw_row, s_row, p, t, g, head, scores, n);
        hide(s_row, head, n, keys);
        hide(dw_row, head, n, keys);
    }
    kernels->lanes_lanes(written(g->dq + query, K), rows_of(dw, keys),
                         rows_of(head->k, head->key_stride), block->rows, K, keys, SET);
    if (g->dk)
        kernels->lanes_lanes(written(g->dk, K), columns_of(dw, keys), rows_of(head->q + query, K),
                             keys, K, block->rows, ADD);
    kernels->lanes_lanes(written(g->dv, V), columns_of(s, keys), rows_of(g->dout + out, V), keys, V,
                         block->rows, ADD);
}

void scores_backward(const struct head_gradient *gradient, const struct head *head,
                     enum scores scores)
{
    if (gradient->dk)
        head->kernels->fill(gradient->dk, 0, head->keys * head->K);
    head->kernels->fill(gradient->dv, 0, head->keys * head->V);
    for (int at = 0; at < head->queries; at += BLOCK) {
        struct block block = block_at(head, at);
        block_backward(gradient, head, scores, &block);
    }
}
