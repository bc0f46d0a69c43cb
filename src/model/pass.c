#include "pass.h"

#include <assert.h>
#include <string.h>

/* [rows][LANES] */
static real *take(struct arena *arena, int rows)
{
    return ARENA_TAKE(arena, real, (size_t)rows * LANES);
}

static void find_tensors(struct pass *pass)
{
    for (int set = 0; set <= MODEL_LAYERS_MAX; set++)
        for (int row = 0; row < TENSOR_ROWS; row++)
            pass->offset[set][row] = -1;
    for (int i = 0; i < pass->model->tensor_count; i++) {
        const struct tensor *t = &pass->model->tensors[i];
        pass->offset[t->layer < 0 ? MODEL_LAYERS_MAX : t->layer][t->row] = (ptrdiff_t)t->offset;
    }
}

static void take_work(struct work *w, struct arena *arena, const struct model *model)
{
    const struct model_config *c = &model->config;
    int T = model->shape.tokens, D = model->D;
    int width = D > model->shape.outputs ? D : model->shape.outputs;
    w->update = take(arena, T * D);
    w->row = take(arena, width);
    if (c->layer_norm) {
        w->normal = take(arena, T * D);
        w->normed = take(arena, T * D);
        w->dnormed = take(arena, T * D);
        w->statistics = take(arena, T * 2);
    }
    if (c->positions == POSITIONS_QUERY_KEY)
        w->queried = take(arena, T * (D + c->position_size));
    int hidden = c->mlp > c->input_mlp ? c->mlp : c->input_mlp;
    if (hidden) {
        w->hidden = take(arena, MLP_BLOCK * hidden);
        w->slope = take(arena, MLP_BLOCK * hidden);
        w->dhidden = take(arena, MLP_BLOCK * hidden);
    }
}

static void take_streams(struct pass *pass, struct arena *arena)
{
    const struct model *model = pass->model;
    const struct model_config *c = &model->config;
    const struct token_shape *shape = &model->shape;
    int T = shape->tokens, D = model->D;
    bool plain =
        !c->embedding && (c->positions == POSITIONS_NONE || c->positions == POSITIONS_QUERY_KEY);
    pass->tokens = take(arena, T * shape->width);
    int wanted = input_gradient_rows(pass);
    pass->dtokens = wanted > 0 ? take(arena, wanted * shape->width) : NULL;
    ptrdiff_t prefix = (ptrdiff_t)c->prefix * shape->width * LANES;
    int apart = model->given.tokens * shape->width; /* with eos */
    pass->given = c->eos ? take(arena, apart) : pass->tokens + prefix;
    pass->dgiven = NULL;
    if (pass->path == PASS_TOKENS)
        pass->dgiven = c->eos ? take(arena, apart) : pass->dtokens + prefix;
    pass->embedded = plain ? pass->tokens : take(arena, T * D);
    pass->stream[0] = c->input_mlp ? take(arena, T * D) : pass->embedded;
    for (int l = 0; l < model->L; l++) {
        pass->middle[l] = c->mlp ? take(arena, T * D) : NULL;
        pass->stream[l + 1] = take(arena, T * D);
    }
    pass->dstream = take(arena, T * D);
    pass->outputs = take(arena, shape->output_tokens * shape->outputs);
    pass->positions = take(arena, T * positions_width(model));
}

static void take_transformer(struct pass *pass, struct arena *arena)
{
    take_streams(pass, arena);
    take_work(&pass->work, arena, pass->model);
    merged_create(pass, arena);
    pass->merged_only = merged_sums_all(pass);
    vectors_create(pass, arena);
}

