/* One run: memory is laid out, the model trained, analysed, and everything put into the record. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "columns.h"
#include "inside.h"
#include "run/start.h"
#include "train/statistics.h"

static size_t largest_tensor(const struct model *model)
{
    size_t most = 0;
    for (int i = 0; i < model->tensor_count; i++)
        most = model->tensors[i].count > most ? model->tensors[i].count : most;
    return most;
}

/* Reals of all snapshots together. */
static size_t snapshot_count(const struct run *run)
{
    return (size_t)run->keep.count * run->model.parameters;
}

/* How often a tensor is in a part of the record. */
static size_t tensor_copies(const struct run *run)
{
    return run->keep.count > 1 ? (size_t)run->keep.count : 1;
}

/* Takes everything from run->arena, measuring or real. */
static void lay_out(struct run *run)
{
    run->trainer = train_create(&run->arena, &(struct train_setup){
                                                 .config = &run->config->train,
                                                 .evaluation = &run->config->evaluation,
                                                 .task = &run->task,
                                                 .model = &run->model,
                                                 .kernels = run->kernels,
                                                 .seed = run->config->seed,
                                                 .start = run->start,
                                             });
    run->losses = ARENA_TAKE(&run->arena, double, run->config->evaluation.tasks);
    run->tensor = ARENA_TAKE(&run->arena, float, tensor_copies(run) * largest_tensor(&run->model));
    run->snapshots = ARENA_TAKE(&run->arena, real, snapshot_count(run));
    run_lay_out_analyses(run);
}

size_t run_memory(const struct run_config *config, uint64_t analyses)
{
    struct run run;
    if (run_init(&run, config, analyses, NULL) != OK)
        return 0;
    lay_out(&run);
    return run.arena.used;
}

size_t run_record_bytes(const struct run_config *config, uint64_t analyses)
{
    struct model model;
    if (run_check(config, &model, NULL) != OK)
        return 0;
    size_t bytes = 0;
    int32_t shape[COLUMN_AXES];
    for (int i = 0; i < run_columns(); i++)
        if (run_column_applies(config, analyses, i))
            bytes += record_part_bytes(column_shape(shape, config, i));
    struct keep keep = run_keep(config);
    for (int i = 0; i < model.tensor_count && keep.weights; i++) {
        size_t tensor = model.tensors[i].count * sizeof(float);
        bytes += record_part_bytes(tensor);
        bytes += keep.count ? record_part_bytes((size_t)keep.count * tensor) : 0;
    }
    return bytes;
}

static double cost_of_training(const struct run *run)
{
    const struct run_config *config = run->config;
    double sample = task_cost(&run->task), forward = model_cost(&run->model);
    double trained = (double)config->train.steps * config->train.batch;
    double evaluated = (double)config->train.evaluations * config->evaluation.tasks;
    return trained * (sample + 3 * forward) + evaluated * (sample + forward);
}

double run_cost(const struct run_config *config, uint64_t analyses)
{
    struct run run;
    if (run_init(&run, config, analyses, NULL) != OK)
        return 0;
    return cost_of_training(&run) + run_cost_of_analyses(&run);
}

double run_share(const struct run_config *config, uint64_t analyses, double e)
{
    struct run run;
    if (run_init(&run, config, analyses, NULL) != OK)
        return 0;
    double training = cost_of_training(&run);
    return training / (training + run_cost_of_analyses(&run)) * e / (config->train.evaluations - 1);
}

static void put_column(struct record *record, const struct run *run, int column, const void *data)
{
    int32_t shape[COLUMN_AXES];
    size_t bytes = column_shape(shape, run->config, column);
    record_put(record, PART_COLUMN, column, shape, data, bytes);
}

static void put_training(struct record *record, const struct run *run)
{
    int32_t steps = (int32_t)train_step(run->trainer), snapshots[KEEP_SNAPSHOTS];
    for (int s = 0; s < run->keep.count; s++)
        snapshots[s] = (int32_t)run->keep.steps[s];
    put_column(record, run, COLUMN_TRAIN_LOSS, train_loss_curve(run->trainer));
    put_column(record, run, COLUMN_TEST_LOSS, test_loss_curve(run->trainer));
    put_column(record, run, COLUMN_STEPS_DONE, &steps);
    if (run->keep.count > 0)
        put_column(record, run, COLUMN_SNAPSHOT_STEP, snapshots);
}

