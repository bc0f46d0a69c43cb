/* Separate tokens (science.md 1.5, clean read-out): (x_1, 0), (0, y_1), ..., (0, y_N), (x_q, 0). */
#include "kinds.h"

static void shape(struct task *task)
{
    int d = task->config.dimension, O = task->config.outputs, N = task->config.context;
    ptrdiff_t token = (ptrdiff_t)(d + O) * LANES;
    task->shape = (struct token_shape){.tokens = 2 * N + 1,
                                       .context = 2 * N,
                                       .width = d + O,
                                       .first_token = 2 * N,
                                       .output_tokens = 1,
                                       .first_channel = d,
                                       .outputs = O,
                                       .sign = -1};
    task->pairs = (struct pairs){
        .x = 0, .y = token + (ptrdiff_t)d * LANES, .query = 2 * N * token, .pair = 2 * token};
}

/* A pair is (x, 0, 0, y): one run of O + d zeros; the query is (x, 0). */
static void blank(real *tokens, const struct task *task, const struct kernels *kernels)
{
    int d = task->config.dimension, O = task->config.outputs;
    real *after_x = tokens + (ptrdiff_t)d * LANES;
    for (int i = 0; i < task->config.context; i++)
        kernels->fill(after_x + i * task->pairs.pair, 0, O + d);
    kernels->fill(after_x + task->pairs.query, 0, O);
}

const struct tokens_row tokens_separate = {.shape = shape, .blank = blank};
