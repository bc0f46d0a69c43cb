#include <assert.h>

#include "head.h"

/* What the kernels want for themselves. */
static int own_scratch(const struct head *head)
{
    return 4 * head->K * head->K + 4 * head->K;
}

int mesa_scratch(const struct head *head)
{
    return head->keys * (head->K * head->K + head->K) + head->K * head->keys + own_scratch(head) +
           1;
}

struct buffers {
    real *S, *sq, *out, *dlambda, *own;
};

static struct buffers buffers(const struct head *head)
{
    ptrdiff_t vector = (ptrdiff_t)head->keys * head->K * LANES;
    real *S = head->scratch, *sq = S + vector * head->K, *out = sq + vector;
    return (struct buffers){S, sq, out, out + vector, out + vector + LANES};
}

void mesa_forward(real *out, const struct head *head)
{
    assert(head->causal && head->first == 0);
    struct buffers b = buffers(head);
    head->kernels->mesa_forward(out, b.S, b.sq, head->q, head->k, head->v, head->parameter, b.own,
                                head->keys, head->K);
}

void mesa_backward(const struct head_gradient *g, const struct head *head)
{
    struct buffers b = buffers(head);
    mesa_forward(b.out, head);
    head->kernels->mesa_backward(g->dq, g->dk, g->dv, b.dlambda, g->dout, b.S, b.sq, head->k,
                                 head->v, head->parameter, b.own, head->keys, head->K);
    head->kernels->reduce_sum(g->dparameter, b.dlambda, NULL, 1);
}
