/* h <- clip(h + damping (gelu(h W1 + b1) W2 + b2)) after attention; the input network is the same
 * with damping 1, without LayerNorm and clip. MLP_BLOCK tokens at a time, hidden values computed
 * again in backward: of all tokens they would be the largest buffer of a pass. */
#include "pass.h"

struct network {
    int layer; /* of the tensors; -1: the input network */
    int D, M;
    real damping;
    struct extent extent;
    const real *in; /* [T][D] */
    real *out;      /* [T][D] */
    bool norm;
};

static struct network network_at(const struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct model_config *c = &model->config;
    struct network n = {.layer = layer, .D = model->D};
    if (layer < 0) {
        n.M = c->input_mlp;
        n.damping = 1;
        n.extent = (struct extent){.rows = model->shape.tokens, .channels = model->D};
        n.in = pass->embedded;
        n.out = pass->stream[0];
        return n;
    }
    n.M = c->mlp;
    n.damping = (real)c->damping;
    n.extent = attention_extent(pass, layer);
    bool last = layer == model->L - 1 && !pass->keep_all && pass->path == PASS_FAST;
    if (last && !c->output_embedding) {
        n.extent.channel = model->shape.first_channel;
        n.extent.channels = model->shape.outputs;
    }
    n.in = pass->middle[layer];
    n.out = pass->stream[layer + 1];
    n.norm = c->layer_norm;
    return n;
}

/* The tensors of both networks lie in the same order. */
static enum tensor_row tensor_of(const struct network *n, enum tensor_row row)
{
    return n->layer < 0 ? row - TENSOR_MLP_IN + TENSOR_INPUT_IN : row;
}

static const real *weights_of(const struct pass *pass, const struct network *n, enum tensor_row row)
{
    return tensor_weights(pass, n->layer, tensor_of(n, row));
}

static real *gradient_of(const struct pass *pass, const struct network *n, enum tensor_row row)
{
    return tensor_gradient(pass, n->layer, tensor_of(n, row));
}

struct tokens {
    int at, count;
};

/* Blocks of about the same size: gradients of weights end with a sum over lanes in each of them. */
static int block_size(const struct network *n)
{
    int blocks = (n->extent.rows + MLP_BLOCK - 1) / MLP_BLOCK;
    return (n->extent.rows + blocks - 1) / blocks;
}

static struct tokens next_tokens(const struct network *n, int at)
{
    int rest = n->extent.rows - at, size = block_size(n);
    return (struct tokens){n->extent.first + at, rest < size ? rest : size};
}

static void add_bias(real *y, const real *bias, const struct pass *pass, int rows, int columns)
{
    for (int t = 0; t < rows; t++, y += (ptrdiff_t)columns * LANES)
        pass->kernels->affine(y, y, NULL, bias, columns);
}

/* What the network reads of these tokens [count][D]; work.hidden, and the slope of GELU there when
 * slope is not NULL. */
static const real *evaluate(real *slope, struct pass *pass, const struct network *n,
                            const struct tokens *tokens)
{
    real *hidden = pass->work.hidden;
    const real *x = n->in + (ptrdiff_t)tokens->at * n->D * LANES;
    if (n->norm) {
        norm_forward(pass, x, tokens->count, n->layer, TENSOR_MLP_NORM_GAIN);
        x = pass->work.normed;
    }
    pass->kernels->lanes_shared(written(hidden, n->M), rows_of(x, n->D),
                                (struct operand){weights_of(pass, n, TENSOR_MLP_IN), n->M, 1},
                                tokens->count, n->M, n->D, SET);
    add_bias(hidden, weights_of(pass, n, TENSOR_MLP_IN_BIAS), pass, tokens->count, n->M);
    pass->kernels->gelu(hidden, slope, hidden, tokens->count * n->M);
    return x;
}

static struct operand out_weights(const struct pass *pass, const struct network *n)
{
    return (struct operand){weights_of(pass, n, TENSOR_MLP_OUT) + n->extent.channel, n->D, 1};
}

