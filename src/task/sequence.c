#include "sequence.h"

#include "kinds.h"

void sequence_shape(struct task *task, int width)
{
    const struct sequence *sequence = sequence_of(task);
    int tokens = sequence->tokens(&task->config), stride = 1 + sequence->gap;
    task->shape = (struct token_shape){.tokens = tokens,
                                       .context = tokens,
                                       .width = width,
                                       .first_token = 0,
                                       .output_tokens = (tokens - 1) / stride + 1,
                                       .output_gap = sequence->gap,
                                       .first_channel = 0,
                                       .outputs = task->config.dimension,
                                       .sign = 1};
}

void sequence_place(real *tokens, real *target, const real *states, const struct task *task,
                    const struct kernels *kernels)
{
    int d = task->config.dimension, stride = 1 + task->shape.output_gap;
    for (int i = 0; i < task->shape.output_tokens; i++)
        kernels->copy(target + (ptrdiff_t)i * d * LANES,
                      states + (ptrdiff_t)(i * stride + 1) * d * LANES, d);
    tokens_of(task)->place(tokens, states, task, kernels);
}

int dynamics_tokens(const struct task_config *config)
{
    return config->context;
}

void sequence_turn(real *states, const real *W, int d, const struct task_config *config,
                   const struct kernels *kernels)
{
    int state = d * LANES;
    for (int t = 0; t < config->context; t++, states += state) {
        real *next = states + state;
        kernels->lanes_lanes((struct matrix){next, LANES, LANES}, (struct operand){W, state, LANES},
                             (struct operand){states, LANES, LANES}, d, 1, d, ADD);
        kernels->clip(next, next, (real)config->state_clip, d);
    }
}

int sequence_states(const struct task *task)
{
    return (task->shape.tokens + 1) * task->config.dimension;
}
