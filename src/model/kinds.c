#include "kinds.h"

#include <string.h>

#include "tensors.h"

static real learned_exp(const struct kernels *kernels, real x)
{
    real lanes[LANES];
    for (int b = 0; b < LANES; b++)
        lanes[b] = x;
    kernels->exp(lanes, lanes, 1);
    return lanes[0];
}

/* g = sigmoid(10 x), science.md 1.1 */
static real gate_value(const struct kernels *kernels, real x)
{
    return 1 / (1 + learned_exp(kernels, -10 * x));
}

static real gate_slope(real g)
{
    return 10 * g * (1 - g);
}

/* lambda = exp(x) stays positive and starts at 1 */
static real lambda_slope(real lambda)
{
    return lambda;
}

static void softmax_forward(real *out, const struct head *head)
{
    scores_forward(out, head, SCORES_SOFTMAX);
}

static void softmax_backward(const struct head_gradient *gradient, const struct head *head)
{
    scores_backward(gradient, head, SCORES_SOFTMAX);
}

static void mix_forward(real *out, const struct head *head)
{
    scores_forward(out, head, SCORES_MIX);
}

static void mix_backward(const struct head_gradient *gradient, const struct head *head)
{
    scores_backward(gradient, head, SCORES_MIX);
}

static const struct kind kinds[KIND_COUNT] = {
    [KIND_LINEAR] = {.name = "linear",
                     .forward = linear_forward,
                     .backward = linear_backward,
                     .scratch = linear_scratch,
                     .tensor = TENSOR_ROWS},
    [KIND_SOFTMAX] = {.name = "softmax",
                      .forward = softmax_forward,
                      .backward = softmax_backward,
                      .scratch = scores_scratch,
                      .tensor = TENSOR_ROWS},
    [KIND_MIX] = {.name = "mix",
                  .forward = mix_forward,
                  .backward = mix_backward,
                  .scratch = scores_scratch,
                  .tensor = TENSOR_GATE,
                  .value = gate_value,
                  .slope = gate_slope},
    [KIND_MESA] = {.name = "mesa",
                   .forward = mesa_forward,
                   .backward = mesa_backward,
                   .scratch = mesa_scratch,
                   .state = mesa_state,
                   .whole = true,
                   .tensor = TENSOR_LOG_LAMBDA,
                   .value = learned_exp,
                   .slope = lambda_slope},
};

const struct kind *kind_at(int kind)
{
    return &kinds[kind];
}

static int find_kind(const char *word, size_t length)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (strlen(kinds[kind].name) == length && memcmp(kinds[kind].name, word, length) == 0)
            return kind;
    return -1;
}

static enum status unknown_kind(const char *word, size_t length, struct error *err)
{
    return error_set(err, ERR_CONFIG, "'%.*s' is no kind of layer (linear, softmax, mix, mesa)",
                     (int)length, word);
}

enum status layer_list_parse(struct layer_list *list, const char *text, struct error *err)
{
    struct layer_list result = {.count = 0};
    for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
        if (result.repeats)
            return error_set(err, ERR_CONFIG, "'%s': only the last kind can repeat", text);
        if (result.count == MODEL_LAYERS_MAX)
            return error_set(err, ERR_CONFIG, "'%s': more than %d kinds", text, MODEL_LAYERS_MAX);
        size_t length = strcspn(at, " ");
        result.repeats = at[length - 1] == '*';
        size_t name = length - result.repeats;
        int kind = find_kind(at, name);
        if (kind < 0)
            return unknown_kind(at, name, err);
        result.kinds[result.count++] = kind;
        at += length;
    }
    if (result.count == 0)
        return error_set(err, ERR_CONFIG, "'%s': at least one kind of layer is needed", text);
    *list = result;
    return OK;
}

bool model_layers_all(const struct model_config *config, const char *kind)
{
    struct layer_list list;
    bool all = layer_list_parse(&list, config->layers.text, NULL) == OK;
    for (int i = 0; all && i < list.count; i++)
        all = strcmp(kinds[list.kinds[i]].name, kind) == 0;
    return all;
}
