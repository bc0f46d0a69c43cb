/* Raw tokens of a sequence (science.md 2.2): e_t = s_t. */
#include "kinds.h"

static void shape(struct task *task)
{
    sequence_shape(task, task->config.dimension);
}

static void place(real *tokens, const real *states, const struct task *task,
                  const struct kernels *kernels)
{
    kernels->copy(tokens, states, task->shape.tokens * task->config.dimension);
}

const struct tokens_row tokens_raw = {.shape = shape, .place = place};