struct pass *pass_create(struct arena *arena, const struct model *model,
                         const struct kernels *kernels, enum pass_path path)
{
    struct pass *pass = ARENA_TAKE(arena, struct pass, 1);
    struct model transformer;
    bool copied = copies_transformer(&transformer, model);
    struct pass layout = {.model = copied ? &transformer : model, .kernels = kernels, .path = path};
    if (copied)
        layout.copies = copies_create(arena, model, &transformer);
    find_tensors(&layout);
    layout.gradient = ARENA_TAKE(arena, real, layout.model->parameters);
    layout.total = ARENA_TAKE(arena, double, layout.model->parameters);
    if (model->config.kind == MODEL_CHEBYSHEV)
        layout.iteration = iteration_create(&layout, arena);
    else
        take_transformer(&layout, arena);
    if (!pass)
        return NULL;
    *pass = layout;
    if (copied)
        pass->model = &pass->copies->transformer;
    memset(pass->gradient, 0, pass->model->parameters * sizeof *pass->gradient);
    memset(pass->total, 0, pass->model->parameters * sizeof *pass->total);
    positions_write(pass->positions, pass->model, kernels);
    input_prepare(pass);
    return pass;
}

void pass_weights(struct pass *pass, const real *weights)
{
    if (pass->copies)
        copies_weights(pass->copies, weights);
    pass->weights = pass->copies ? pass->copies->weights : weights;
    input_weights(pass);
    merged_weights(pass);
}

real *pass_tokens(struct pass *pass)
{
    return pass->given;
}

void pass_forward(struct pass *pass)
{
    if (pass->iteration) {
        iteration_forward(pass);
        return;
    }
    input_forward(pass);
    for (int l = 0; l < pass->model->L; l++) {
        attention_forward(pass, l);
        if (pass->model->config.mlp)
            mlp_forward(pass, l);
    }
    readout_forward(pass);
}

const real *pass_outputs(const struct pass *pass)
{
    return pass->outputs;
}

/* From dstream, the gradient of the stream after `layers` layers. */
static void layers_backward(struct pass *pass, int layers)
{
    for (int l = layers - 1; l >= 0; l--) {
        if (pass->model->config.mlp)
            mlp_backward(pass, l);
        attention_backward(pass, l);
    }
    input_backward(pass);
}

void pass_backward(struct pass *pass, const real *doutputs)
{
    if (pass->iteration) {
        iteration_backward(pass, doutputs);
        return;
    }
    readout_backward(pass, doutputs);
    layers_backward(pass, pass->model->L);
}

void pass_backward_from(struct pass *pass, int layer, const real *gradient)
{
    const struct model *model = pass->model;
    assert(pass->path == PASS_TOKENS && layer > 0 && layer <= model->L && !pass->iteration);
    assert(layer < model->L || pass->keep_all);
    pass->kernels->copy(pass->dstream, gradient, model->shape.tokens * model->D);
    layers_backward(pass, layer);
}

static void add_up(struct pass *pass)
{
    for (size_t i = 0; i < pass->model->parameters; i++) {
        pass->total[i] += (double)pass->gradient[i];
        pass->gradient[i] = 0;
    }
}

void pass_super_group(struct pass *pass)
{
    merged_super_group(pass);
    if (!pass->merged_only)
        add_up(pass);
}

void pass_gradient(struct pass *pass, double *gradient)
{
    merged_super_group(pass);
    merged_gradient(pass);
    add_up(pass);
    for (size_t i = 0; i < pass->model->parameters; i++) {
        int place = pass->copies ? pass->copies->parameter[i] : (int)i;
        if (place >= 0)
            gradient[place] += pass->total[i];
        pass->total[i] = 0;
    }
}

const real *pass_input_gradient(const struct pass *pass)
{
    assert(pass->path == PASS_TOKENS && !pass->iteration);
    return pass->dgiven;
}

const real *pass_activation(const struct pass *pass, int layer)
{
    assert(pass->path == PASS_TOKENS && layer >= 0 && layer <= pass->model->L);
    return pass->stream[layer];
}

void pass_keep_all(struct pass *pass)
{
    assert(pass->path == PASS_TOKENS);
    pass->keep_all = true;
    attention_extents(pass);
}
