/* From tokens to the stream of layer 0: embedding, positions, input network. */
#include "pass.h"

bool input_learns(const struct model *model)
{
    return model->config.embedding > 0 || model->config.input_mlp > 0 || model->config.prefix > 0;
}

/* Channels of the stream that tokens fill. */
static int base_width(const struct model *model)
{
    return model->config.embedding ? model->config.embedding : model->shape.width;
}

/* Positions of token t at channel `at` of a [T][width] buffer. */
static void place_positions(real *buffer, const struct pass *pass, int width, int at)
{
    int P = positions_width(pass->model);
    for (int t = 0; t < pass->model->shape.tokens; t++)
        pass->kernels->copy(buffer + ((ptrdiff_t)t * width + at) * LANES,
                            pass->positions + (ptrdiff_t)t * P * LANES, P);
}

void input_prepare(struct pass *pass)
{
    const struct model *model = pass->model;
    int D = model->D;
    if (model->config.positions == POSITIONS_CONCATENATED)
        place_positions(pass->embedded, pass, D, base_width(model));
    if (model->config.positions == POSITIONS_QUERY_KEY)
        place_positions(pass->work.queried, pass, D + model->config.position_size, D);
}

/* No part of a pass changes the tokens, so once for all groups with these weights is enough. */
void input_weights(struct pass *pass)
{
    int count = pass->model->config.prefix * pass->model->shape.width;
    for (int i = 0; i < count; i++)
        pass->kernels->fill(pass->tokens + (ptrdiff_t)i * LANES,
                            tensor_weights(pass, -1, TENSOR_PREFIX)[i], 1);
}

static void embed(struct pass *pass)
{
    const struct model *model = pass->model;
    const struct kernels *kernels = pass->kernels;
    int D = model->D, W = model->shape.width, base = base_width(model), T = model->shape.tokens;
    if (model->config.embedding) {
        kernels->lanes_shared(written(pass->embedded, D), rows_of(pass->tokens, W),
                              (struct operand){tensor_weights(pass, -1, TENSOR_EMBEDDING), base, 1},
                              T, base, W, SET);
    } else {
        for (int t = 0; t < T; t++)
            kernels->copy(pass->embedded + (ptrdiff_t)t * D * LANES,
                          pass->tokens + (ptrdiff_t)t * W * LANES, W);
    }
    if (tensor_offset(pass, -1, TENSOR_EMBEDDING_BIAS) >= 0)
        for (int t = 0; t < T; t++) {
            real *row = pass->embedded + (ptrdiff_t)t * D * LANES;
            kernels->copy(pass->work.row, row, base);
            kernels->affine(row, pass->work.row, NULL,
                            tensor_weights(pass, -1, TENSOR_EMBEDDING_BIAS), base);
        }
    if (model->config.positions == POSITIONS_ADDED)
        kernels->axpy(pass->embedded, pass->positions, 1, T * D);
}

void input_forward(struct pass *pass)
{
    if (pass->embedded != pass->tokens)
        embed(pass);
    if (pass->model->config.input_mlp)
        mlp_forward(pass, -1);
}

static void embedding_backward(struct pass *pass)
{
    const struct model *model = pass->model;
    int D = model->D, W = model->shape.width, base = base_width(model), T = model->shape.tokens;
    pass->kernels->reduce((struct matrix){tensor_gradient(pass, -1, TENSOR_EMBEDDING), base, 1},
                          columns_of(pass->tokens, W), rows_of(pass->dstream, D), W, base, T, ADD);
    if (tensor_offset(pass, -1, TENSOR_EMBEDDING_BIAS) >= 0)
        for (int t = 0; t < T; t++)
            pass->kernels->reduce_sum(tensor_gradient(pass, -1, TENSOR_EMBEDDING_BIAS),
                                      pass->dstream + (ptrdiff_t)t * D * LANES, NULL, base);
}

/* Of the first `rows` tokens. */
static void write_input_gradient(struct pass *pass, int rows)
{
    const struct model *model = pass->model;
    int D = model->D, W = model->shape.width, base = base_width(model);
    if (model->config.embedding)
        pass->kernels->lanes_shared(
            written(pass->dtokens, W), rows_of(pass->dstream, D),
            (struct operand){tensor_weights(pass, -1, TENSOR_EMBEDDING), 1, base}, rows, W, base,
            SET);
    else
        for (int t = 0; t < rows; t++)
            pass->kernels->copy(pass->dtokens + (ptrdiff_t)t * W * LANES,
                                pass->dstream + (ptrdiff_t)t * D * LANES, W);
}

void input_backward(struct pass *pass)
{
    const struct model *model = pass->model;
    if (model->config.input_mlp)
        mlp_backward(pass, -1);
    if (model->config.embedding)
        embedding_backward(pass);
    int prefix = model->config.prefix;
    int rows = pass->path == PASS_TOKENS ? model->shape.tokens : prefix;
    if (rows > 0)
        write_input_gradient(pass, rows);
    if (prefix > 0)
        pass->kernels->reduce_sum(tensor_gradient(pass, -1, TENSOR_PREFIX), pass->dtokens, NULL,
                                  prefix * model->shape.width);
}
