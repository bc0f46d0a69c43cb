#include "run/start.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "run/run.h"

enum { DIGITS = 16 };

enum status start_check(const char *text, struct error *err)
{
    char shown[TEXT_SHOWN];
    bool identity = strlen(text) == DIGITS && strspn(text, "0123456789abcdef") == DIGITS;
    if (identity || strcmp(text, "none") == 0)
        return OK;
    return error_set(err, ERR_CONFIG,
                     "'%s' is no identity of a run, which has %d digits 0-9a-f as 'mesasweep table "
                     "FILE.h5 --columns=run' shows them; or none",
                     text_show(shown, text), DIGITS);
}

bool start_wanted(const struct run_config *config)
{
    return strcmp(config->start.run.text, "none") != 0;
}

uint64_t start_identity(const struct run_config *config)
{
    return strtoull(config->start.run.text, NULL, DIGITS);
}

/* "query of layer 0 [11, 40]" */
static const char *describe(char text[100], const struct tensor *tensor)
{
    char layer[32] = "", second[16] = "";
    if (tensor->layer >= 0)
        snprintf(layer, sizeof layer, " of layer %d", tensor->layer);
    if (tensor->rank > 1)
        snprintf(second, sizeof second, ", %d", tensor->shape[1]);
    snprintf(text, 100, "%s%s [%d%s]", tensor->name, layer, tensor->shape[0], second);
    return text;
}

static const struct tensor *find(const struct model *model, const struct tensor *like)
{
    for (int i = 0; i < model->tensor_count; i++)
        if (model->tensors[i].row == like->row && model->tensors[i].layer == like->layer)
            return &model->tensors[i];
    return NULL;
}

/* Where the tensor goes, or why it does not. */
static enum status place(const struct tensor **to, const struct model *model,
                         const struct tensor *tensor, const struct run_config *config,
                         struct error *err)
{
    const char *run = config->start.run.text, *file = config->start.file.text;
    char there[100], here[100] = "has none";
    *to = find(model, tensor);
    if (*to && (*to)->rank == tensor->rank &&
        memcmp((*to)->shape, tensor->shape, (size_t)tensor->rank * sizeof tensor->shape[0]) == 0)
        return OK;
    if (*to)
        describe(here, *to);
    return error_set(
        err, ERR_CONFIG,
        "start.run: %s has a tensor %s, this model %s; set the keys of its shape as in "
        "that run: 'mesasweep show %s %s' lists them",
        run, describe(there, tensor), here, file, run);
}

enum status start_map(float *weights, const struct run_config *config,
                      const struct run_config *from, const float *kept, size_t count,
                      struct error *err)
{
    struct model model, other;
    enum status st = run_check(config, &model, err);
    if (st == OK)
        st = run_check(from, &other, err);
    if (st == OK && count < other.parameters)
        st = error_set(err, ERR_CONFIG, "start.run: %s kept %zu weights where its model has %zu",
                       config->start.run.text, count, other.parameters);
    for (size_t i = 0; st == OK && i < model.parameters; i++)
        weights[i] = NAN;
    size_t at = 0;
    for (int i = 0; st == OK && i < other.tensor_count; i++) {
        const struct tensor *to, *tensor = &other.tensors[i];
        st = place(&to, &model, tensor, config, err);
        if (st == OK)
            memcpy(weights + to->offset, kept + at, tensor->count * sizeof *weights);
        at += tensor->count;
    }
    return st;
}
