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