static void put_final(struct record *record, const struct run *run)
{
    train_evaluate(run->trainer, run->losses);
    struct loss_statistics s = loss_statistics(run->losses, run->config->evaluation.tasks);
    put_column(record, run, COLUMN_TEST_ERROR, &s.error);
    put_column(record, run, COLUMN_TEST_MEDIAN, &s.median);
    put_column(record, run, COLUMN_TEST_TRIMMED, &s.trimmed);
}

static void copy_tensor(float *to, const struct tensor *tensor, const real *weights)
{
    for (size_t j = 0; j < tensor->count; j++)
        to[j] = (float)weights[tensor->offset + j];
}

/* Each tensor at the end of training; then, behind all of them, each with its snapshots. */
static void put_weights(struct record *record, const struct run *run)
{
    const struct model *model = &run->model;
    for (int i = 0; i < model->tensor_count; i++) {
        const struct tensor *tensor = &model->tensors[i];
        int32_t shape[3] = {tensor->shape[0], tensor->rank > 1 ? tensor->shape[1] : 1, 1};
        copy_tensor(run->tensor, tensor, train_weights(run->trainer));
        record_put(record, PART_TENSOR, i, shape, run->tensor, tensor->count * sizeof(float));
    }
    for (int i = 0; i < model->tensor_count && run->keep.count > 0; i++) {
        const struct tensor *tensor = &model->tensors[i];
        int32_t shape[3] = {run->keep.count, tensor->shape[0],
                            tensor->rank > 1 ? tensor->shape[1] : 1};
        for (int s = 0; s < run->keep.count; s++)
            copy_tensor(run->tensor + (size_t)s * tensor->count, tensor,
                        run->snapshots + (size_t)s * model->parameters);
        record_put(record, PART_TENSOR, model->tensor_count + i, shape, run->tensor,
                   (size_t)run->keep.count * tensor->count * sizeof(float));
    }
}

/* ---- snapshots of the weights */

/* Keeps the weights as they are now, if now is a time for it. */
static void take_snapshot(const struct run *run)
{
    for (int s = 0; s < run->keep.count; s++)
        if (run->keep.steps[s] == train_step(run->trainer))
            memcpy(run->snapshots + (size_t)s * run->model.parameters, train_weights(run->trainer),
                   run->model.parameters * sizeof(real));
}

/* They are a part of what is saved: behind the training, with a hash. */
static size_t snapshot_bytes(const struct run *run)
{
    return run->keep.count ? snapshot_count(run) * sizeof(real) + sizeof(uint64_t) : 0;
}

static uint64_t hash_snapshots(const struct run *run)
{
    return hash_xxh64(run->snapshots, snapshot_count(run) * sizeof(real),
                      (uint64_t)run->keep.count);
}

static void save_snapshots(unsigned char *bytes, const struct run *run)
{
    uint64_t hash = hash_snapshots(run);
    if (run->keep.count == 0)
        return;
    memcpy(bytes, run->snapshots, snapshot_count(run) * sizeof(real));
    memcpy(bytes + snapshot_count(run) * sizeof(real), &hash, sizeof hash);
}

/* The snapshots that were taken before the state of `bytes` [size] was saved. */
static enum status restore_snapshots(struct run *run, const unsigned char *bytes, struct error *err)
{
    uint64_t hash;
    size_t count = snapshot_count(run) * sizeof(real);
    if (run->keep.count == 0)
        return OK;
    memcpy(&hash, bytes + count, sizeof hash);
    if (hash_xxh64(bytes, count, (uint64_t)run->keep.count) != hash)
        return error_set(err, ERR_FILE, "the checkpoint's snapshots are damaged");
    memcpy(run->snapshots, bytes, count);
    return OK;
}

/* ---- training, saved now and then */

struct session {
    const struct run *run;
    const struct run_host *host;
    bool stopping, saving; /* as the host last said */
};

static void pass_on(void *context, int evaluation, float train_loss, float test_loss)
{
    const struct session *session = context;
    session->host->progress(session->host->context, evaluation, train_loss, test_loss);
}

/* Training pauses to be saved as well as to stop. */
static bool ask(void *context)
{
    struct session *session = context;
    const struct run_host *host = session->host;
    take_snapshot(session->run);
    double share =
        (double)train_step(session->run->trainer) / (double)session->run->config->train.steps;
    session->stopping = host->stop && host->stop(host->context);
    session->saving = host->due && host->due(host->context, share, session->stopping);
    return session->stopping || session->saving;
}

