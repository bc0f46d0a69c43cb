/* regression.h - linear regression tasks as the algorithms of theory see them: doubles, in groups
 * of 16, one task a lane.
 *
 * The values are exactly those of the engine's tokens, wherever a token construction puts them.
 */
#ifndef THEORY_REGRESSION_H
#define THEORY_REGRESSION_H

#include "task/task.h"

/* 16 tasks: N pairs with x in R^d, y in R^O, and a query with its label. Row-major. */
struct regression {
    int d, N, O;
    const double *x;  /* [N][d][LANES] */
    const double *y;  /* [N][O][LANES] */
    const double *xq; /* [d][LANES] */
    const double *yq; /* [O][LANES] */
};

struct regression_set {
    int d, N, O;
    int count;  /* of tasks; those of the last group beyond it are 0 and do not count */
    double *at; /* [groups][(N + 1) (d + O)][LANES]: x, y, xq, yq of each group */
};

/* Takes the memory of `count` tasks from the arena (at is NULL while measuring), which must give
 * zeros. */
struct regression_set regression_create(struct arena *arena, const struct task *task, int count);

/* Groups of 16 tasks, the last one perhaps not full. */
int regression_groups(const struct regression_set *set);

/* Number of tasks in group g: 16 but for the last. */
int regression_lanes(const struct regression_set *set, int group);

/* Copies a group, as task_sample writes tokens and target, into group `group` of the set. */
void regression_read(struct regression_set *set, int group, const real *tokens, const real *target,
                     const struct task *task);

/* Group g of the set; valid as long as the set. */
struct regression regression_at(const struct regression_set *set, int group);

/* losses[LANES] = .5 |prediction - yq|^2 of each task; prediction [O][LANES]. */
void regression_losses(double losses[LANES], const struct regression *group,
                       const double *prediction);

#endif
