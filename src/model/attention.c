/* One attention layer: h <- clip(h + damping concat_heads(A v) Wp), science.md 1.1. */
#include "pass.h"

static struct extent extent_of(const struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct token_shape *shape = &model->shape;
    struct extent e = {.rows = shape->tokens, .channels = model->D};
    bool last = layer == model->L - 1 && !pass->keep_all;
    if (last) {
        e.first = kind_at(model->kinds[layer])->whole ? 0 : shape->first_token;
        e.rows = model_output_row(model, shape->output_tokens - 1) + 1 - e.first;
    }
    e.keys = model->config.keys_from == KEYS_CAUSAL ? e.first + e.rows : shape->context;
    bool read = last && pass->path == PASS_FAST && !model->config.output_embedding &&
                model->config.mlp == 0;
    if (model->config.y_update || read) {
        e.channel = shape->first_channel;
        e.channels = shape->outputs;
    }
    return e;
}

void attention_extents(struct pass *pass)
{
    for (int l = 0; l < pass->model->L; l++)
        pass->extents[l] = extent_of(pass, l);
}

real *attention_output(const struct pass *pass, int layer)
{
    return pass->model->config.mlp ? pass->middle[layer] : pass->stream[layer + 1];
}

bool input_gradient_wanted(const struct pass *pass, int layer)
{
    return layer > 0 || pass->path == PASS_TOKENS || input_learns(pass->model);
}

bool attention_ends_backward(const struct pass *pass)
{
    int layer = pass->model->L - 1;
    if (pass->merged.layers[layer].form == FORM_TAIL_END)
        layer--;
    enum merged_form form = pass->merged.layers[layer].form;
    return layer == 0 && (form == FORM_TAIL || form == FORM_SCORES) &&
           pass->model->config.mlp == 0 && !input_gradient_wanted(pass, 0);
}

static void nothing(struct pass *pass, int layer)
{
    (void)pass, (void)layer;
}

/* The ways to evaluate a layer; merged.h says when which is taken. */
static const struct {
    void (*forward)(struct pass *pass, int layer);
    void (*backward)(struct pass *pass, int layer);
} forms[] = {
    [FORM_HEADS] = {heads_forward, heads_backward},
    [FORM_MATRIX] = {matrix_forward, matrix_backward},
    [FORM_SCORES] = {lines_forward, lines_backward},
    [FORM_TAIL] = {tail_forward, tail_backward},
    [FORM_TAIL_END] = {nothing, nothing},
};

void attention_forward(struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    forms[pass->merged.layers[layer].form].forward(pass, layer);
    clip_forward(pass, attention_output(pass, layer), &e);
}

void attention_backward(struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    clip_backward(pass, pass->dstream, attention_output(pass, layer), &e);
    forms[pass->merged.layers[layer].form].backward(pass, layer);
}
