/* Predictions from the stream after the last layer: some of its channels, or a linear map. */
#include "pass.h"

static ptrdiff_t token_at(const struct model *model, int i)
{
    return (ptrdiff_t)model_output_row(model, i) * model->D * LANES;
}

static void map_forward(struct pass *pass)
{
    const struct model *model = pass->model;
    const struct kernels *kernels = pass->kernels;
    int O = model->shape.outputs;
    const real *bias = tensor_offset(pass, -1, TENSOR_OUTPUT_BIAS) < 0
                           ? NULL
                           : tensor_weights(pass, -1, TENSOR_OUTPUT_BIAS);
    for (int i = 0; i < model->shape.output_tokens; i++) {
        kernels->lanes_shared(written(pass->work.row, O),
                              rows_of(pass->stream[model->L] + token_at(model, i), model->D),
                              (struct operand){tensor_weights(pass, -1, TENSOR_OUTPUT), O, 1}, 1, O,
                              model->D, SET);
        kernels->affine(pass->outputs + (ptrdiff_t)i * O * LANES, pass->work.row, NULL, bias, O);
    }
}

void readout_forward(struct pass *pass)
{
    const struct model *model = pass->model;
    int O = model->shape.outputs, rows = model->shape.output_tokens;
    ptrdiff_t channel = (ptrdiff_t)model->shape.first_channel * LANES;
    if (model->config.output_embedding)
        map_forward(pass);
    else
        for (int i = 0; i < rows; i++)
            pass->kernels->copy(pass->outputs + (ptrdiff_t)i * O * LANES,
                                pass->stream[model->L] + token_at(model, i) + channel, O);
    pass->kernels->scale(pass->outputs, pass->outputs, (real)model->shape.sign, rows * O);
}

/* One token; dy [O] is the gradient before the sign. */
static void map_backward(struct pass *pass, const real *dy, ptrdiff_t at)
{
    const struct model *model = pass->model;
    const struct kernels *kernels = pass->kernels;
    int O = model->shape.outputs, D = model->D;
    kernels->lanes_shared(written(pass->dstream + at, D), rows_of(dy, O),
                          (struct operand){tensor_weights(pass, -1, TENSOR_OUTPUT), 1, O}, 1, D, O,
                          SET);
    kernels->reduce((struct matrix){tensor_gradient(pass, -1, TENSOR_OUTPUT), O, 1},
                    columns_of(pass->stream[model->L] + at, D), rows_of(dy, O), D, O, 1, ADD);
    if (tensor_offset(pass, -1, TENSOR_OUTPUT_BIAS) >= 0)
        kernels->reduce_sum(tensor_gradient(pass, -1, TENSOR_OUTPUT_BIAS), dy, NULL, O);
}

/* Zero where only the outputs are written: all tokens, or those between the first output and the
 * last when backward ends with the layers that read nothing else. */
static void blank(struct pass *pass)
{
    const struct model *model = pass->model;
    int first = 0, rows = model->shape.tokens;
    if (attention_ends_backward(pass)) {
        first = model->shape.first_token;
        rows = model_output_row(model, model->shape.output_tokens - 1) + 1 - first;
        if (rows == model->shape.output_tokens)
            return;
    }
    pass->kernels->fill(pass->dstream + (ptrdiff_t)first * model->D * LANES, 0, rows * model->D);
}

void readout_backward(struct pass *pass, const real *doutputs)
{
    const struct model *model = pass->model;
    const struct kernels *kernels = pass->kernels;
    int O = model->shape.outputs;
    ptrdiff_t channel = (ptrdiff_t)model->shape.first_channel * LANES;
    real sign = (real)model->shape.sign;
    blank(pass);
    for (int i = 0; i < model->shape.output_tokens; i++) {
        const real *dy = doutputs + (ptrdiff_t)i * O * LANES;
        ptrdiff_t at = token_at(model, i);
        if (model->config.output_embedding) {
            kernels->scale(pass->work.row, dy, sign, O);
            map_backward(pass, pass->work.row, at);
        } else {
            kernels->scale(pass->dstream + at + channel, dy, sign, O);
        }
    }
}
