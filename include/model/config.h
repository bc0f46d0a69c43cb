/* config.h - the keys model.*: what the transformer is. Rows, ranges and help: src/model/keys.c. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "config/key.h"

enum model_kind {
    MODEL_TRANSFORMER,
    MODEL_GDPP,      /* GD++: four numbers a layer */
    MODEL_MLP_GD,    /* what lies before a constructed, frozen attention */
    MODEL_CHEBYSHEV, /* least squares by an iteration: two numbers a step */
};
enum model_weights { WEIGHTS_PER_LAYER, WEIGHTS_SHARED };
enum model_positions {
    POSITIONS_NONE,
    POSITIONS_CONCATENATED,
    POSITIONS_ADDED,
    POSITIONS_QUERY_KEY
};
enum model_keys_from { KEYS_CONTEXT, KEYS_CAUSAL }; /* which tokens keys and values come from */
enum model_pairs { PAIRS_LAGGED, PAIRS_INCLUSIVE }; /* of states that an iteration knows */
enum model_init { INIT_TRUNCATED, INIT_NORMAL };

struct model_config {
    int kind;               /* enum model_kind */
    int depth;              /* L */
    int heads;              /* H */
    int key_size;           /* K; 0: the width D of the residual stream */
    struct key_text layers; /* kinds of the layers: "softmax linear*", the last repeats with '*' */
    int weights;            /* enum model_weights: "shared" = one weight set applied L times */
    double rate;            /* c = eta/N of constructed attention; gdpp: at first */
    int keys_from;          /* enum model_keys_from */
    int positions;          /* enum model_positions */
    int position_size;      /* sinusoidal channels */
    double position_base;   /* 10000 */
    int pairs;              /* enum model_pairs: of chebyshev */
    double damping;         /* h <- h + damping * update */
    double clip;            /* |h| <= clip after each residual; 0: none */
    bool y_update;          /* only the output channels receive the update */
    int mlp;                /* hidden size of the MLP after attention; 0: none */
    int input_mlp;          /* hidden size of the MLP before the first layer; 0: none */
    int embedding;          /* width D of an input embedding; 0: none, the tokens are the stream */
    int prefix;             /* tuned tokens in front of the sequence */
    int eos;                /* a tuned token, the same each time, after every so many; 0: none */
    bool output_embedding;  /* dense read-out of the outputs from the stream */
    bool embedding_bias;    /* embeddings have a bias */
    bool layer_norm;        /* LayerNorm before attention and MLP */
    bool normalise_keys;    /* queries and keys to length 1 per head */
    int normalise_from;     /* ... from this layer on, 1-based */
    int init;               /* enum model_init */
    double init_scale;      /* variance of initial weights = init_scale / (L fan_in), truncated */
    double init_deviation;  /* standard deviation with init: normal */
    struct key_text
        frozen; /* tensors that do not train: "none", "query key", "all except output" */
};

extern const char *const model_kinds[]; /* names of enum model_kind, NULL after the last */
extern const struct key_table model_keys;

#endif
