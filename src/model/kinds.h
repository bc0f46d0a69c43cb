/* kinds.h - the kinds of attention layers: one row a kind. */
#ifndef MODEL_KINDS_H
#define MODEL_KINDS_H

#include "base/error.h"
#include "head.h"
#include "model/model.h"

enum layer_kind { KIND_LINEAR, KIND_SOFTMAX, KIND_MIX, KIND_MESA, KIND_COUNT };

/* "softmax linear*": kinds in order, at most one a word; `repeats` when the last ends with '*'. */
struct layer_list {
    int kinds[MODEL_LAYERS_MAX];
    int count;
    bool repeats;
};

/* ERR_CONFIG "'conv' is no kind of layer (linear, softmax, mix, mesa)" and the like. */
enum status layer_list_parse(struct layer_list *list, const char *text,
                             struct error *err) MUST_CHECK;

struct kind {
    const char *name;
    void (*forward)(real *out, const struct head *head);
    void (*backward)(const struct head_gradient *gradient, const struct head *head);
    int (*scratch)(const struct head *head); /* [..][LANES] that both need */
    int (*state)(const struct head *head);   /* [..][LANES] from forward to backward; NULL: none */
    bool whole;                              /* queries begin at token 0 */
    /* The learned number of the kind: the tensor that holds it (TENSOR_ROWS: none), head->parameter
     * as a function of what is learned, and the derivative of that function. */
    int tensor;
    real (*value)(const struct kernels *kernels, real learned);
    real (*slope)(real value);
};

const struct kind *kind_at(int kind);

#endif
