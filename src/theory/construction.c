#include "theory/construction.h"

#include <assert.h>
#include <string.h>

/* Every word of "linear linear*" is linear. */
static bool all_linear(const char *layers)
{
    static const char word[] = "linear";
    for (const char *at = layers; *at; at += strspn(at, " *")) {
        if (strncmp(at, word, sizeof word - 1) != 0)
            return false;
        at += sizeof word - 1;
        if (*at && !strchr(" *", *at))
            return false;
    }
    return true;
}

bool construction_fits(const struct model *model, const struct task *task)
{
    const struct model_config *c = &model->config;
    int d = task->config.dimension, O = task->config.outputs;
    bool stream_is_tokens = task->tokens.kind == TOKENS_JOINT && model->D == d + O &&
                            c->positions == POSITIONS_NONE && c->embedding == 0 &&
                            !c->output_embedding;
    bool plain = c->mlp == 0 && c->input_mlp == 0 && !c->layer_norm && !c->normalise_keys;
    return c->kind == MODEL_TRANSFORMER && c->keys_from == KEYS_CONTEXT && stream_is_tokens &&
           plain && model->K >= d && model->K >= O && all_linear(c->layers.text);
}

/* Rows 0..d-1 of [D, HK] select x. */
static void write_select(real *w, int d, int columns)
{
    for (int c = 0; c < d; c++)
        w[c * columns + c] = 1;
}

/* v = W0 x - y, in the first O features. */
static void write_value(real *w, const double *W0, int d, int O, int columns)
{
    for (int o = 0; o < O; o++) {
        for (int c = 0; c < d; c++)
            w[c * columns + o] = W0 ? (real)W0[o * d + c] : 0;
        w[(d + o) * columns + o] = -1;
    }
}

/* [HK, D]: the first O features go to the y channels. */
static void write_project(real *w, double gain, int d, int O, int columns)
{
    for (int o = 0; o < O; o++)
        w[o * columns + d + o] = (real)gain;
}

void construction_write(real *weights, const struct model *model, const struct task *task,
                        const struct descent *descent)
{
    assert(construction_fits(model, task));
    int d = task->config.dimension, O = task->config.outputs;
    memset(weights, 0, sizeof(real) * model->parameters);
    for (int i = 0; i < model->tensor_count; i++) {
        const struct tensor *tensor = &model->tensors[i];
        real *w = weights + tensor->offset;
        int columns = tensor->shape[1];
        if (strcmp(tensor->name, "query") == 0 || strcmp(tensor->name, "key") == 0)
            write_select(w, d, columns);
        else if (strcmp(tensor->name, "value") == 0)
            write_value(w, descent->W0, d, O, columns);
        else if (strcmp(tensor->name, "project") == 0)
            write_project(w, descent->rate / model->config.damping, d, O, columns);
    }
}
