#include <assert.h>

#include "head.h"
#include "math/mesa.h"

int mesa_scratch(const struct head *head)
{
    return 5 * head->K * head->K + 4 * head->K + 1;
}

int mesa_state(const struct head *head)
{
    return 2 * head->K * head->K + 2 * head->keys * head->K;
}

double mesa_cost(const struct head *head)
{
    return (mesa_forward_cost(head->keys, head->K) + mesa_backward_cost(head->keys, head->K)) / 3;
}

/* S_t q_t, the last part of the state, [keys][K]. */
static real *applied(const struct head *head)
{
    return head->state + (ptrdiff_t)(2 * head->K + head->keys) * head->K * LANES;
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
