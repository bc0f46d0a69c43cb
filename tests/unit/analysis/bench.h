/* bench.h - executes one analysis of a model and keeps what it puts. */
#ifndef TESTS_ANALYSIS_BENCH_H
#define TESTS_ANALYSIS_BENCH_H

#include "../theory/near.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "theory/regression.h"

enum { BENCH_COLUMNS = 16, BENCH_VALUES = 2000 };

struct bench {
    struct arena arena;
    struct task task;
    struct model model;
    struct analysis_input input;
    real *weights;
    const struct analysis *analysis;
    int puts[BENCH_COLUMNS]; /* calls, per column */
    int32_t shape[BENCH_COLUMNS][COLUMN_AXES];
    double values[BENCH_COLUMNS][BENCH_VALUES]; /* of any type, as doubles */
};

struct bench_setting {
    struct task_config task;
    struct tokens_config tokens;
    struct model_config model;
    struct evaluation_config evaluation;
};

static inline const struct analysis *bench_find(const char *name)
{
    for (int i = 0; i < analysis_count(); i++)
        if (strcmp(analysis_at(i)->name, name) == 0)
            return analysis_at(i);
    fail_msg("no analysis %s", name);
    return NULL;
}

/* The index of a column by its name. */
static inline int bench_column(const struct bench *bench, const char *name)
{
    for (int i = 0; i < bench->analysis->column_count; i++)
        if (strcmp(bench->analysis->columns[i].name, name) == 0)
            return i;
    fail_msg("no column %s", name);
    return -1;
}

static inline double bench_value(const struct bench *bench, const char *name)
{
    return bench->values[bench_column(bench, name)][0];
}

static inline void bench_put(void *context, int column, const int32_t shape[COLUMN_AXES],
                             const void *data)
{
    struct bench *bench = context;
    int count = shape[0] * shape[1] * shape[2];
    assert_true(column >= 0 && column < bench->analysis->column_count && count <= BENCH_VALUES);
    bench->puts[column]++;
    memcpy(bench->shape[column], shape, sizeof bench->shape[column]);
    for (int i = 0; i < count; i++)
        switch (bench->analysis->columns[column].type) {
        case COLUMN_F64:
            bench->values[column][i] = ((const double *)data)[i];
            break;
        case COLUMN_F32:
            bench->values[column][i] = (double)((const float *)data)[i];
            break;
        case COLUMN_I32:
            bench->values[column][i] = ((const int32_t *)data)[i];
            break;
        }
}

static inline bool bench_applies(const struct bench_setting *setting,
                                 const struct analysis *analysis)
{
    return analysis->applies(&setting->task, &setting->tokens, &setting->model);
}

/* Task and model; the weights are 0 for the caller to write. NULL kernels: the best ones. */
static inline void bench_open(struct bench *bench, const struct bench_setting *setting,
                              const struct kernels *kernels)
{
    struct error err = {""};
    memset(bench, 0, sizeof *bench);
    assert_int_equal(task_init(&bench->task, &setting->task, &setting->tokens, &err), OK);
    assert_int_equal(model_init(&bench->model, &setting->model, &bench->task.shape, &err), OK);
    if (!kernels)
        assert_int_equal(kernels_best(&kernels, &err), OK);
    bench->weights = calloc(bench->model.parameters, sizeof(real));
    bench->input = (struct analysis_input){.task = &bench->task,
                                           .model = &bench->model,
                                           .weights = bench->weights,
                                           .kernels = kernels,
                                           .evaluation = setting->evaluation};
}

/* The weights at hand are its only snapshot, as well. */
static inline void bench_snapshot(struct bench *bench)
{
    static const int64_t step = 7;
    bench->input.snapshots = 1;
    bench->input.snapshot_steps = &step;
    bench->input.snapshot_weights = bench->weights;
}

/* Measures with what is known before a run, executes, and holds the analysis to its contract: one
 * put a column, with the lengths of its axes. */
static inline void bench_execute(struct bench *bench, const char *name)
{
    struct error err = {""};
    struct analysis_input early = bench->input;
    early.weights = early.snapshot_weights = NULL;
    early.kernels = NULL;
    bench->analysis = bench_find(name);
    memset(bench->puts, 0, sizeof bench->puts);
    assert_true(
        bench->analysis->applies(&bench->task.config, &bench->task.tokens, &bench->model.config));
    assert_true(bench->analysis->cost(&early) > 0);
    bench->arena = arena_measure();
    assert_null(bench->analysis->create(&bench->arena, &early));
    size_t size = bench->arena.used;
    assert_int_equal(arena_create(&bench->arena, size, &err), OK);
    void *state = bench->analysis->create(&bench->arena, &bench->input);
    assert_int_equal(bench->arena.used, size);
    struct analysis_output output = {bench, bench_put};
    bench->analysis->execute(state, &bench->input, &output);
    arena_destroy(&bench->arena);
    for (int i = 0; i < bench->analysis->column_count; i++) {
        assert_int_equal(bench->puts[i], 1);
        for (int k = 0; k < COLUMN_AXES; k++) {
            enum column_axis axis = bench->analysis->columns[i].axes[k];
            assert_int_equal(bench->shape[i][k],
                             axis == AXIS_NONE ? 1
                             : axis == AXIS_SNAPSHOT
                                 ? bench->input.snapshots
                                 : analysis_axis_length(axis, &bench->task, &bench->model.config));
        }
    }
}

/* The first `count` tasks of the evaluation set as theory sees them, of the bench's task or another
 * of the same sizes; free(set.at). */
static inline struct regression_set bench_set(const struct bench *bench, const struct task *task,
                                              int count)
{
    struct arena arena = arena_measure();
    struct regression_set set = regression_create(&arena, task, count);
    set.at = malloc(arena.used);
    size_t tokens_size = (size_t)(task->shape.tokens * task->shape.width) * LANES;
    size_t target_size = (size_t)task->shape.outputs * LANES;
    size_t scratch_size = (size_t)task_scratch(task) * LANES;
    real *tokens = calloc(tokens_size + target_size + scratch_size, sizeof(real));
    struct task_source source = {(uint64_t)bench->input.evaluation.seed, STREAM_EVALUATION, 0};
    for (int g = 0; g < regression_groups(&set); g++) {
        real *target = tokens + tokens_size;
        task_draw(tokens, target, task, bench->input.kernels, &source, (uint64_t)(g * LANES),
                  target + target_size);
        regression_read(&set, g, tokens, target, task);
    }
    free(tokens);
    return set;
}

static inline void bench_close(struct bench *bench)
{
    free(bench->weights);
}

#define PAPER_TASK                                                                                 \
    {                                                                                              \
        .dimension = 10, .context = 10, .outputs = 1, .input_range = 1, .weight_scale = 1          \
    }
#define ODD_TASK                                                                                   \
    {                                                                                              \
        .dimension = 3, .context = 5, .outputs = 2, .input_range = 2, .weight_scale = 1.5,         \
        .noise = .1                                                                                \
    }
#define LINEAR_MODEL                                                                               \
    .heads = 1, .layers = {"linear*"}, .frozen = {"none"}, .position_size = 10,                    \
    .position_base = 10000, .damping = 1, .init_scale = 1
/* What separate tokens need: copying in a softmax layer, positions. */
#define COPYING_MODEL                                                                              \
    .heads = 1, .key_size = 20, .layers = {"softmax linear*"}, .frozen = {"none"},                 \
    .positions = POSITIONS_CONCATENATED, .position_size = 10, .position_base = 10000,              \
    .damping = 1, .init_scale = 1

#endif
