#include "tensors.h"

#include "kinds.h"

/* Lengths that a tensor's shape is made of; each is a function of the model (and the layer). */
enum dim {
    DIM_NONE, /* ends the shape */
    DIM_ONE,
    DIM_INPUT,     /* W: channels of an input token */
    DIM_EMBEDDED,  /* channels after the embedding */
    DIM_STREAM,    /* D */
    DIM_QUERIED,   /* what queries and keys see: D, and the positions if only they do */
    DIM_HEADS,     /* H */
    DIM_HEADS_KEY, /* HK */
    DIM_MLP,
    DIM_INPUT_MLP,
    DIM_OUTPUTS, /* O */
    DIM_PREFIX,
};

static int length(enum dim dim, const struct model *model, int layer)
{
    const struct model_config *c = &model->config;
    switch (dim) {
    case DIM_NONE:
    case DIM_ONE:
        return 1;
    case DIM_INPUT:
        return model->shape.width;
    case DIM_EMBEDDED:
        return c->embedding;
    case DIM_STREAM:
        return model->D;
    case DIM_QUERIED:
        return model->D +
               (layer == 0 && c->positions == POSITIONS_QUERY_KEY ? c->position_size : 0);
    case DIM_HEADS:
        return model->H;
    case DIM_HEADS_KEY:
        return model->H * model->K;
    case DIM_MLP:
        return c->mlp;
    case DIM_INPUT_MLP:
        return c->input_mlp;
    case DIM_OUTPUTS:
        return model->shape.outputs;
    case DIM_PREFIX:
        return c->prefix;
    }
    return 0;
}

/* When a tensor exists. */
typedef bool (*condition)(const struct model *model, int layer);

/* A layer is of this kind; with shared weights the one set serves every layer. */
static bool has_kind(const struct model *model, int layer, enum layer_kind kind)
{
    int last = model->weight_sets == 1 ? model->L - 1 : layer;
    for (int l = layer; l <= last; l++)
        if (model->kinds[l] == (int)kind)
            return true;
    return false;
}

static bool whole_attention(const struct model *model, int layer)
{
    (void)layer;
    return model->config.kind != MODEL_GDPP && model->config.kind != MODEL_CHEBYSHEV;
}

static bool gdpp(const struct model *model, int layer)
{
    (void)layer;
    return model->config.kind == MODEL_GDPP;
}

static bool chebyshev(const struct model *model, int layer)
{
    (void)layer;
    return model->config.kind == MODEL_CHEBYSHEV;
}

static bool mixed(const struct model *model, int layer)
{
    return has_kind(model, layer, KIND_MIX);
}

static bool mesa(const struct model *model, int layer)
{
    return has_kind(model, layer, KIND_MESA);
}

static bool normed(const struct model *model, int layer)
{
    (void)layer;
    return model->config.layer_norm;
}

static bool with_mlp(const struct model *model, int layer)
{
    (void)layer;
    return model->config.mlp > 0;
}

static bool normed_mlp(const struct model *model, int layer)
{
    return normed(model, layer) && with_mlp(model, layer);
}

static bool embedded(const struct model *model, int layer)
{
    (void)layer;
    return model->config.embedding > 0;
}

static bool embedded_bias(const struct model *model, int layer)
{
    return embedded(model, layer) && model->config.embedding_bias;
}

static bool with_input_mlp(const struct model *model, int layer)
{
    (void)layer;
    return model->config.input_mlp > 0;
}

static bool output(const struct model *model, int layer)
{
    (void)layer;
    return model->config.output_embedding;
}

static bool output_bias(const struct model *model, int layer)
{
    return output(model, layer) && model->config.embedding_bias;
}

static bool prefixed(const struct model *model, int layer)
{
    (void)layer;
    return model->config.prefix > 0;
}

static bool separated(const struct model *model, int layer)
{
    (void)layer;
    return model->config.eos > 0;
}

struct row {
    const char *name;
    enum dim shape[2];
    condition exists;
    enum tensor_init init;
    bool decays;
    const char *about;
};

