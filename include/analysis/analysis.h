/* analysis.h - what is measured of a trained model: one row an analysis.
 *
 * An analysis owns columns of the result file and fills them at the end of a run (or later, from
 * stored weights). It is a function of its input alone: the random numbers it draws come from
 * (evaluation.seed, a stream of its own), so it gives the same values wherever and whenever it is
 * executed. A number that is not finite (a diverged model) becomes NaN in the column, never an
 * error.
 *
 * The life of one: `applies` (cheap, from the configuration) -> `create` with an arena that
 * measures
 * -> `create` with the run's arena -> `execute`, once.
 */
#ifndef ANALYSIS_ANALYSIS_H
#define ANALYSIS_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/column.h"
#include "model/model.h"
#include "task/task.h"
#include "theory/gdpp.h"
#include "train/config.h"

/* The algorithms that a model is compared with, at their best for its task, evaluation set and
 * configuration, whatever its weights. All 0 at first; the first analysis of a run that needs one
 * finds it, the others read it here: the same bits as if they had found it themselves. */
struct fits {
    bool has_rate, has_gdpp;
    double rate; /* of gradient descent */
    struct gdpp gdpp;
    bool rate_counted, gdpp_counted; /* by `cost`, once */
};

/* All is borrowed until `execute` returns. `weights` [model->parameters] and `kernels` may be NULL
 * for `cost` and for `create` with an arena that measures. */
struct analysis_input {
    const struct task *task;
    const struct model *model;
    const real *weights;
    const struct kernels *kernels;
    struct evaluation_config evaluation; /* the evaluation set is that of train/evaluate */
    struct fits *fits; /* of this task, model and evaluation; NULL: each analysis finds its own */

    /* Weights along training, for keep.weights: {at: [...]}; without it there are none, and an
     * analysis that has a column with AXIS_SNAPSHOT does not apply (all its columns should have
     * that axis). pass_weights(pass, snapshot_weights + i * model->parameters) looks at one of
     * them. */
    int snapshots;
    const int64_t *snapshot_steps; /* [snapshots] updates before it, rising */
    const real *snapshot_weights;  /* [snapshots][model->parameters]; NULL as `weights` */
};

/* Where values go. `column` counts within the analysis; `shape` has the lengths of the column's
 * axes for this run (analysis_axis_length), 1 beyond its rank; data are of the column's type, last
 * axis contiguous, and are copied. */
struct analysis_output {
    void *context;
    void (*put)(void *context, int column, const int32_t shape[COLUMN_AXES], const void *data);
};

struct analysis {
    const char *name;  /* as listed under `analyses:` */
    const char *about; /* one line, no full stop */
    const struct column *columns;
    int column_count;

    /* Whether a run of this configuration fills the columns: all of them, or none. */
    bool (*applies)(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model);

    /* Multiply-adds of `execute`, with what it has to find for `fits` unless that was counted. */
    double (*cost)(const struct analysis_input *input);

    /* Lays out all memory of `execute` in the arena, which must give zeros (a fresh one does).
     * Returns NULL while measuring. */
    void *(*create)(struct arena *arena, const struct analysis_input *input);

    /* Calls `put` once for each column. */
    void (*execute)(void *state, const struct analysis_input *input,
                    const struct analysis_output *output);
};

/* The table: analysis i of 0..count-1, in an order that only grows. */
int analysis_count(void);
const struct analysis *analysis_at(int i);

/* The axes of their columns; NULL for one that no analysis owns. */
const struct axis *analysis_axis(enum column_axis axis);

/* Whether the length of an axis is the same in all runs, and then, or otherwise, the length in a
 * run of this task and model. Both may be NULL for a fixed axis. */
bool analysis_axis_fixed(enum column_axis axis);
int analysis_axis_length(enum column_axis axis, const struct task *task,
                         const struct model_config *model);

#endif
