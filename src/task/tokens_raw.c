/* Raw tokens of a sequence (science.md 2.2): e_t = s_t. */
#include "kinds.h"

static void shape(struct task *task)
{
    int d = task->config.dimension, T = task->config.context;
    task->shape = (struct token_shape){.tokens = T,
                                       .context = T,
                                       .width = d,
                                       .first_token = 0,
                                       .output_tokens = T,
                                       .first_channel = 0,
                                       .outputs = d,
                                       .sign = 1};
}

static void place(real *tokens, const real *states, const struct task *task,
                  const struct kernels *kernels)
{
    kernels->copy(tokens, states, task->config.context * task->config.dimension);
}

const struct tokens_row tokens_raw = {.shape = shape, .place = place};
