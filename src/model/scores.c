/* Attention through its scores, a block of queries at a time so that they stay in cache. */
#include <math.h>

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
    return 2 * scores * head->K;
}

int scores_scratch(const struct head *head)
{
    return (2 * BLOCK + 2) * head->keys;
}

static real *row_of(real *scores, const struct block *block, int row)
{
    return scores + (ptrdiff_t)row * block->keys * LANES;
}

/* s[rows][keys] = x[rows][K] of the block times y[keys][K] transposed. */
static void products(real *s, const real *x, const real *y, const struct head *head,
                     const struct block *block)
{
    int K = head->K;
    head->kernels->lanes_lanes(written(s, block->keys),
                               rows_of(x + (ptrdiff_t)block->at * K * LANES, K), columns_of(y, K),
                               block->rows, block->keys, K, SET);
}

static real softmax_scale(const struct head *head)
{
    return 1 / (real)sqrt((double)head->K); /* correctly rounded everywhere */
}

/* s[n] becomes the weights of the values; p[n] the softmax alone with SCORES_MIX. */
static void weigh(real *s, real *p, const struct head *head, enum scores scores, int n)
{
    const struct kernels *kernels = head->kernels;
    if (scores == SCORES_SOFTMAX)
        kernels->softmax(s, s, softmax_scale(head), n);
    if (scores == SCORES_MIX) {
        kernels->softmax(p, s, softmax_scale(head), n);
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
    int K = head->K;
    real *s = head->scratch, *p = s + (ptrdiff_t)BLOCK * head->keys * LANES;
    for (int at = 0; at < head->queries; at += BLOCK) {
        struct block block = block_at(head, at);
        products(s, head->q, head->k, head, &block);
        for (int row = 0; row < block.rows; row++) {
            int n = visible(head, &block, row);
            weigh(row_of(s, &block, row), p, head, scores, n);
            hide(row_of(s, &block, row), head, n, block.keys);
        }
        head->kernels->lanes_lanes(written(out + (ptrdiff_t)at * K * LANES, K),
                                   rows_of(s, block.keys), rows_of(head->v, K), block.rows, K,
                                   block.keys, SET);
    }
}

/* dw[n], the gradient of the weights, becomes that of the scores s[n]; s becomes the weights. */
static void weigh_backward(real *dw, real *s, real *p, real *t, const struct head_gradient *g,
                           const struct head *head, enum scores scores, int n)
{
    const struct kernels *kernels = head->kernels;
    if (scores == SCORES_SOFTMAX) {
        kernels->softmax(s, s, softmax_scale(head), n);
        kernels->softmax_backward(dw, s, dw, softmax_scale(head), n);
    }
    if (scores == SCORES_MIX) {
        real gate = head->parameter;
        kernels->softmax(p, s, softmax_scale(head), n);
        kernels->copy(t, p, n);
        kernels->axpy(t, s, -1, n);
        kernels->reduce((struct matrix){g->dparameter, 1, 1}, (struct operand){t, 0, LANES},
                        (struct operand){dw, LANES, 0}, 1, 1, n, ADD);
        kernels->scale(s, s, 1 - gate, n);
        kernels->axpy(s, p, gate, n);
        kernels->softmax_backward(t, p, dw, softmax_scale(head), n);
        kernels->scale(dw, dw, 1 - gate, n);
        kernels->axpy(dw, t, gate, n);
    }
}

static void block_backward(const struct head_gradient *g, const struct head *head,
                           enum scores scores, const struct block *block)
{
    const struct kernels *kernels = head->kernels;
    int K = head->K, keys = block->keys;
    ptrdiff_t room = (ptrdiff_t)head->keys * LANES, at = (ptrdiff_t)block->at * K * LANES;
    real *s = head->scratch, *dw = s + BLOCK * room, *p = dw + BLOCK * room, *t = p + room;
    products(s, head->q, head->k, head, block);
    products(dw, g->dout, head->v, head, block);
    for (int row = 0; row < block->rows; row++) {
        int n = visible(head, block, row);
        real *s_row = row_of(s, block, row), *dw_row = row_of(dw, block, row);
        weigh_backward(dw_row, s_row, p, t, g, head, scores, n);
        hide(s_row, head, n, keys);
        hide(dw_row, head, n, keys);
    }
    kernels->lanes_lanes(written(g->dq + at, K), rows_of(dw, keys), rows_of(head->k, K),
                         block->rows, K, keys, SET);
    kernels->lanes_lanes(written(g->dk, K), columns_of(dw, keys), rows_of(head->q + at, K), keys, K,
                         block->rows, ADD);
    kernels->lanes_lanes(written(g->dv, K), columns_of(s, keys), rows_of(g->dout + at, K), keys, K,
                         block->rows, ADD);
}

void scores_backward(const struct head_gradient *gradient, const struct head *head,
                     enum scores scores)
{
    head->kernels->fill(gradient->dk, 0, head->keys * head->K);
    head->kernels->fill(gradient->dv, 0, head->keys * head->K);
    for (int at = 0; at < head->queries; at += BLOCK) {
        struct block block = block_at(head, at);
        block_backward(gradient, head, scores, &block);
    }
}
