#include "theory/construction.h"

#include <assert.h>
#include <string.h>

bool construction_fits(const struct model *model, const struct task *task)
{
    const struct model_config *c = &model->config;
    int d = task->config.dimension, O = task->config.outputs;
    bool stream_is_tokens = task->tokens.kind == TOKENS_JOINT && model->D == d + O &&
                            c->positions == POSITIONS_NONE && c->embedding == 0 &&
                            !c->output_embedding;
    bool plain = c->mlp == 0 && c->input_mlp == 0 && !c->layer_norm && !c->normalise_keys;
    return c->kind == MODEL_TRANSFORMER && c->keys_from == KEYS_CONTEXT && stream_is_tokens &&
           plain && model->K >= d && model->K >= O && model_layers_all(c, "linear");
}

/* v = W0 x - y: what W0 adds to the first O features. */
static void add_start(real *w, const double *W0, int d, int O, int columns)
{
    for (int o = 0; o < O; o++)
        for (int c = 0; c < d; c++)
            w[c * columns + o] = (real)W0[o * d + c];
}

void construction_write(real *weights, const struct model *model, const struct task *task,
                        const struct descent *descent)
{
    assert(construction_fits(model, task));
    int d = task->config.dimension, O = task->config.outputs;
    model_construct(weights, model, descent->rate);
    for (int i = 0; descent->W0 && i < model->tensor_count; i++) {
        const struct tensor *tensor = &model->tensors[i];
        if (strcmp(tensor->name, "value") == 0)
            add_start(weights + tensor->offset, descent->W0, d, O, tensor->shape[1]);
    }
}

/* ---- of sequences */

bool construction_fits_sequence(const struct model *model, const struct task *task)
{
    const struct model_config *c = &model->config;
    bool stream_is_tokens = task->tokens.kind == TOKENS_CONSTRUCTED &&
                            c->positions == POSITIONS_NONE && c->embedding == 0 &&
                            !c->output_embedding && c->prefix == 0 && c->eos == 0;
    bool plain = c->mlp == 0 && c->input_mlp == 0 && !c->layer_norm && !c->normalise_keys &&
                 model->weight_sets == model->L && c->damping > 0;
    return c->kind == MODEL_TRANSFORMER && c->keys_from == KEYS_CAUSAL && stream_is_tokens &&
           plain && (model->L == 1 || !task->tokens.masked) && model->K >= task->config.dimension &&
           model_layers_all(c, "linear");
}

/* Parts of a token, as science.md counts them, that a tensor of a layer reads or writes. */
static int part_of(const char *name, int layer, int L)
{
    bool last = layer == L - 1;
    if (strcmp(name, "query") == 0)
        return L == 1 ? 3 : 2;
    if (strcmp(name, "key") == 0)
        return 4;
    if (strcmp(name, "value") == 0)
        return last ? 3 : 4;
    return last ? 1 : 2;
}

void construction_write_sequence(real *weights, const struct model *model, const struct task *task,
                                 double rate, const double *damping)
{
    assert(construction_fits_sequence(model, task));
    int d = task->config.dimension;
    memset(weights, 0, model->parameters * sizeof *weights);
    for (int i = 0; i < model->tensor_count; i++) {
        const struct tensor *tensor = &model->tensors[i];
        bool project = strcmp(tensor->name, "project") == 0;
        double gain = tensor->layer == model->L - 1 ? rate : -damping[tensor->layer];
        int first = (part_of(tensor->name, tensor->layer, model->L) - 1) * d;
        for (int c = 0; c < d; c++) {
            int row = project ? c : first + c, column = project ? first + c : c;
            weights[tensor->offset + (size_t)(row * tensor->shape[1] + column)] =
                (real)(project ? gain / model->config.damping : 1);
        }
    }
}
