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

int sequence_states(const struct task *task)
{
    return (task->shape.tokens + 1) * task->config.dimension;
}

/* Gram-Schmidt, each row projected twice, since once is not orthogonal to working precision. */
void orthogonalise(real *W, int d, const struct kernels *kernels, real *along)
{
    int step = d * LANES;
    for (int i = 0; i < d; i++) {
        real *row = W + (ptrdiff_t)i * step;
        for (int pass = 0; pass < 2 && i > 0; pass++) {
            kernels->lanes_lanes((struct matrix){along, LANES, LANES},
                                 (struct operand){W, step, LANES},
                                 (struct operand){row, LANES, LANES}, i, 1, d, SET);
            kernels->lanes_lanes((struct matrix){row, step, LANES},
                                 (struct operand){along, i * LANES, LANES},
                                 (struct operand){W, step, LANES}, 1, d, i, SUBTRACT);
        }
        kernels->unit(row, along, row, d);
    }
}

void draw_orthogonal(real *W, int d, const struct kernels *kernels, struct random_lanes *random,
                     real *along)
{
    kernels->normal(W, random, d * d, 1);
    orthogonalise(W, d, kernels, along);
}
