#include <assert.h>

#include "head.h"
#include "math/mesa.h"

int mesa_scratch(const struct head *head)
{
    return 4 * head->K * head->K + 4 * head->K + 1;
}

int mesa_state(const struct head *head)
{
    return mesa_inverse_rows(head->keys, head->K) + head->keys * head->K;
}

/* Of the state, behind the inverses: what they make of the queries, [keys][K]. */
static real *applied(const struct head *head)
{
    return head->state + (ptrdiff_t)mesa_inverse_rows(head->keys, head->K) * LANES;
}

void mesa_forward(real *out, const struct head *head)
{
    assert(head->causal && head->first == 0);
    head->kernels->mesa_forward(out, head->state, applied(head), head->q, head->k, head->v,
                                head->parameter, head->scratch, head->keys, head->K);
}

void mesa_backward(const struct head_gradient *g, const struct head *head)
{
    real *dlambda = head->scratch, *own = dlambda + LANES;
    head->kernels->mesa_backward(g->dq, g->dk, g->dv, dlambda, g->dout, head->state, applied(head),
                                 head->k, head->v, head->parameter, own, head->keys, head->K);
    head->kernels->reduce_sum(g->dparameter, dlambda, NULL, 1);
}