/* clang-format off */
static const struct row rows[TENSOR_ROWS] = {
    [TENSOR_QUERY]         = {"query",         {DIM_QUERIED, DIM_HEADS_KEY},   whole_attention,TENSOR_DRAWN, true,
     "queries of all heads side by side, q = h.query; its rows are channels of the stream"},
    [TENSOR_KEY]           = {"key",           {DIM_QUERIED, DIM_HEADS_KEY},   whole_attention,TENSOR_DRAWN, true,
     "keys of all heads side by side, k = c.key"},
    [TENSOR_VALUE]         = {"value",         {DIM_STREAM, DIM_HEADS_KEY},    whole_attention,TENSOR_DRAWN, true,
     "values of all heads side by side, v = c.value"},
    [TENSOR_PROJECT]       = {"project",       {DIM_HEADS_KEY, DIM_STREAM},    whole_attention,TENSOR_DRAWN, true,
     "from the heads side by side back to the stream, h + heads.project"},
    [TENSOR_GATE]          = {"gate",          {DIM_ONE},                      mixed,          TENSOR_ZERO,  false,
     "x of the share g = sigmoid(10 x) between softmax and linear attention"},
    [TENSOR_LOG_LAMBDA]    = {"log_lambda",    {DIM_HEADS},                    mesa,           TENSOR_ZERO,  false,
     "logarithm of each head's regularisation lambda"},
    [TENSOR_NORM_GAIN]     = {"norm_gain",     {DIM_STREAM},                   normed,         TENSOR_ONE,   false,
     "gain of LayerNorm before attention"},
    [TENSOR_NORM_BIAS]     = {"norm_bias",     {DIM_STREAM},                   normed,         TENSOR_ZERO,  false,
     "bias of LayerNorm before attention"},
    [TENSOR_MLP_NORM_GAIN] = {"mlp_norm_gain", {DIM_STREAM},                   normed_mlp,     TENSOR_ONE,   false,
     "gain of LayerNorm before the MLP"},
    [TENSOR_MLP_NORM_BIAS] = {"mlp_norm_bias", {DIM_STREAM},                   normed_mlp,     TENSOR_ZERO,  false,
     "bias of LayerNorm before the MLP"},
    [TENSOR_MLP_IN]        = {"mlp_in",        {DIM_STREAM, DIM_MLP},          with_mlp,       TENSOR_DRAWN, true,
     "from the stream to the hidden features of the MLP"},
    [TENSOR_MLP_IN_BIAS]   = {"mlp_in_bias",   {DIM_MLP},                      with_mlp,       TENSOR_ZERO,  false,
     "bias of the hidden features of the MLP"},
    [TENSOR_MLP_OUT]       = {"mlp_out",       {DIM_MLP, DIM_STREAM},          with_mlp,       TENSOR_DRAWN, true,
     "from the hidden features of the MLP to the stream"},
    [TENSOR_MLP_OUT_BIAS]  = {"mlp_out_bias",  {DIM_STREAM},                   with_mlp,       TENSOR_ZERO,  false,
     "bias of what the MLP adds to the stream"},
    [TENSOR_EMBEDDING]     = {"embedding",     {DIM_INPUT, DIM_EMBEDDED},      embedded,       TENSOR_DRAWN, true,
     "from the channels of a token to the stream"},
    [TENSOR_EMBEDDING_BIAS]= {"embedding_bias",{DIM_EMBEDDED},                 embedded_bias,  TENSOR_ZERO,  false,
     "bias of the embedding"},
    [TENSOR_INPUT_IN]      = {"input_in",      {DIM_STREAM, DIM_INPUT_MLP},    with_input_mlp, TENSOR_DRAWN, true,
     "from the stream to the hidden features of the MLP before the first layer"},
    [TENSOR_INPUT_IN_BIAS] = {"input_in_bias", {DIM_INPUT_MLP},                with_input_mlp, TENSOR_ZERO,  false,
     "bias of the hidden features of the MLP before the first layer"},
    [TENSOR_INPUT_OUT]     = {"input_out",     {DIM_INPUT_MLP, DIM_STREAM},    with_input_mlp, TENSOR_DRAWN, true,
     "from the hidden features of the MLP before the first layer to the stream"},
    [TENSOR_INPUT_OUT_BIAS]= {"input_out_bias",{DIM_STREAM},                   with_input_mlp, TENSOR_ZERO,  false,
     "bias of what the MLP before the first layer adds"},
    [TENSOR_OUTPUT]        = {"output",        {DIM_STREAM, DIM_OUTPUTS},      output,         TENSOR_DRAWN, true,
     "from the stream to the predictions"},
    [TENSOR_OUTPUT_BIAS]   = {"output_bias",   {DIM_OUTPUTS},                  output_bias,    TENSOR_ZERO,  false,
     "bias of the predictions"},
    [TENSOR_PREFIX]        = {"prefix",        {DIM_PREFIX, DIM_INPUT},        prefixed,       TENSOR_NORMAL, false,
     "learned input tokens in front of the sequence, one a row"},
    [TENSOR_EOS]           = {"eos",           {DIM_INPUT},                    separated,      TENSOR_NORMAL, false,
     "learned input token that ends a part of the sequence"},
    [TENSOR_VALUE_X]       = {"value_x",       {DIM_ONE},                      gdpp,           TENSOR_CONSTRUCTED, false,
     "GD++: value's factor of the channels of x"},
    [TENSOR_VALUE_Y]       = {"value_y",       {DIM_ONE},                      gdpp,           TENSOR_CONSTRUCTED, false,
     "GD++: value's factor of the channels of y"},
    [TENSOR_PROJECT_X]     = {"project_x",     {DIM_ONE},                      gdpp,           TENSOR_CONSTRUCTED, false,
     "GD++: projection's factor of the channels of x"},
    [TENSOR_PROJECT_Y]     = {"project_y",     {DIM_ONE},                      gdpp,           TENSOR_CONSTRUCTED, false,
     "GD++: projection's factor of the channels of y"},
    [TENSOR_STEP]          = {"step",          {DIM_ONE},                      chebyshev,      TENSOR_ONE,   false,
     "Chebyshev: a of a step, term <- term - a A term"},
    [TENSOR_MOMENTUM]      = {"momentum",      {DIM_ONE},                      chebyshev,      TENSOR_ZERO,  false,
     "Chebyshev: b of a step, b times the change of x in the step before is added"},
};
/* clang-format on */

