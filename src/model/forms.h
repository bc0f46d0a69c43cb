/* forms.h - what the merged forms of a layer share: its weights, and views. */
#ifndef MODEL_FORMS_H
#define MODEL_FORMS_H

#include "pass.h"

/* Matrices of one head and the sums of their gradient. */
struct merged_head {
    struct operand B, A; /* [D,D], [D,channels of the layer] */
    real *dB;            /* [D][D] x LANES */
    struct matrix dA;    /* [D,channels] x LANES */
};

struct merged_head merged_head_of(const struct pass *pass, const struct extent *extent, int layer,
                                  int h);

/* Whether anything below the layer wants the gradient of its input. */
bool input_gradient_wanted(const struct pass *pass, int layer);

static inline struct operand flipped(struct operand x)
{
    return (struct operand){x.at, x.column, x.row};
}

static inline struct matrix flipped_out(struct matrix x)
{
    return (struct matrix){x.at, x.column, x.row};
}

#endif