static uint64_t tag_of(const struct run_host *host)
{
    return hash_xxh64(&host->identity, sizeof host->identity, RESULTS_VERSION);
}

/* Without memory for the bytes there is no checkpoint, but a run. */
static void save(const struct run *run, const struct run_host *host)
{
    size_t training = train_save_size(run->trainer), size = training + snapshot_bytes(run);
    unsigned char *bytes = malloc(size);
    if (!bytes)
        return;
    train_save(bytes, run->trainer, tag_of(host));
    save_snapshots(bytes + training, run);
    host->save(host->context, bytes, size);
    free(bytes);
}

/* All of it or, with its reason, nothing. */
static enum status restore_bytes(struct run *run, const unsigned char *bytes, size_t length,
                                 uint64_t tag, struct error *err)
{
    size_t training = train_save_size(run->trainer), more = snapshot_bytes(run);
    if (more > 0 && length != training + more)
        return error_set(err, ERR_FILE, "the checkpoint was made with another keep.weights");
    enum status st = restore_snapshots(run, bytes + training, err);
    return st == OK ? train_restore(run->trainer, bytes, length - more, tag, err) : st;
}

/* Goes back to what was saved, if anything, and tells the host of the curves so far. */
static void restore(struct run *run, const struct run_host *host)
{
    size_t size = train_save_size(run->trainer) + snapshot_bytes(run), length;
    unsigned char *bytes = host->restore ? malloc(size) : NULL;
    struct error err;
    if (!bytes)
        return;
    length = host->restore(host->context, bytes, size);
    if (length > 0 && restore_bytes(run, bytes, length, tag_of(host), &err) != OK)
        host->refuse(host->context, err.text);
    free(bytes);
    for (int e = 0; e < train_evaluated(run->trainer) && host->progress; e++)
        host->progress(host->context, e, train_loss_curve(run->trainer)[e],
                       test_loss_curve(run->trainer)[e]);
}

static enum train_outcome train(struct run *run, const struct run_host *host)
{
    struct session session = {.run = run, .host = host};
    struct train_host inner = {&session, host->progress ? pass_on : NULL, ask};
    enum train_outcome outcome;
    restore(run, host);
    take_snapshot(run);
    do {
        outcome = train_run(run->trainer, &inner);
        if (outcome == TRAIN_STOPPED && session.saving)
            save(run, host);
    } while (outcome == TRAIN_STOPPED && !session.stopping);
    take_snapshot(run);
    return outcome;
}

/* Trains and fills the record; a stopped run leaves it empty, a diverged one has curves only. */
static enum run_outcome carry_out(struct record *record, struct run *run,
                                  const struct run_host *host)
{
    enum train_outcome trained = train(run, host);
    if (trained == TRAIN_STOPPED)
        return RUN_STOPPED;
    put_training(record, run);
    if (trained == TRAIN_DIVERGED)
        return RUN_DIVERGED;
    put_final(record, run);
    run_put_analyses(record, run);
    if (run->keep.weights)
        put_weights(record, run);
    return RUN_DONE;
}

static enum status take_start(struct run *run, const struct run_host *host, struct error *err)
{
    size_t wanted = start_wanted(run->config) ? run->model.parameters : 0;
    run->start = host->start;
    if (host->start_count == wanted)
        return OK;
    return error_set(err, ERR_CONFIG,
                     "start.run: %zu weights were given, a run from %s has %zu to start from",
                     host->start_count, run->config->start.run.text, wanted);
}

enum status run_execute(struct record *record, enum run_outcome *outcome,
                        const struct run_config *config, uint64_t analyses,
                        const struct run_host *host, struct error *err)
{
    struct run run;
    enum status st = run_init(&run, config, analyses, err);
    if (st == OK)
        st = take_start(&run, host, err);
    if (st != OK)
        return st;
    lay_out(&run);
    size_t size = run.arena.used;
    st = kernels_best(&run.kernels, err);
    if (st == OK)
        st = arena_create(&run.arena, size, err);
    if (st != OK)
        return st;
    kernels_flush_denormals();
    record->used = 0;
    lay_out(&run);
    *outcome = carry_out(record, &run, host);
    arena_destroy(&run.arena);
    return OK;
}
