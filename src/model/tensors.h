/* tensors.h - the kinds of weight tensors: one row a kind, in the order of the block of weights. */
#ifndef MODEL_TENSORS_H
#define MODEL_TENSORS_H

#include "model/model.h"

/* Rows of the table. Initial weights are drawn by this number: new rows go before TENSOR_ROWS. */
enum tensor_row {
    TENSOR_QUERY,
    TENSOR_KEY,
    TENSOR_VALUE,
    TENSOR_PROJECT,
    TENSOR_GATE,
    TENSOR_LOG_LAMBDA,
    TENSOR_NORM_GAIN,
    TENSOR_NORM_BIAS,
    TENSOR_MLP_NORM_GAIN,
    TENSOR_MLP_NORM_BIAS,
    TENSOR_MLP_IN,
    TENSOR_MLP_IN_BIAS,
    TENSOR_MLP_OUT,
    TENSOR_MLP_OUT_BIAS,
    TENSOR_EMBEDDING, /* from here on: one of the whole model, before: one a layer */
    TENSOR_EMBEDDING_BIAS,
    TENSOR_INPUT_IN,
    TENSOR_INPUT_IN_BIAS,
    TENSOR_INPUT_OUT,
    TENSOR_INPUT_OUT_BIAS,
    TENSOR_OUTPUT,
    TENSOR_OUTPUT_BIAS,
    TENSOR_PREFIX,
    TENSOR_EOS,
    TENSOR_VALUE_X, /* from here on again one a layer */
    TENSOR_VALUE_Y,
    TENSOR_PROJECT_X,
    TENSOR_PROJECT_Y,
    TENSOR_STEP,
    TENSOR_MOMENTUM,
    TENSOR_ROWS,
};

enum tensor_init {
    TENSOR_DRAWN, /* as model.init says, fan-in = rows */
    TENSOR_ZERO,
    TENSOR_ONE,
    TENSOR_NORMAL,      /* N(0, 1) whatever model.init says */
    TENSOR_CONSTRUCTED, /* as gd.h says */
};

enum tensor_init tensor_init(enum tensor_row row);
const char *tensor_name(enum tensor_row row);

/* Writes model->tensors, tensor_count and parameters; the other members are there. */
void tensors_lay_out(struct model *model);

/* Whether `text` is a value of model.frozen: ERR_CONFIG "'quary' is no tensor, did you mean query?"
 * and the like. */
enum status frozen_check(const char *text, struct error *err) MUST_CHECK;

/* Writes `frozen` of the tensors, which are laid out. ERR_CONFIG when the list names one that the
 * model does not have. */
enum status frozen_mark(struct model *model, struct error *err) MUST_CHECK;

#endif
