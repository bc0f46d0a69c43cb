/* kinds.h - the kinds of attention layers: one row a kind. */
#ifndef MODEL_KINDS_H
#define MODEL_KINDS_H

#include "base/error.h"
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

const char *layer_kind_name(enum layer_kind kind);

#endif
