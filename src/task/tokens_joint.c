/* Joint tokens: (x_1, y_1), ..., (x_N, y_N), (x_q, 0). */
#include "kinds.h"

static void shape(struct task *task)
{
    int d = task->config.dimension, O = task->config.outputs, N = task->config.context;
    int token = (d + O) * LANES;
    task->shape = (struct token_shape){.tokens = N + 1,
                                       .context = N,
                                       .width = d + O,
                                       .first_token = N,
                                       .output_tokens = 1,
                                       .first_channel = readout_channel(task, d),
                                       .outputs = O,
                                       .sign = -1};
    task->pairs =
        (struct pairs){.x = 0, .y = (ptrdiff_t)d * LANES, .query = N * token, .pair = token};
}

static void blank(real *tokens, const struct task *task, const struct kernels *kernels)
{
    kernels->fill(tokens + task->pairs.query + (ptrdiff_t)task->config.dimension * LANES, 0,
                  task->config.outputs);
}

const struct tokens_row tokens_joint = {.shape = shape, .blank = blank};
