/* regression.h - linear regression tasks as the algorithms of theory see them: plain doubles.
 *
 * The engine holds tasks as tokens of 16 lanes; here each one is laid out for itself. The values
 * are exactly those of the tokens.
 */
#ifndef THEORY_REGRESSION_H
#define THEORY_REGRESSION_H

#include "task/task.h"

/* One task: N pairs with x in R^d, y in R^O, and a query with its label. Row-major. */
struct regression {
    int d, N, O;
    const double *x;  /* [N][d] */
    const double *y;  /* [N][O] */
    const double *xq; /* [d] */
    const double *yq; /* [O] */
};

struct regression_set {
    int d, N, O;
    int count;
    double *at; /* [count][(N + 1) (d + O)]: x, y, xq, yq of each task */
};

/* Takes the memory of `count` tasks from the arena (at is NULL while measuring); values are 0. */
struct regression_set regression_create(struct arena *arena, const struct task *task, int count);

/* Copies the tasks in lanes 0..lanes-1 of one group into tasks first..first+lanes-1 of the set;
 * tokens and target as task_sample writes them. */
void regression_read(struct regression_set *set, int first, int lanes, const real *tokens,
                     const real *target, const struct task *task);

/* Task i of the set; valid as long as the set. */
struct regression regression_at(const struct regression_set *set, int i);

#endif
