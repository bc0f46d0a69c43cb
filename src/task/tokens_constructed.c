/* Constructed tokens of a sequence (science.md 2.2): e_t = (0, s_t, s_t, s_{t-1}), s_0 = 0; masked,
 * as a single layer wants them: (0, 0, s_t, s_{t-1}). The prediction of s_{t+1} is channel 1. */
#include "kinds.h"

static void shape(struct task *task)
{
    int d = task->config.dimension;
    sequence_shape(task, 4 * d);
    task->shape.zero_channels = task->tokens.masked ? 2 * d : d;
}

static void place(real *tokens, const real *states, const struct task *task,
                  const struct kernels *kernels)
{
    int d = task->config.dimension;
    ptrdiff_t channel = (ptrdiff_t)d * LANES;
    for (int t = 0; t < task->shape.tokens; t++, states += channel, tokens += 4 * channel) {
        kernels->fill(tokens, 0, d);
        if (task->tokens.masked)
            kernels->fill(tokens + channel, 0, d);
        else
            kernels->copy(tokens + channel, states, d);
        kernels->copy(tokens + 2 * channel, states, d);
        if (t == 0)
            kernels->fill(tokens + 3 * channel, 0, d);
        else
            kernels->copy(tokens + 3 * channel, states - channel, d);
    }
}

const struct tokens_row tokens_constructed = {.shape = shape, .place = place};
