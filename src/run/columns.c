/* All columns of a result file: those of training, then those of each analysis; and their axes. */
#include "columns.h"

#include <assert.h>

#include "analysis/analysis.h"
#include "train/train.h"

/* clang-format off */
static const struct column train_columns[] = {
    [COLUMN_TRAIN_LOSS] = {
        .name = "train_loss", .type = COLUMN_F32, .axes = {AXIS_EVALUATION}, .level = LEVEL_BITS,
        .summary = true, .unit = "1",
        .about = "mean loss of the fresh batch drawn at the step, before its update"},
    [COLUMN_TEST_LOSS] = {
        .name = "test_loss", .type = COLUMN_F32, .axes = {AXIS_EVALUATION}, .level = LEVEL_BITS,
        .summary = true, .unit = "1",
        .about = "mean loss over the evaluation set, at the same weights as train_loss"},
    [COLUMN_TEST_ERROR] = {
        .name = "test_loss_error", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "standard error of the last test_loss"},
    [COLUMN_TEST_MEDIAN] = {
        .name = "test_loss_median", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "median over the evaluation set of a task's loss, at the end"},
    [COLUMN_TEST_TRIMMED] = {
        .name = "test_loss_trimmed", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set without the worst .1 % of its tasks, at the end"},
    [COLUMN_STEPS_DONE] = {
        .name = "steps_done", .type = COLUMN_I32, .level = LEVEL_BITS, .unit = "steps",
        .about = "updates made; fewer than train.steps while the run goes on and when it diverged"},
    [COLUMN_SNAPSHOT_STEP] = {
        .name = "snapshot_step", .type = COLUMN_I32, .axes = {AXIS_SNAPSHOT}, .level = LEVEL_BITS,
        .unit = "steps", .about = "updates before the snapshot of the weights, see keep.weights"},
};

/* clang-format on */

static_assert(sizeof train_columns / sizeof train_columns[0] == TRAIN_COLUMNS, "a row each");

static const struct axis evaluations = {
    .name = "evaluation",
    .about = "evaluation during training; its step is in `step`",
    .unit = "1",
};

static const struct axis snapshots = {
    .name = "snapshot",
    .about = "snapshot of the weights during training; its step is in `snapshot_step`",
    .unit = "1",
    .coordinate = "snapshot_step",
};

int run_analyses(void)
{
    return analysis_count();
}

const char *run_analysis_name(int i)
{
    return analysis_at(i)->name;
}

const char *run_analysis_about(int i)
{
    return analysis_at(i)->about;
}

int columns_of_analysis(int analysis)
{
    int first = TRAIN_COLUMNS;
    for (int a = 0; a < analysis; a++)
        first += analysis_at(a)->column_count;
    return first;
}

int run_columns(void)
{
    return columns_of_analysis(analysis_count());
}

int run_column_analysis(int i)
{
    int a = -1;
    for (i -= TRAIN_COLUMNS; i >= 0; i -= analysis_at(a)->column_count)
        a++;
    return a;
}

const struct column *run_column(int i)
{
    int a = run_column_analysis(i);
    return a < 0 ? &train_columns[i] : &analysis_at(a)->columns[i - columns_of_analysis(a)];
}

bool run_column_applies(const struct run_config *config, uint64_t analyses, int i)
{
    int a = run_column_analysis(i);
    const struct column *column = run_column(i);
    for (int axis = 0; axis < COLUMN_AXES; axis++)
        if (column->axes[axis] == AXIS_SNAPSHOT && run_keep(config).count == 0)
            return false;
    return a < 0 || ((analyses >> a & 1) != 0 &&
                     analysis_at(a)->applies(&config->task, &config->tokens, &config->model));
}

uint64_t run_analyses_for(const struct run_config *config)
{
    uint64_t found = 0;
    for (int a = 0; a < analysis_count(); a++)
        if (run_column_applies(config, ~UINT64_C(0), columns_of_analysis(a)))
            found |= UINT64_C(1) << a;
    return found;
}

const struct axis *run_axis(enum column_axis axis)
{
    if (axis == AXIS_SNAPSHOT)
        return &snapshots;
    return axis == AXIS_EVALUATION ? &evaluations : analysis_axis(axis);
}

int run_axis_length(const struct run_config *config, enum column_axis axis)
{
    if (axis == AXIS_NONE)
        return 1;
    if (axis == AXIS_EVALUATION)
        return config->train.evaluations;
    if (axis == AXIS_SNAPSHOT)
        return run_keep(config).count;
    if (analysis_axis_fixed(axis))
        return analysis_axis_length(axis, NULL, NULL);
    struct task task;
    if (task_init(&task, &config->task, &config->tokens, NULL) != OK)
        return 1;
    return analysis_axis_length(axis, &task, &config->model);
}

int64_t run_evaluation_step(const struct run_config *config, int e)
{
    return train_evaluation_step(&config->train, e);
}

size_t column_type_bytes(enum column_type type)
{
    static const size_t bytes[] = {[COLUMN_F64] = 8, [COLUMN_F32] = 4, [COLUMN_I32] = 4};
    return bytes[type];
}

size_t column_shape(int32_t shape[COLUMN_AXES], const struct run_config *config, int column)
{
    const struct column *row = run_column(column);
    size_t bytes = column_type_bytes(row->type);
    for (int i = 0; i < COLUMN_AXES; i++) {
        shape[i] = run_axis_length(config, row->axes[i]);
        bytes *= (size_t)shape[i];
    }
    return bytes;
}
