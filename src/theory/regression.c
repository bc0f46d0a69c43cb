#include "theory/regression.h"

#include <string.h>

/* Doubles of one group. */
static size_t numbers(const struct regression_set *set)
{
    return (size_t)(set->N + 1) * (size_t)(set->d + set->O) * LANES;
}

struct regression_set regression_create(struct arena *arena, const struct task *task, int count)
{
    struct regression_set set = {.d = task->config.dimension,
                                 .N = task->config.context,
                                 .O = task->config.outputs,
                                 .count = count};
    set.at = ARENA_TAKE(arena, double, (size_t)regression_groups(&set) * numbers(&set));
    return set;
}

int regression_groups(const struct regression_set *set)
{
    return (set->count + LANES - 1) / LANES;
}

int regression_lanes(const struct regression_set *set, int group)
{
    int left = set->count - group * LANES;
    return left < LANES ? left : LANES;
}

/* to[count][LANES] = from, the lanes beyond `lanes` 0. Returns the place after it. */
static double *take(double *to, const real *from, int count, int lanes)
{
    memset(to, 0, sizeof(double) * (size_t)(count * LANES));
    for (int i = 0; i < count; i++)
        for (int b = 0; b < lanes; b++)
            to[i * LANES + b] = (double)from[i * LANES + b];
    return to + count * LANES;
}

void regression_read(struct regression_set *set, int group, const real *tokens, const real *target,
                     const struct task *task)
{
    const struct pairs *pairs = &task->pairs;
    int lanes = regression_lanes(set, group);
    double *to = set->at + (size_t)group * numbers(set);
    for (int i = 0; i < set->N; i++)
        to = take(to, tokens + pairs->x + i * pairs->pair, set->d, lanes);
    for (int i = 0; i < set->N; i++)
        to = take(to, tokens + pairs->y + i * pairs->pair, set->O, lanes);
    to = take(to, tokens + pairs->query, set->d, lanes);
    take(to, target, set->O, lanes);
}

struct regression regression_at(const struct regression_set *set, int group)
{
    const double *x = set->at + (size_t)group * numbers(set);
    const double *y = x + set->N * set->d * LANES;
    const double *xq = y + set->N * set->O * LANES;
    return (struct regression){set->d, set->N, set->O, x, y, xq, xq + set->d * LANES};
}

void regression_losses(double losses[LANES], const struct regression *group,
                       const double *prediction)
{
    for (int b = 0; b < LANES; b++) {
        losses[b] = 0;
        for (int at = b; at < group->O * LANES; at += LANES) {
            double difference = prediction[at] - group->yq[at];
            losses[b] += .5 * difference * difference;
        }
    }
}
