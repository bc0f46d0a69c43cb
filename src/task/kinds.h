/* kinds.h - what a task and what a token construction consist of: one row and one file each.
 *
 * A task draws numbers and puts x and y where `pairs` says; a token construction says where, and
 * blanks the rest. Neither knows the other, so each pair of them works.
 */
#ifndef TASK_KINDS_H
#define TASK_KINDS_H

#include "task/task.h"

struct task_row {
    /* Writes every x and y of the tokens, and the target; contract of task_sample otherwise. */
    void (*sample)(real *tokens, real *target, const struct task *task,
                   const struct kernels *kernels, struct random_lanes *random, real *scratch);
    int (*scratch)(const struct task *task); /* rows of LANES */
    double (*cost)(const struct task *task); /* of one task, in multiply-adds */
};

struct tokens_row {
    /* Writes task->shape and task->pairs from task->config. */
    void (*shape)(struct task *task);
    /* Zeroes all of tokens [T][W][LANES] that holds no x and no y of the context. */
    void (*blank)(real *tokens, const struct task *task, const struct kernels *kernels);
};

extern const struct task_row task_linear_regression;
extern const struct tokens_row tokens_joint, tokens_separate;

#endif
