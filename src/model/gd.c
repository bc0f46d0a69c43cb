#include "gd.h"

#include <string.h>

#include "kinds.h"

/* Channels of the stream that descent does not take for labels. */
static int features(const struct model *model)
{
    return model->D - model->shape.outputs;
}

/* The stream's channel of feature i: the channels of the prediction are left out. */
static int feature_channel(const struct model *model, int i)
{
    return i < model->shape.first_channel ? i : i + model->shape.outputs;
}

/* ---- which keys */

static bool all_linear(const struct model *model)
{
    bool linear = true;
    for (int l = 0; l < model->L; l++)
        linear = linear && model->kinds[l] == KIND_LINEAR;
    return linear;
}

enum status needs_check(const struct model *model, const struct need *needs, size_t count,
                        struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!needs[i].met)
            return error_set(err, ERR_CONFIG, "model.kind: %s needs %s",
                             model_kinds[model->config.kind], needs[i].need);
    return OK;
}

enum status gd_check(const struct model *model, struct error *err)
{
    const struct model_config *c = &model->config;
    bool gdpp = c->kind == MODEL_GDPP;
    const struct need needs[] = {
        {"model.rate above 0: eta/N of the gradient descent that it is built as", c->rate > 0},
        {"model.damping above 0", c->damping > 0},
        {"model.layers: linear*", all_linear(model)},
        {"model.heads: 1", c->heads == 1},
        {"model.keys_from: context", c->keys_from == KEYS_CONTEXT},
        {"model.positions: none", c->positions == POSITIONS_NONE},
        {"model.prefix: 0", c->prefix == 0},
        {"model.eos: 0", c->eos == 0},
        {"model.mlp: 0", c->mlp == 0},
        {"model.layer_norm: false", !c->layer_norm},
        {"model.normalise_keys: false", !c->normalise_keys},
        {"model.output_embedding: false", !c->output_embedding},
        {"model.embedding: 0", !gdpp || c->embedding == 0},
        {"model.input_mlp: 0", !gdpp || c->input_mlp == 0},
        {"model.input_mlp or model.embedding, which it trains",
         gdpp || c->input_mlp > 0 || c->embedding > 0},
        {"model.key_size: 0, or as many features as the stream has channels", model->K >= model->D},
    };
    return c->kind == MODEL_TRANSFORMER
               ? OK
               : needs_check(model, needs, sizeof needs / sizeof needs[0], err);
}

/* ---- first weights */

bool gd_constructs(const struct model *model, enum tensor_row row)
{
    return gd_freezes(model, row) || (row >= TENSOR_VALUE_X && row <= TENSOR_PROJECT_Y);
}

bool gd_freezes(const struct model *model, enum tensor_row row)
{
    return model->config.kind == MODEL_MLP_GD && row <= TENSOR_PROJECT;
}

/* The element of a matrix with this many columns. */
static real *element(real *weights, int row, int column, int columns)
{
    return weights + (ptrdiff_t)row * columns + column;
}

void gd_construct(real *weights, const struct tensor *tensor, const struct model *model,
                  double rate)
{
    double gain = rate / model->config.damping;
    int O = model->shape.outputs, first = model->shape.first_channel, columns = tensor->shape[1];
    switch (tensor->row) {
    case TENSOR_QUERY:
    case TENSOR_KEY:
        for (int i = 0; i < features(model); i++)
            *element(weights, feature_channel(model, i), i, columns) = 1;
        break;
    case TENSOR_VALUE:
        for (int o = 0; o < O; o++)
            *element(weights, first + o, o, columns) = -1;
        break;
    case TENSOR_PROJECT:
        for (int o = 0; o < O; o++)
            *element(weights, o, first + o, columns) = (real)gain;
        break;
    case TENSOR_VALUE_X:
        *weights = 1;
        break;
    case TENSOR_VALUE_Y:
        *weights = -1;
        break;
    case TENSOR_PROJECT_X:
        *weights = (real)(-gain / model->shape.context);
        break;
    case TENSOR_PROJECT_Y:
        *weights = (real)gain;
        break;
    }
}

void model_construct(real *weights, const struct model *model, double rate)
{
    memset(weights, 0, model->parameters * sizeof *weights);
    for (int i = 0; i < model->tensor_count; i++)
        if (model->tensors[i].row <= TENSOR_PROJECT)
            gd_construct(weights + model->tensors[i].offset, &model->tensors[i], model, rate);
}

/* ---- gdpp: the transformer behind it */

bool copies_transformer(struct model *transformer, const struct model *model)
{
    if (model->config.kind != MODEL_GDPP)
        return false;
    *transformer = *model;
    transformer->config.kind = MODEL_TRANSFORMER;
    tensors_lay_out(transformer);
    return true;
}

static const struct tensor *find(const struct model *model, int layer, enum tensor_row row)
{
    const struct tensor *tensor = model->tensors;
    while (tensor->layer != layer || tensor->row != (int)row)
        tensor++;
    return tensor;
}

/* The diagonal of a [D, HK] or [HK, D] tensor: x channels copy one number, y channels another. */
static void tie(struct copies *copies, const struct model *model, const struct tensor *tensor,
                enum tensor_row x, enum tensor_row y)
{
    int columns = tensor->shape[1];
    for (int i = 0; i < model->D; i++) {
        enum tensor_row row = i < model->shape.first_channel ? x : y;
        copies->parameter[tensor->offset + (size_t)(i * columns + i)] =
            (int)find(model, tensor->layer, row)->offset;
    }
}

/* Constants, and what is copied from where. */
static void fill(struct copies *copies, const struct model *model)
{
    size_t count = copies->transformer.parameters;
    memset(copies->weights, 0, count * sizeof *copies->weights);
    for (size_t i = 0; i < count; i++)
        copies->parameter[i] = -1;
    for (int i = 0; i < copies->transformer.tensor_count; i++) {
        const struct tensor *tensor = &copies->transformer.tensors[i];
        if (tensor->row == TENSOR_VALUE)
            tie(copies, model, tensor, TENSOR_VALUE_X, TENSOR_VALUE_Y);
        else if (tensor->row == TENSOR_PROJECT)
            tie(copies, model, tensor, TENSOR_PROJECT_X, TENSOR_PROJECT_Y);
        else
            gd_construct(copies->weights + tensor->offset, tensor, model, model->config.rate);
    }
}

struct copies *copies_create(struct arena *arena, const struct model *model,
                             const struct model *transformer)
{
    struct copies *copies = ARENA_TAKE(arena, struct copies, 1);
    real *weights = ARENA_TAKE(arena, real, transformer->parameters);
    int *parameter = ARENA_TAKE(arena, int, transformer->parameters);
    if (!copies)
        return NULL;
    *copies = (struct copies){*transformer, weights, parameter};
    fill(copies, model);
    return copies;
}

void copies_weights(struct copies *copies, const real *parameters)
{
    for (size_t i = 0; i < copies->transformer.parameters; i++)
        if (copies->parameter[i] >= 0)
            copies->weights[i] = parameters[copies->parameter[i]];
}
