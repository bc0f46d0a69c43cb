/* model.h - the transformers of both papers: weights, forward and backward pass.
 *
 * Row vectors (science.md 1.1): q = h Wq, k = c Wk, v = c Wv; h <- h + damping concat_heads(A v)
 * Wp. Wq, Wk, Wv [D, HK], Wp [HK, D]; head e owns columns (rows of Wp) eK .. eK+K-1.
 *
 * A pass works on one group of 16 tasks at a time: write pass_tokens, pass_forward, read
 * pass_outputs, pass_backward. Gradients are summed inside the pass, over the groups of a
 * super-group (pass_super_group) and these over the batch, and handed out by pass_gradient. All
 * memory comes from one arena.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "math/kernels.h"
#include "model/config.h"

enum { CHANNELS_LAST = -1 };

/* What a token construction tells the model. Prediction [outputs tokens][outputs channels] =
 * sign * h_out[first_token + i (1 + output_gap)][first_channel + o]. */
struct token_shape {
    int tokens;  /* T, rows of the input */
    int context; /* N_k: keys and values come from the first N_k tokens (KEYS_CONTEXT) */
    int width;   /* W, channels of an input token */
    int first_token, output_tokens;
    int output_gap;    /* tokens between two that predict */
    int first_channel; /* or CHANNELS_LAST: the last ones of the stream */
    int outputs;       /* O */
    int sign;          /* -1 in paper 1, +1 in paper 2 */
    int zero_channels; /* the first channels of every input token are 0: the first layer skips them
                        */
};

/* One weight tensor, in the order in which the block of weights holds them. */
struct tensor {
    int layer;         /* 0..L-1; -1 for tensors of the whole model */
    const char *name;  /* "query", "key", "value", "project", ...: dataset
                          /weights/<class>/layer<k>/<name> */
    const char *about; /* one line, no full stop */
    int rank, shape[2];
    size_t offset, count; /* in reals, from the start of the block */
    bool decays;          /* matrices do; biases, gains and single numbers do not */
    bool frozen;          /* does not train: keeps its initial bits */
    int row;              /* in the table of tensors.c */
};

enum { MODEL_LAYERS_MAX = 32, MODEL_TENSORS_MAX = 480 };

struct model {
    struct model_config config;
    struct token_shape given; /* by the token construction */
    struct token_shape shape; /* of the stream: T, N_k, first_token with the tokens that the model
                                 puts between those of the task; first_channel resolved */
    int L, H, K, D;           /* K resolved, D = width of the residual stream */
    int kinds[MODEL_LAYERS_MAX]; /* row in the table of layer kinds, per layer */
    int weight_sets;             /* 1 when shared, else L */
    struct tensor tensors[MODEL_TENSORS_MAX];
    int tensor_count;
    size_t parameters; /* reals in the block of weights */
};

/* Resolves sizes and lays out the tensors. ERR_CONFIG when keys do not fit each other, as
 * "model.layers: 3 kinds for 2 layers". */
enum status model_init(struct model *model, const struct model_config *config,
                       const struct token_shape *shape, struct error *err) MUST_CHECK;

/* Row of the stream that token t of the task has: behind the prefix and the eos tokens before it;
 * and the row from which output i is read. */
int model_row(const struct model *model, int t);
int model_output_row(const struct model *model, int i);

/* T of the stream, of a model that need not have been made. */
int model_tokens(const struct model_config *config, const struct token_shape *shape);

/* Name of the class of runs with these tensor shapes, as L2_H1_K11_D11 ("L1s2_..." when one set is
 * applied twice); a hash of names and shapes follows when there are other tensors than query, key,
 * value and project. */
void model_class(const struct model *model, char *text, size_t size);

/* Initial weights [parameters], a function of (config, seed): stream and counters of weights.c. */
void model_draw(real *weights, const struct model *model, uint64_t seed);

/* Weights [parameters] of a transformer, all 0 but head 0 of the attention: with y the channels of
 * the prediction, x the others,
 *   Wq = Wk = (1 on x, 0 on y),  Wv = (0 on x, -1 on y),  Wp = rate / damping back to y,
 * so that each layer adds -rate sum_i y_i (x_i . x_j) to y_j: a step of gradient descent from 0 on
 * the pairs (x_i, y_i) of the context, whose y become what is left of them. rate = eta/N
 * (science.md section 4, statement 1). Key size >= both numbers of channels. */
void model_construct(real *weights, const struct model *model, double rate);

/* From now on layer 0 .. L - 1 is linear attention with the tensors that it has; what else its kind
 * learned stays among the weights and is not read. `config` is not changed. */
void model_linearise(struct model *model, int layer);

/* Whether every layer is of this kind, as "linear". */
bool model_layers_all(const struct model_config *config, const char *kind);

/* Multiply-adds of one task forward by PASS_FAST; backward is about twice as much. For cost
 * estimates. */
double model_cost(const struct model *model);

enum pass_path {
    PASS_FAST,   /* the collapsed algebra where it is exact, tokens elsewhere */
    PASS_TOKENS, /* every token through every layer; keeps activations, gives input gradients */
};

struct pass;

/* Takes all its memory from the arena (NULL while measuring). `model` and `kernels` are borrowed.
 * The float bits of PASS_FAST and PASS_TOKENS differ; each is reproducible. */
struct pass *pass_create(struct arena *arena, const struct model *model,
                         const struct kernels *kernels, enum pass_path path);

/* Must be called after each change of the weights [parameters] (borrowed until the next call):
 * forms products of weights that are shared by the batch. */
void pass_weights(struct pass *pass, const real *weights);

/* [given.tokens][W][LANES]: the task's tokens. The caller writes all of it before each
 * pass_forward. */
real *pass_tokens(struct pass *pass);

void pass_forward(struct pass *pass);

/* [output_tokens][outputs][LANES] of the last forward, sign applied. */
const real *pass_outputs(const struct pass *pass);

/* Adds the gradient of this group to the sums of the super-group; doutputs [output_tokens][outputs]
 * [LANES]. A lane whose doutputs are 0 adds 0. */
void pass_backward(struct pass *pass, const real *doutputs);

/* PASS_TOKENS, transformers only: as pass_backward, from the gradient [T][D][LANES] of the stream
 * after layer 1 .. L, of every row; for layer L the pass has to keep all (pass_keep_all). */
void pass_backward_from(struct pass *pass, int layer, const real *gradient);

/* Ends a super-group: its sums go into those of the batch. */
void pass_super_group(struct pass *pass);

/* Ends the last super-group of a batch; gradient[parameters] += the sums of the batch, which become
 * 0. Must come before pass_weights. */
void pass_gradient(struct pass *pass, double *gradient);

/* PASS_TOKENS, transformers only: d (what doutputs weighted) / d pass_tokens, of the last backward.
 */
const real *pass_input_gradient(const struct pass *pass);

/* PASS_TOKENS only: residual stream after layer l (0 = input of the first layer, L = last),
 * [T][D][LANES]. After the last layer the rows that nothing reads may be absent: rows before
 * the first output's and after the last one's are valid only with `pass_keep_all`. */
const real *pass_activation(const struct pass *pass, int layer);

/* PASS_TOKENS only: from now on the last layer is computed for every token. */
void pass_keep_all(struct pass *pass);

#endif
