#include "theory/regression.h"

static size_t numbers(const struct regression_set *set)
{
    return (size_t)(set->N + 1) * (size_t)(set->d + set->O);
}

struct regression_set regression_create(struct arena *arena, const struct task *task, int count)
{
    struct regression_set set = {.d = task->config.dimension,
                                 .N = task->config.context,
                                 .O = task->config.outputs,
                                 .count = count};
    set.at = ARENA_TAKE(arena, double, (size_t)count *numbers(&set));
    return set;
}

/* to[i] = channel i of lane b. Returns the place after the last. */
static double *take(double *to, const real *from, int b, int count)
{
    for (int i = 0; i < count; i++)
        *to++ = (double)from[i * LANES + b];
    return to;
}

void regression_read(struct regression_set *set, int first, int lanes, const real *tokens,
                     const real *target, const struct task *task)
{
    const struct pairs *pairs = &task->pairs;
    for (int b = 0; b < lanes; b++) {
        double *to = set->at + (size_t)(first + b) * numbers(set);
        for (int i = 0; i < set->N; i++)
            to = take(to, tokens + pairs->x + i * pairs->pair, b, set->d);
        for (int i = 0; i < set->N; i++)
            to = take(to, tokens + pairs->y + i * pairs->pair, b, set->O);
        to = take(to, tokens + pairs->query, b, set->d);
        take(to, target, b, set->O);
    }
}

struct regression regression_at(const struct regression_set *set, int i)
{
    const double *x = set->at + (size_t)i * numbers(set);
    const double *y = x + set->N * set->d;
    const double *xq = y + set->N * set->O;
    return (struct regression){set->d, set->N, set->O, x, y, xq, xq + set->d};
}
