/* What is measured of trained weights: at the end of a run, or later from those that a file kept.
 */
#include <assert.h>

#include "analysis/analysis.h"
#include "columns.h"
#include "inside.h"
#include "math/lapack.h"

enum status run_init(struct run *run, const struct run_config *config, uint64_t analyses,
                     struct error *err)
{
    *run = (struct run){.config = config, .arena = arena_measure(), .keep = run_keep(config)};
    enum status st = task_init(&run->task, &config->task, &config->tokens, err);
    if (st == OK)
        st = run_check(config, &run->model, err);
    assert(analysis_count() <= RUN_ANALYSES_MAX);
    for (int a = 0; a < analysis_count(); a++)
        if (run_column_applies(config, analyses, columns_of_analysis(a)))
            run->analyses |= UINT64_C(1) << a;
    return st;
}

static bool wants(const struct run *run, int analysis)
{
    return run->analyses >> analysis & 1;
}

static struct analysis_input input_of(const struct run *run, struct fits *fits)
{
    return (struct analysis_input){
        .task = &run->task,
        .model = &run->model,
        .weights = run->trainer ? train_weights(run->trainer) : run->weights,
        .kernels = run->kernels,
        .evaluation = run->config->evaluation,
        .fits = fits,
        .snapshots = run->keep.count,
        .snapshot_steps = run->keep.steps,
        .snapshot_weights = run->snapshots,
    };
}

void run_lay_out_analyses(struct run *run)
{
    struct analysis_input input = input_of(run, &run->fits);
    for (int a = 0; a < analysis_count(); a++)
        if (wants(run, a))
            run->states[a] = analysis_at(a)->create(&run->arena, &input);
}

double run_cost_of_analyses(const struct run *run)
{
    struct fits fits = {0};
    struct analysis_input input = input_of(run, &fits);
    double cost = 0;
    for (int a = 0; a < analysis_count(); a++)
        if (wants(run, a))
            cost += analysis_at(a)->cost(&input);
    return cost;
}

struct analysis_sink {
    struct record *record;
    int first; /* column */
};

static void put_analysis(void *context, int column, const int32_t shape[COLUMN_AXES],
                         const void *data)
{
    struct analysis_sink *sink = context;
    int index = sink->first + column;
    size_t bytes = column_type_bytes(run_column(index)->type);
    for (int i = 0; i < COLUMN_AXES; i++)
        bytes *= (size_t)shape[i];
    record_put(sink->record, PART_COLUMN, index, shape, data, bytes);
}

void run_put_analyses(struct record *record, struct run *run)
{
    struct analysis_input input = input_of(run, &run->fits);
    lapack_threads(1);
    for (int a = 0; a < analysis_count(); a++) {
        if (!wants(run, a))
            continue;
        struct analysis_sink sink = {record, columns_of_analysis(a)};
        struct analysis_output output = {&sink, put_analysis};
        analysis_at(a)->execute(run->states[a], &input, &output);
    }
}

/* ---- of weights that were trained before */

double run_analysis_cost(const struct run_config *config, uint64_t analyses)
{
    struct run run;
    return run_init(&run, config, analyses, NULL) == OK ? run_cost_of_analyses(&run) : 0;
}

static void copy(real *to, const float **from, const struct tensor *tensor)
{
    for (size_t j = 0; j < tensor->count; j++)
        to[tensor->offset + j] = (real) * (*from)++;
}

/* Takes everything from run->arena, measuring or real; the weights become those of the file. */
static void lay_out(struct run *run, const float *weights)
{
    const struct model *model = &run->model;
    size_t P = model->parameters;
    real *own = ARENA_TAKE(&run->arena, real, P);
    run->weights = own;
    run->snapshots = ARENA_TAKE(&run->arena, real, (size_t)run->keep.count * P);
    assert(!own || weights); /* only to measure there are none */
    for (int t = 0; own && t < model->tensor_count; t++)
        copy(own, &weights, &model->tensors[t]);
    for (int t = 0; own && t < model->tensor_count; t++)
        for (int s = 0; s < run->keep.count; s++)
            copy(run->snapshots + (size_t)s * P, &weights, &model->tensors[t]);
    run_lay_out_analyses(run);
}

enum status run_analyse(struct record *record, const struct run_config *config, uint64_t analyses,
                        const float *weights, size_t count, struct error *err)
{
    struct run run;
    enum status st = run_init(&run, config, analyses, err);
    size_t most = st == OK ? run.model.parameters * (1 + (size_t)run.keep.count) : 0;
    if (st == OK && count != most)
        st = error_set(err, ERR_CONFIG, "%zu weights were kept where the model has %zu", count,
                       most);
    if (st != OK)
        return st;
    lay_out(&run, NULL);
    size_t size = run.arena.used;
    st = kernels_best(&run.kernels, err);
    if (st == OK)
        st = arena_create(&run.arena, size, err);
    if (st != OK)
        return st;
    kernels_flush_denormals();
    record->used = 0;
    lay_out(&run, weights);
    run_put_analyses(record, &run);
    arena_destroy(&run.arena);
    return OK;
}