enum tensor_init tensor_init(enum tensor_row row)
{
    return rows[row].init;
}

const char *tensor_name(enum tensor_row row)
{
    return rows[row].name;
}

static void append(struct model *model, enum tensor_row row, int layer)
{
    const struct row *r = &rows[row];
    int set = layer < 0 ? 0 : layer;
    if (!r->exists(model, set))
        return;
    struct tensor tensor = {.layer = layer,
                            .row = (int)row,
                            .name = r->name,
                            .about = r->about,
                            .decays = r->decays,
                            .offset = model->parameters};
    tensor.rank = r->shape[1] == DIM_NONE ? 1 : 2;
    tensor.shape[0] = length(r->shape[0], model, set);
    tensor.shape[1] = length(r->shape[1], model, set);
    tensor.count = (size_t)tensor.shape[0] * (size_t)tensor.shape[1];
    model->tensors[model->tensor_count++] = tensor;
    model->parameters += tensor.count;
}

static bool of_a_layer(enum tensor_row row)
{
    return row < TENSOR_EMBEDDING || row >= TENSOR_VALUE_X;
}

void tensors_lay_out(struct model *model)
{
    model->tensor_count = 0;
    model->parameters = 0;
    for (int layer = 0; layer < model->weight_sets; layer++)
        for (int row = 0; row < TENSOR_ROWS; row++)
            if (of_a_layer((enum tensor_row)row))
                append(model, (enum tensor_row)row, layer);
    for (int row = 0; row < TENSOR_ROWS; row++)
        if (!of_a_layer((enum tensor_row)row))
            append(model, (enum tensor_row)row, -1);
}
