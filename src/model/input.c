/* From tokens to the stream of layer 0: embedding, positions, input network. */
#include "pass.h"

bool input_learns(const struct model *model)
{
    const struct model_config *c = &model->config;
    return c->embedding > 0 || c->input_mlp > 0 || c->prefix > 0 || c->eos > 0;
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

int input_gradient_rows(const struct pass *pass)
{
    const struct model *model = pass->model;
    bool all = pass->path == PASS_TOKENS || model->config.eos > 0;
    return all ? model->shape.tokens : model->config.prefix;
}

/* Number of eos tokens, and where the i-th lies in [T][W]. */
static int eos_count(const struct model *model)
{
    return model->config.eos > 0 ? (model->given.tokens - 1) / model->config.eos : 0;
}

static ptrdiff_t eos_at(const struct model *model, int i)
{
    int next = model_row(model, (i + 1) * model->config.eos);
    return (ptrdiff_t)(next - 1) * model->shape.width * LANES;
}

static void write_shared(real *at, const real *numbers, int count, const struct kernels *kernels)
{
    for (int i = 0; i < count; i++)
        kernels->fill(at + (ptrdiff_t)i * LANES, numbers[i], 1);
}

/* No part of a pass changes the tokens, so once for all groups with these weights is enough. */
void input_weights(struct pass *pass)
{
    const struct model *model = pass->model;
    int W = model->shape.width, prefix = model->config.prefix;
    if (prefix > 0)
        write_shared(pass->tokens, tensor_weights(pass, -1, TENSOR_PREFIX), prefix * W,
                     pass->kernels);
    for (int i = 0; i < eos_count(model); i++)
        write_shared(pass->tokens + eos_at(model, i), tensor_weights(pass, -1, TENSOR_EOS), W,
                     pass->kernels);
}

/* Row of the task's token t in [T][W]. */
static ptrdiff_t given_at(const struct model *model, int t)
{
    return (ptrdiff_t)model_row(model, t) * model->shape.width * LANES;
}

/* The task's tokens to their rows between the eos tokens, and their gradient back. */
static void part(struct pass *pass)
{
    int W = pass->model->shape.width;
    for (int t = 0; t < pass->model->given.tokens; t++)
        pass->kernels->copy(pass->tokens + given_at(pass->model, t),
                            pass->given + (ptrdiff_t)t * W * LANES, W);
}

static void join(struct pass *pass)
{
    int W = pass->model->shape.width;
    for (int t = 0; t < pass->model->given.tokens; t++)
        pass->kernels->copy(pass->dgiven + (ptrdiff_t)t * W * LANES,
                            pass->dtokens + given_at(pass->model, t), W);
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
    if (pass->model->config.eos > 0)
        part(pass);
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
    int rows = input_gradient_rows(pass), W = model->shape.width;
    if (rows > 0)
        write_input_gradient(pass, rows);
    if (model->config.prefix > 0)
        pass->kernels->reduce_sum(tensor_gradient(pass, -1, TENSOR_PREFIX), pass->dtokens, NULL,
                                  model->config.prefix * W);
    for (int i = 0; i < eos_count(model); i++)
        pass->kernels->reduce_sum(tensor_gradient(pass, -1, TENSOR_EOS),
                                  pass->dtokens + eos_at(model, i), NULL, W);
    if (model->config.eos > 0 && pass->dgiven)
        join(pass);
}
