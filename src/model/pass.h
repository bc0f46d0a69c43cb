/* pass.h - the inside of a pass: buffers, and the parts that forward and backward are made of.
 *
 * The stream [T][D] of layer l is stream[l]; attention writes middle[l] when an MLP follows, else
 * stream[l + 1]. Backward carries one gradient, dstream, from the outputs down: each part turns it
 * from the gradient of what it wrote into that of what it read, and adds to the sums of weights.
 * What heads compute is kept for backward as far as caches reach, and computed again beyond.
 */
#ifndef MODEL_PASS_H
#define MODEL_PASS_H

#include "gd.h"
#include "iteration.h"
#include "kinds.h"
#include "merged.h"
#include "model/model.h"
#include "tensors.h"

/* What a residual update touches, and what it reads. */
struct extent {
    int first, rows;       /* tokens first .. first + rows - 1 */
    int keys;              /* tokens 0 .. keys - 1 give keys and values */
    int channel, channels; /* of the stream */
};

/* What a head computes forward. */
struct vectors {
    real *q, *k, *v;             /* [T][K], or what merged products make of it */
    real *query_norm, *key_norm; /* [T] */
    real *out;                   /* [T][V] */
    real *state;                 /* of the kind */
};

/* Scratch that all layers share; nothing in it outlives a part. */
struct work {
    struct vectors vectors;    /* of a head that keeps none */
    real *raw;                 /* [T][K] before queries and keys get length 1, and its gradient */
    real *dq, *dk, *dv, *dout; /* as the vectors */
    real *update;              /* [T][D] damped gradient of a residual update */
    real *head;                /* scratch of the kinds */
    real *normal, *normed;     /* [T][D] LayerNorm before and after gain and bias */
    real *statistics;          /* [T][2] */
    real *dnormed;             /* [T][D] */
    real *row;                 /* [D] */
    real *queried;             /* [T][D + P] what queries and keys of layer 0 see */
    real *hidden, *slope, *dhidden; /* [MLP_BLOCK][M] after GELU, its slope, and the gradient */
};

enum { MLP_BLOCK = 16 }; /* tokens that go through an MLP together */

struct pass {
    const struct model *model; /* the transformer that runs */
    struct copies *copies;     /* NULL: the weights are those that the caller gives */
    const struct kernels *kernels;
    enum pass_path path;
    bool keep_all;
    struct extent extents[MODEL_LAYERS_MAX]; /* of the layers' attention */
    bool merged_only;                        /* what a group adds to gradients is all in `merged` */
    const real *weights;
    real *gradient; /* [parameters] sums of the super-group */
    double *total;  /* [parameters] sums of the batch */

    real *given,
        *dgiven; /* the task's tokens [given.tokens][W]: in `tokens` unless eos parts them */
    real *tokens, *dtokens; /* [T][W]; PASS_FAST has the gradient of the model's own tokens alone,
                             * or none */
    real *embedded;         /* [T][D]; is `tokens` when they enter as they are */
    real *stream[MODEL_LAYERS_MAX + 1]; /* [T][D]; stream[0] is `embedded` without input MLP */
    real *middle[MODEL_LAYERS_MAX];     /* [T][D], with MLP */
    real *dstream;                      /* [T][D] */
    real *outputs, *positions;          /* [output_tokens][O]; [T][P] */
    struct iteration *iteration;        /* of a model that is one; it has no attention */
    struct work work;
    struct merged merged;
    struct vectors *vectors; /* [L][H]: of its own where the layer keeps some, else those of work */
    bool keeps_outputs[MODEL_LAYERS_MAX], keeps_projections[MODEL_LAYERS_MAX];
    ptrdiff_t offset[MODEL_LAYERS_MAX + 1]
                    [TENSOR_ROWS]; /* -1: no such tensor; last row: layer -1 */
};

/* Weights of a tensor and the sums of their gradient; layer -1: of the whole model. */
static inline ptrdiff_t tensor_offset(const struct pass *pass, int layer, enum tensor_row row)
{
    int set = layer < 0 ? MODEL_LAYERS_MAX : pass->model->weight_sets == 1 ? 0 : layer;
    return pass->offset[set][row];
}

static inline const real *tensor_weights(const struct pass *pass, int layer, enum tensor_row row)
{
    return pass->weights + tensor_offset(pass, layer, row);
}

static inline real *tensor_gradient(const struct pass *pass, int layer, enum tensor_row row)
{
    return pass->gradient + tensor_offset(pass, layer, row);
}

/* Channels of positions, and the value at each [T][positions_width]: sin and cos of t /
 * base^(2i/P), alternating. Computed in plain double arithmetic, equal bits everywhere. */
int positions_width(const struct model *model);
void positions_write(real *positions, const struct model *model, const struct kernels *kernels);

/* tokens -> embedded -> stream[0], and back from dstream. */
void input_prepare(struct pass *pass); /* writes what no token changes */
void input_weights(struct pass *pass); /* writes the prefix and the eos tokens */
void input_forward(struct pass *pass);
void input_backward(struct pass *pass);
int input_gradient_rows(const struct pass *pass); /* of dtokens that are wanted */
bool input_learns(const struct model *model);     /* weights before layer 0 need its gradient */

/* stream[L] -> outputs, and back: writes all of dstream. */
void readout_forward(struct pass *pass);
void readout_backward(struct pass *pass, const real *doutputs);

void attention_forward(struct pass *pass, int layer);
void attention_backward(struct pass *pass, int layer);
void attention_extents(struct pass *pass); /* notes them, from path and keep_all */
static inline struct extent attention_extent(const struct pass *pass, int layer)
{
    return pass->extents[layer];
}
real *attention_output(const struct pass *pass, int layer); /* the stream that it writes */
/* Whether anything wants the gradient of what the layer reads. */
bool input_gradient_wanted(const struct pass *pass, int layer);

/* Whether the layers that read the gradient of the outputs are also the first ones, and nothing
 * wants the gradient of their input: then no other token of dstream is looked at. */
bool attention_ends_backward(const struct pass *pass);

/* The vectors of all heads and what else they share: takes the memory, chooses what is kept
 * (vectors.c). Forms of layers are chosen before. */
void vectors_create(struct pass *pass, struct arena *arena);

/* Every form of a layer, without the clip: head by head (heads.c), and merged.h. */
void heads_forward(struct pass *pass, int layer);
void heads_backward(struct pass *pass, int layer);
struct head heads_shape(const struct pass *pass, int layer); /* sizes of a head of the layer */
double heads_cost(const struct pass *pass, int layer);       /* multiply-adds, both directions */

void mlp_forward(struct pass *pass, int layer); /* layer -1: the input network */
void mlp_backward(struct pass *pass, int layer);

/* LayerNorm of `rows` tokens: work.normal, work.normed, work.statistics from x [rows][D]; back: dx
 * += gradient, from work.dnormed. `gain`: TENSOR_NORM_GAIN or TENSOR_MLP_NORM_GAIN. */
void norm_forward(struct pass *pass, const real *x, int rows, int layer, enum tensor_row gain);
void norm_backward(struct pass *pass, real *dx, int rows, int layer, enum tensor_row gain);

/* The end of each residual update: limits rows of x, and turns the gradient of what was limited
 * into that of the sum before. Backward sees only the limited values: what lies on the bound counts
 * as cut. */
void clip_forward(const struct pass *pass, real *x, const struct extent *extent);
void clip_backward(const struct pass *pass, real *dx, const real *x, const struct extent *extent);

#endif
