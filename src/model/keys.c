#include "kinds.h"
#include "model/config.h"
#include "tensors.h"

const char *const model_kinds[] = {"transformer", "gdpp", "mlp_gd", "chebyshev", NULL};
static const char *const weights_names[] = {"per_layer", "shared", NULL};
static const char *const keys_from_names[] = {"context", "causal", NULL};
static const char *const positions_names[] = {"none", "concatenated", "added", "query_key", NULL};
static const char *const pairs_names[] = {"lagged", "inclusive", NULL};
static const char *const init_names[] = {"truncated", "normal", NULL};

static enum status check_layers(const char *text, struct error *err)
{
    struct layer_list list;
    return layer_list_parse(&list, text, err);
}

/* The neutral texts are frozen: they are part of what an identity means. */
#define M(member, ...) KEY(struct model_config, member, __VA_ARGS__)
#define CHOICE(member, list, ...) KEY_CHOICE_OF(struct model_config, member, list, __VA_ARGS__)
/* clang-format off */
static const struct key keys[] = {
    CHOICE(kind, model_kinds, .name = "model.kind", .fallback = "transformer", .neutral = "transformer",
      .help = "all weights are trained; gdpp: GD++, four numbers a layer; mlp_gd: what lies before constructed attention; chebyshev: two numbers for each of L steps"),
    M(depth, .name = "model.depth", .min = 1, .max = MODEL_LAYERS_MAX, .fallback = "1", .neutral = "1",
      .unit = "layers", .help = "number of attention layers, L"),
    M(heads, .name = "model.heads", .min = 1, .max = 64, .fallback = "1", .neutral = "1",
      .unit = "heads", .help = "attention heads of each layer, H"),
    M(key_size, .name = "model.key_size", .min = 0, .max = 1024, .fallback = "0", .neutral = "0",
      .unit = "features", .help = "features of a query, key and value in one head, K; 0: the width of the stream"),
    M(layers, .name = "model.layers", .check = check_layers, .fallback = "linear*", .neutral = "linear*",
      .help = "attention of each layer, in order; the last kind repeats with *, as in \"softmax linear*\""),
    CHOICE(weights, weights_names, .name = "model.weights", .fallback = "per_layer", .neutral = "per_layer",
      .help = "a set of weights for each layer, or one set applied L times"),
    M(rate, .name = "model.rate", .min = 0, .max = 1e3, .fallback = "0", .neutral = "0",
      .unit = "1", .help = "eta/N of the gradient descent that gdpp starts from and mlp_gd keeps to"),
    CHOICE(keys_from, keys_from_names, .name = "model.keys_from", .fallback = "context", .neutral = "context",
      .help = "tokens that keys and values come from: the context, or all up to the querying one"),
    CHOICE(positions, positions_names, .name = "model.positions", .fallback = "none", .neutral = "none",
      .help = "sinusoidal positions: appended to the stream, added to it, or seen by the first layer's queries and keys"),
    M(position_size, .name = "model.position_size", .min = 1, .max = 1024, .fallback = "10", .neutral = "10",
      .unit = "channels", .help = "channels of the positions when concatenated or on queries and keys"),
    M(position_base, .name = "model.position_base", .min = 1, .max = 1e9, .fallback = "10000", .neutral = "10000",
      .unit = "1", .help = "longest wavelength of the positions divided by 2 pi"),
    CHOICE(pairs, pairs_names, .name = "model.pairs", .fallback = "lagged", .neutral = "lagged",
      .help = "pairs of states that chebyshev knows at a token: all but the last, or all up to it"),
    M(damping, .name = "model.damping", .min = 0, .max = 10, .fallback = "1", .neutral = "1",
      .unit = "1", .help = "factor of each residual update"),
    M(clip, .name = "model.clip", .min = 0, .max = 1e9, .fallback = "0", .neutral = "0",
      .unit = "1", .help = "the stream is limited to [-clip, clip] after each residual update; 0: no limit"),
    M(y_update, .name = "model.y_update", .fallback = "false", .neutral = "false",
      .unit = "1", .help = "only the channels of the prediction are updated"),
    M(mlp, .name = "model.mlp", .min = 0, .max = 4096, .fallback = "0", .neutral = "0",
      .unit = "features", .help = "hidden features of the MLP (GELU) after attention; 0: no MLP"),
    M(input_mlp, .name = "model.input_mlp", .min = 0, .max = 4096, .fallback = "0", .neutral = "0",
      .unit = "features", .help = "hidden features of the MLP (GELU) before the first layer; 0: no MLP"),
    M(embedding, .name = "model.embedding", .min = 0, .max = 1024, .fallback = "0", .neutral = "0",
      .unit = "channels", .help = "width of a linear input embedding; 0: tokens enter as they are"),
    M(prefix, .name = "model.prefix", .min = 0, .max = 1024, .fallback = "0", .neutral = "0",
      .unit = "tokens", .help = "learned input tokens in front of the sequence, N(0, 1) at first; part of the context"),
    M(eos, .name = "model.eos", .min = 0, .max = 1024, .fallback = "0", .neutral = "0",
      .unit = "tokens", .help = "one learned input token, N(0, 1) at first, is put behind every n tokens of the sequence; 0: none"),
    M(output_embedding, .name = "model.output_embedding", .fallback = "false", .neutral = "false",
      .unit = "1", .help = "predictions are a linear map of the stream instead of some of its channels"),
    M(embedding_bias, .name = "model.embedding_bias", .fallback = "false", .neutral = "false",
      .unit = "1", .help = "input and output embeddings have a bias"),
    M(layer_norm, .name = "model.layer_norm", .fallback = "false", .neutral = "false",
      .unit = "1", .help = "LayerNorm before attention and MLP"),
    M(normalise_keys, .name = "model.normalise_keys", .fallback = "false", .neutral = "false",
      .unit = "1", .help = "queries and keys of each head are scaled to length 1"),
    M(normalise_from, .name = "model.normalise_from", .min = 1, .max = MODEL_LAYERS_MAX, .fallback = "1", .neutral = "1",
      .unit = "layers", .help = "first layer whose queries and keys are scaled, with normalise_keys"),
    CHOICE(init, init_names, .name = "model.init", .fallback = "truncated", .neutral = "truncated",
      .help = "initial weights: truncated normal with variance init_scale / (L fan_in), or normal"),
    M(init_scale, .name = "model.init_scale", .min = 0, .max = 1000, .fallback = "0.002", .neutral = "0.002",
      .free = true, .unit = "1", .help = "variance of the initial weights times L and fan-in, with init: truncated"),
    M(init_deviation, .name = "model.init_deviation", .min = 0, .max = 100, .fallback = "0.0002", .neutral = "0.0002",
      .free = true, .unit = "1", .help = "standard deviation of the initial weights, with init: normal"),
    M(frozen, .name = "model.frozen", .check = frozen_check, .fallback = "none", .neutral = "none",
      .help = "tensors that keep their initial values: none, all, names as in \"query key\", or \"all except\" and names"),
};
/* clang-format on */
#undef M
#undef CHOICE

const struct key_table model_keys = {"model", keys, sizeof keys / sizeof keys[0],
                                     sizeof(struct model_config)};
