#include "states.h"

#include <string.h>

bool has_states(const struct tokens_config *tokens)
{
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

void inverse_start(double *inverse, int d, double ridge)
{
    memset(inverse, 0, sizeof(double) * (size_t)(d * d * LANES));
    for (int i = 0; i < d; i++)
        for (int b = 0; b < LANES; b++)
            inverse[(i * d + i) * LANES + b] = 1 / ridge;
}

void states_apply(double *y, const double *A, const double *x, int d)
{
    memset(y, 0, sizeof(double) * (size_t)(d * LANES));
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++)
            for (int b = 0; b < LANES; b++)
                y[i * LANES + b] += A[(i * d + j) * LANES + b] * x[j * LANES + b];
}

void inverse_add(double *inverse, const double *s, double *image, int d)
{
    double scale[LANES];
    states_apply(image, inverse, s, d);
    for (int b = 0; b < LANES; b++)
        scale[b] = 1;
    for (int i = 0; i < d; i++)
        for (int b = 0; b < LANES; b++)
            scale[b] += s[i * LANES + b] * image[i * LANES + b];
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++)
            for (int b = 0; b < LANES; b++)
                inverse[(i * d + j) * LANES + b] -=
                    image[i * LANES + b] * image[j * LANES + b] / scale[b];
}
