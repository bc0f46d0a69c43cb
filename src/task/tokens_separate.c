/* Separate tokens (science.md 1.5): x_1, y_1, ..., x_q, one token each. Clean: (x, 0) and (0, y) of
 * width d + O; as published: x and (0, y) of width d. */
#include "kinds.h"

static void shape(struct task *task)
{
    int d = task->config.dimension, O = task->config.outputs, N = task->config.context;
    int width = task->tokens.readout == READOUT_PUBLISHED ? d : d + O;
    int token = width * LANES;
    task->shape = (struct token_shape){.tokens = 2 * N + 1,
                                       .context = 2 * N,
                                       .width = width,
                                       .first_token = 2 * N,
                                       .output_tokens = 1,
                                       .first_channel = readout_channel(task, width - O),
                                       .outputs = O,
                                       .sign = -1};
    task->pairs = (struct pairs){.x = 0,
                                 .y = token + (ptrdiff_t)(width - O) * LANES,
                                 .query = 2 * N * token,
                                 .pair = 2 * token};
}

/* A pair is x and y with one run of zeros between them. */
static void blank(real *tokens, const struct task *task, const struct kernels *kernels)
{
    int d = task->config.dimension, width = task->shape.width;
    int between = 2 * width - d - task->config.outputs;
    real *after_x = tokens + (ptrdiff_t)d * LANES;
    for (int i = 0; i < task->config.context; i++)
        kernels->fill(after_x + i * task->pairs.pair, 0, between);
    kernels->fill(after_x + task->pairs.query, 0, width - d);
}

const struct tokens_row tokens_separate = {.shape = shape, .blank = blank};
