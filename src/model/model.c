#include "model/model.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "gd.h"
#include "iteration.h"
#include "pass.h"

/* At most 14 tensors a layer and 10 of the whole model; those of gdpp are never beside them. */
static_assert(MODEL_TENSORS_MAX >=
                  TENSOR_EMBEDDING * MODEL_LAYERS_MAX + TENSOR_VALUE_X - TENSOR_EMBEDDING,
              "every model's tensors fit");

static enum status resolve_kinds(struct model *model, struct error *err)
{
    struct layer_list list;
    enum status st = layer_list_parse(&list, model->config.layers.text, err);
    if (st != OK)
        return error_in(err, st, "model.layers");
    int fixed = list.count - list.repeats; /* "linear*" may stand for no layer at all */
    if (fixed > model->L || (!list.repeats && fixed < model->L))
        return error_set(err, ERR_CONFIG, "model.layers: %d kinds for %d layers%s", fixed, model->L,
                         fixed < model->L ? "; let the last repeat with *" : "");
    for (int l = 0; l < model->L; l++)
        model->kinds[l] = list.kinds[l < fixed ? l : list.count - 1];
    return OK;
}

/* `room`: the channels of the stream that the prediction may be in. */
static enum status check_channels(const struct model *model, int room, struct error *err)
{
    const struct token_shape *shape = &model->shape;
    int end = shape->first_channel + shape->outputs;
    if (model->config.output_embedding && !model->config.y_update)
        return OK; /* no channel is the prediction's */
    if (shape->first_channel < 0)
        return error_set(err, ERR_CONFIG,
                         "model.embedding: a stream of %d channels does not end with the %d of the "
                         "prediction; use model.output_embedding, or %d channels",
                         model->D, shape->outputs, shape->outputs);
    if (end > room)
        return error_set(err, ERR_CONFIG,
                         "model.embedding: %d channels do not hold channels %d..%d of the "
                         "prediction; use model.output_embedding, or %d channels",
                         room, shape->first_channel, end - 1, end);
    return OK;
}

static enum status check(const struct model *model, struct error *err)
{
    const struct model_config *c = &model->config;
    if (c->positions == POSITIONS_QUERY_KEY && c->weights == WEIGHTS_SHARED && model->L > 1)
        return error_set(err, ERR_CONFIG,
                         "model.positions: query_key gives the first layer weights of its own, so "
                         "model.weights can not be shared");
    if (c->eos >= model->given.tokens)
        return error_set(
            err, ERR_CONFIG,
            "model.eos: behind %d tokens of a sequence of %d stands nothing that could "
            "see it; at most %d, or 0 for none",
            c->eos, model->given.tokens, model->given.tokens - 1);
    for (int l = 0; l < model->L; l++)
        if (model->kinds[l] == KIND_MESA && c->keys_from != KEYS_CAUSAL)
            return error_set(err, ERR_CONFIG,
                             "model.layers: mesa is defined for model.keys_from: causal only");
    if (c->kind == MODEL_CHEBYSHEV)
        return iteration_check(model, err);
    return gd_check(model, err);
}

int model_row(const struct model *model, int t)
{
    const struct model_config *c = &model->config;
    return c->prefix + t + (c->eos > 0 ? t / c->eos : 0);
}

int model_output_row(const struct model *model, int i)
{
    return model_row(model, model->given.first_token + i * (1 + model->given.output_gap));
}

int model_tokens(const struct model_config *config, const struct token_shape *shape)
{
    struct model model = {.config = *config};
    return model_row(&model, shape->tokens - 1) + 1; /* no eos behind the last one */
}

/* The shape of the stream: what the model adds to the context fills every channel. */
static void lengthen(struct model *model)
{
    const struct token_shape *given = &model->given;
    model->shape = *given;
    model->shape.tokens = model_tokens(&model->config, given);
    model->shape.first_token = model_output_row(model, 0);
    model->shape.context =
        given->context < given->tokens ? model_row(model, given->context) : model->shape.tokens;
    if (model->config.prefix > 0 || model->config.eos > 0)
        model->shape.zero_channels = 0;
}

enum status model_init(struct model *model, const struct model_config *config,
                       const struct token_shape *shape, struct error *err)
{
    struct model result = {.config = *config, .given = *shape};
    int base = config->embedding ? config->embedding : shape->width;
    bool last = shape->first_channel == CHANNELS_LAST;
    lengthen(&result);
    result.L = config->depth;
    result.H = config->heads;
    result.D = base;
    if (config->positions == POSITIONS_CONCATENATED)
        result.D += config->position_size;
    if (last)
        result.shape.first_channel = result.D - shape->outputs;
    result.K = config->key_size ? config->key_size : result.D;
    result.weight_sets = config->weights == WEIGHTS_SHARED ? 1 : result.L;

    enum status st = resolve_kinds(&result, err);
    if (st == OK)
        st = check_channels(&result, last ? result.D : base, err);
    if (st == OK)
        st = check(&result, err);
    if (st != OK)
        return st;
    tensors_lay_out(&result);
    st = frozen_mark(&result, err);
    if (st == OK)
        *model = result;
    return st;
}

/* Names and shapes of all tensors, as they determine the datasets of a class. */
static uint64_t shapes_hash(const struct model *model)
{
    struct hash_xxh64 hash;
    hash_xxh64_begin(&hash, 0);
    for (int i = 0; i < model->tensor_count; i++) {
        const struct tensor *t = &model->tensors[i];
        char line[96];
        int length = snprintf(line, sizeof line, "%d/%s[%d,%d];", t->layer, t->name, t->shape[0],
                              t->shape[1]);
        hash_xxh64_add(&hash, line, (size_t)length);
    }
    return hash_xxh64_end(&hash);
}

void model_class(const struct model *model, char *text, size_t size)
{
    char sets[24] = "";
    if (model->weight_sets < model->L)
        snprintf(sets, sizeof sets, "s%d", model->L);
    int length = snprintf(text, size, "L%d%s_H%d_K%d_D%d", model->weight_sets, sets, model->H,
                          model->K, model->D);
    bool plain = model->config.positions != POSITIONS_QUERY_KEY;
    for (int i = 0; i < model->tensor_count; i++)
        plain = plain && model->tensors[i].row <= TENSOR_PROJECT;
    if (!plain && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, "_%08" PRIx32, (uint32_t)shapes_hash(model));
}

void model_linearise(struct model *model, int layer)
{
    model->kinds[layer] = KIND_LINEAR;
}

double model_cost(const struct model *model)
{
    struct pass pass = {.model = model, .path = PASS_FAST};
    double T = model->shape.tokens, D = model->D;
    if (model->config.kind == MODEL_CHEBYSHEV)
        return iteration_cost(model);
    double cost = T * model->shape.width * model->config.embedding +
                  2 * T * D * (model->config.input_mlp + model->L * model->config.mlp);
    merged_choose(&pass);
    for (int l = 0; l < model->L; l++)
        cost += merged_layer_cost(&pass, l);
    return cost;
}
