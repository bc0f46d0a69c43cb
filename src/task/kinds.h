/* kinds.h - what a task and what a token construction consist of: one row and one file each.
 *
 * A task of pairs draws x and y straight to where `pairs` says, and the construction blanks the
 * rest; a task of sequences draws its states, and the construction places them as tokens. Neither
 * knows more of the other, so every task works with every construction of its data.
 */
#ifndef TASK_KINDS_H
#define TASK_KINDS_H

#include "sequence.h"

enum task_data { DATA_PAIRS, DATA_SEQUENCE };

/* What drawing a random number costs, in multiply-adds at peak. */
#define NUMBER_COST 13.0

struct task_row {
    enum task_data data;
    struct sequence sequence; /* of DATA_SEQUENCE */
    /* Of keys that mean nothing to this kind, or NULL: ERR_CONFIG. */
    enum status (*check)(const struct task_config *config, struct error *err);
    /* Writes every x and y of the tokens, and the target; contract of task_sample otherwise. */
    void (*sample)(real *tokens, real *target, const struct task *task,
                   const struct kernels *kernels, struct random_lanes *random, real *scratch);
    int (*scratch)(const struct task *task); /* rows of LANES */
    double (*cost)(const struct task *task); /* of one task, in multiply-adds */
};

struct tokens_row {
    /* Writes task->shape and task->pairs from task->config. */
    void (*shape)(struct task *task);
    /* DATA_PAIRS: zeroes all of tokens [T][W][LANES] that holds no x and no y of the context. */
    void (*blank)(real *tokens, const struct task *task, const struct kernels *kernels);
    /* DATA_SEQUENCE: writes all of tokens from states [T + 1][d][LANES]. */
    void (*place)(real *tokens, const real *states, const struct task *task,
                  const struct kernels *kernels);
};

/* Names of the rows, as in the sweep file; NULL-terminated. */
extern const char *const task_kinds[], *const tokens_kinds[];

/* The construction of this task's tokens, and its sequence. */
const struct tokens_row *tokens_of(const struct task *task);
const struct sequence *sequence_of(const struct task *task);

/* First channel of the prediction, which clean tokens have at `clean`. */
int readout_channel(const struct task *task, int clean);

extern const struct task_row task_linear_regression, task_linear_dynamics, task_sine, task_few_shot,
    task_partially_observed, task_nonlinear_dynamics;
extern const struct tokens_row tokens_joint, tokens_separate, tokens_constructed, tokens_raw;

#endif