static void block_forward(struct pass *pass, const struct network *n, const struct tokens *tokens)
{
    const struct kernels *kernels = pass->kernels;
    const struct work *w = &pass->work;
    int channels = n->extent.channels;
    const real *bias = weights_of(pass, n, TENSOR_MLP_OUT_BIAS) + n->extent.channel;
    evaluate(NULL, pass, n, tokens);
    kernels->lanes_shared(written(w->update, channels), rows_of(w->hidden, n->M),
                          out_weights(pass, n), tokens->count, channels, n->M, SET);
    for (int t = 0; t < tokens->count; t++) {
        kernels->affine(w->row, w->update + (ptrdiff_t)t * channels * LANES, NULL, bias, channels);
        kernels->axpy(n->out + ((ptrdiff_t)(tokens->at + t) * n->D + n->extent.channel) * LANES,
                      w->row, n->damping, channels);
    }
}

void mlp_forward(struct pass *pass, int layer)
{
    struct network n = network_at(pass, layer);
    ptrdiff_t first = (ptrdiff_t)n.extent.first * n.D * LANES;
    pass->kernels->copy(n.out + first, n.in + first, n.extent.rows * n.D);
    for (int at = 0; at < n.extent.rows; at += block_size(&n)) {
        struct tokens tokens = next_tokens(&n, at);
        block_forward(pass, &n, &tokens);
    }
    if (layer >= 0)
        clip_forward(pass, n.out, &n.extent);
}

/* From work.update, the damped gradient of the block's update, to that of what was read. */
static void layers_backward(real *dx, struct pass *pass, const struct network *n, const real *x,
                            const struct tokens *tokens)
{
    const struct kernels *kernels = pass->kernels;
    const struct work *w = &pass->work;
    int channels = n->extent.channels, count = tokens->count;
    struct operand W2 = out_weights(pass, n);
    const real *W1 = weights_of(pass, n, TENSOR_MLP_IN);
    real *dW2 = gradient_of(pass, n, TENSOR_MLP_OUT) + n->extent.channel;
    real *draw = w->dhidden;
    kernels->reduce((struct matrix){dW2, n->D, 1}, columns_of(w->hidden, n->M),
                    rows_of(w->update, channels), n->M, channels, count, ADD);
    kernels->lanes_shared(written(draw, n->M), rows_of(w->update, channels),
                          (struct operand){W2.at, W2.column, W2.row}, count, n->M, channels, SET);
    kernels->multiply(draw, draw, w->slope, SET, count * n->M);
    for (int t = 0; t < count; t++) {
        kernels->reduce_sum(gradient_of(pass, n, TENSOR_MLP_OUT_BIAS) + n->extent.channel,
                            w->update + (ptrdiff_t)t * channels * LANES, NULL, channels);
        kernels->reduce_sum(gradient_of(pass, n, TENSOR_MLP_IN_BIAS),
                            draw + (ptrdiff_t)t * n->M * LANES, NULL, n->M);
    }
    kernels->reduce((struct matrix){gradient_of(pass, n, TENSOR_MLP_IN), n->M, 1},
                    columns_of(x, n->D), rows_of(draw, n->M), n->D, n->M, count, ADD);
    kernels->lanes_shared(written(dx, n->D), rows_of(draw, n->M), (struct operand){W1, 1, n->M},
                          count, n->D, n->M, n->norm ? SET : ADD);
}

static void block_backward(struct pass *pass, const struct network *n, const struct tokens *tokens)
{
    const struct kernels *kernels = pass->kernels;
    const struct work *w = &pass->work;
    real *dx = pass->dstream + (ptrdiff_t)tokens->at * n->D * LANES;
    const real *x = evaluate(w->slope, pass, n, tokens);
    for (int t = 0; t < tokens->count; t++)
        kernels->scale(w->update + (ptrdiff_t)t * n->extent.channels * LANES,
                       dx + ((ptrdiff_t)t * n->D + n->extent.channel) * LANES, n->damping,
                       n->extent.channels);
    layers_backward(n->norm ? w->dnormed : dx, pass, n, x, tokens);
    if (n->norm)
        norm_backward(pass, dx, tokens->count, n->layer, TENSOR_MLP_NORM_GAIN);
}

void mlp_backward(struct pass *pass, int layer)
{
    struct network n = network_at(pass, layer);
    if (layer >= 0)
        clip_backward(pass, pass->dstream, n.out, &n.extent);
    for (int at = 0; at < n.extent.rows; at += block_size(&n)) {
        struct tokens tokens = next_tokens(&n, at);
        block_backward(pass, &n, &tokens);
    }
}
