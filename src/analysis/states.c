#include "states.h"

#include <string.h>

bool reads_states(const struct task_config *task, const struct tokens_config *tokens,
                  const struct model_config *model)
{
    (void)task, (void)model;
    return tokens->kind == TOKENS_CONSTRUCTED || tokens->kind == TOKENS_RAW;
}

struct states states_create(struct arena *arena, const struct task *task)
{
    int T = task->shape.tokens, d = task->shape.outputs;
    return (struct states){T, d, ARENA_TAKE(arena, double, (T + 2) * d * LANES)};
}

static void convert(double *to, const real *from, int rows)
{
    for (int i = 0; i < rows * LANES; i++)
        to[i] = (double)from[i];
}

void states_read(struct states *states, const struct walk *walk)
{
    const struct token_shape *shape = &walk->task->shape;
    int d = states->d, first = walk->task->tokens.kind == TOKENS_CONSTRUCTED ? 2 * d : 0;
    const real *tokens = pass_tokens(walk->pass) + first * LANES;
    memset(states->at, 0, sizeof(double) * (size_t)(d * LANES));
    for (int t = 0; t < states->T; t++)
        convert(states->at + (ptrdiff_t)(t + 1) * d * LANES,
                tokens + (ptrdiff_t)t * shape->width * LANES, d);
    convert(states->at + (ptrdiff_t)(states->T + 1) * d * LANES,
            walk->target + (ptrdiff_t)(shape->output_tokens - 1) * d * LANES, d);
}
