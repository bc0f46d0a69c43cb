/* head.h - attention of one head, for one group of tasks: what every kind of layer computes.
 *
 *   out_t = sum over s visible to t of a(q_t, k_s) v_s
 *
 * Shapes are in brackets, each element LANES reals. Buffers that are written overlap no others.
 */
#ifndef MODEL_HEAD_H
#define MODEL_HEAD_H

#include "math/kernels.h"

struct head {
    const struct kernels *kernels;
    int K;              /* features of queries and keys */
    int V;              /* features of values and outputs */
    int first, queries; /* queries are those of the tokens first .. first + queries - 1 */
    int keys;           /* keys and values are those of the tokens 0 .. keys - 1 */
    bool causal;        /* token t sees keys 0..t (keys = first + queries); else all keys */
    const real *q;      /* [queries][K] */
    const real *k;      /* [keys][K], rows key_stride features apart */
    int key_stride;
    const real *v;  /* [keys][V] */
    real scale;     /* of the scores before a softmax */
    real parameter; /* of the kind: gate, lambda */
    real *scratch;  /* as the kind says */
    real *state;    /* as the kind says: written by forward, read by backward */
};

struct head_gradient {
    real *dq;         /* [queries][K] written */
    real *dk;         /* [keys][K] written; NULL: not wanted */
    real *dv;         /* [keys][V] written */
    real *dparameter; /* one real, added to: sum over lanes */
    const real *dout; /* [queries][V] read */
};

/* a = q . k. As scores, or through the state sum k' v when that is cheaper. */
void linear_forward(real *out, const struct head *head);
void linear_backward(const struct head_gradient *gradient, const struct head *head);
int linear_scratch(const struct head *head);

/* The same through scores, row by row of T x T; a = q . k, exp(scale q . k) / sum, or the mix
 * g softmax + (1 - g) linear with g = parameter (science.md 1.1). */
enum scores { SCORES_LINEAR, SCORES_SOFTMAX, SCORES_MIX };
void scores_forward(real *out, const struct head *head, enum scores scores);
void scores_backward(const struct head_gradient *gradient, const struct head *head,
                     enum scores scores);
int scores_scratch(const struct head *head);
double scores_cost(const struct head *head); /* multiply-adds forward */
double linear_cost(const struct head *head);

/* out_t = Phi_t q_t with Phi_t the ridge regression of the values on the keys up to t (science.md
 * 2.6), lambda = parameter; causal, first = 0, V = key_stride = K. The state is that of forward. */
void mesa_forward(real *out, const struct head *head);
void mesa_backward(const struct head_gradient *gradient, const struct head *head);
int mesa_scratch(const struct head *head);
int mesa_state(const struct head *head);
double mesa_cost(const struct head *head); /* as scores_cost, with two thirds backward */

/* Views of row-major [..][columns] buffers of lanes. */
static inline struct matrix written(real *at, int columns)
{
    return (struct matrix){at, columns * LANES, LANES};
}

static inline struct operand rows_of(const real *at, int columns)
{
    return (struct operand){at, columns * LANES, LANES};
}

static inline struct operand columns_of(const real *at, int columns) /* transposed */
{
    return (struct operand){at, LANES, columns * LANES};
}

#endif
