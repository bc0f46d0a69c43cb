#include "coordinator.h"

#include <inttypes.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "checkpoint.h"
#include "office.h"

enum { EXIT_FAILED = 1, EXIT_STOPPED = 75, BUNDLE_BYTES = 4 << 20 };
#define TICK_EVERY 0.25
#define DRAIN_PATIENCE 20.0 /* seconds until what ranks still hold is given up */
#define STOP_PATIENCE 10.0

/* Seconds of work before the end of the job for which a run is begun that can not end in time: some
 * times what a drain saves at all, so that starting it and saving it cost little of them. */
#define WORTH_A_CHECKPOINT (5 * CHECKPOINT_AT_A_DRAIN)

/* ---- begin and end */

enum status coordinator_create(struct coordinator **coordinator, struct wire *wire,
                               const struct coordinator_options *options, struct error *err)
{
    struct coordinator *c = calloc(1, sizeof *c);
    if (c)
        c->members = calloc((size_t)options->ranks, sizeof *c->members);
    if (!c || !c->members) {
        free(c);
        return error_set(err, ERR_MEMORY, "no memory for the coordinator");
    }
    for (int r = 0; r < options->ranks; r++)
        c->members[r].run = -1;
    c->wire = wire;
    c->options = *options;
    *coordinator = c;
    return OK;
}

void coordinator_destroy(struct coordinator *c)
{
    if (!c)
        return;
    store_close(c->store);
    scheduler_destroy(c->scheduler);
    bundle_dispose(&c->bundle);
    checkpoints_dispose(&c->checkpoints);
    free(c->members);
    free(c);
}

/* Seconds before the end of the job that are kept for stopping and writing. */
static double reserve(double walltime)
{
    return fmin(fmax(0.05 * walltime, 5), 60);
}

/* A run that is done is taken up again when it lacks analyses, and then for those only. */
static void add_run(struct coordinator *c, int64_t run)
{
    struct run_config config;
    uint64_t lacking = store_lacks(c->store, run);
    plan_config(c->plan, run, &config);
    sizes_of(&c->bundle.sizes, &config, plan_analyses(c->plan));
    double cost = lacking ? run_analysis_cost(&config, lacking) : c->bundle.sizes.cost;
    scheduler_add(c->scheduler, run, fmax(cost, 1), config.retry.attempts);
    c->total++;
}

static enum status add_runs(struct coordinator *c, struct error *err)
{
    for (int64_t run = 0; run < plan_count(c->plan); run++) {
        enum row_status status = store_status(c->store, run);
        bool lacks = store_lacks(c->store, run);
        if (!lacks && (status == ROW_DONE || status == ROW_DIVERGED || status == ROW_RETIRED)) {
            c->kept += status != ROW_RETIRED;
            uint64_t identity = plan_identity(c->plan, run);
            enum status st = checkpoints_over(&c->checkpoints, identity, false, 0, err);
            if (st != OK)
                return st;
        } else if (lacks || !c->options.cluster->analyse_only) {
            add_run(c, run);
        }
    }
    c->total += c->kept;
    return OK;
}

/* Bytes; 0: not known. */
static double resident_memory(void)
{
    unsigned long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

enum status coordinator_open(struct coordinator *c, const struct plan *plan, struct error *err)
{
    const struct cluster_options *o = c->options.cluster;
    enum status st = store_open(&c->store, o->file, plan, o->break_lock, err);
    if (st != OK)
        return st;
    st = checkpoints_open(&c->checkpoints, o->file, err);
    if (st != OK)
        return st;
    c->plan = plan;
    c->started = clock_monotonic();
    struct scheduler_options options = {
        .runs = plan_count(plan), .ranks = c->options.ranks, .bundle = o->bundle};
    if (o->walltime > 0) {
        options.end = c->started + o->walltime;
        options.reserve = reserve(o->walltime);
        options.saved = WORTH_A_CHECKPOINT;
    }
    st = scheduler_create(&c->scheduler, &options, err);
    if (st != OK)
        return st;
    progress_init(&c->progress, o->terminal_width);
    st = add_runs(c, err);
    malloc_trim(0); /* planning, creating and reading took more than is left of them */
    if (o->measure)
        o->measure->memory = resident_memory();
    return st;
}

/* ---- what there is to tell */

static double slowest(const struct coordinator *c, double now)
{
    double most = 0;
    for (int r = 0; r < c->options.ranks; r++)
        if (c->members[r].run >= 0)
            most = fmax(most, now - c->members[r].since);
    return most;
}

static struct progress_state state_of(const struct coordinator *c, double now)
{
    struct scheduler_counts counts = scheduler_counts(c->scheduler);
    return (struct progress_state){
        .total = c->total,
        .kept = c->kept,
        .done = counts.done + counts.diverged,
        .diverged = counts.diverged,
        .failed = counts.failed,
        .running = counts.busy,
        .elapsed = now - c->started,
        .left = counts.measured ? fmax(counts.seconds / fmax(counts.busy, 1), counts.longest) : NAN,
        .slowest = slowest(c, now),
        .draining = c->drained_at > 0,
    };
}

/* ---- actions */

/* A run that no rank can do is taken back at once. */
static enum status refuse(struct coordinator *c, int rank, int64_t run, const char *why,
                          struct error *err)
{
    double now = clock_wall();
    struct message_failed failed = {.run = run,
                                    .times = {0, now, now},
                                    .attempt = scheduler_attempt(c->scheduler, run),
                                    .failure = FAILURE_REFUSED};
    strncpy(failed.text, why, sizeof failed.text - 1);
    return take_failure(c, rank, &failed, "", err);
}

static enum status send_message(struct coordinator *c, int rank, struct error *err)
{
    if (((struct message_run *)c->bundle.data)->count == 0)
        return OK;
    return wire_send(c->wire, rank, TO_RANK, MSG_RUN, c->bundle.data, c->bundle.used, NULL, 0, err);
}

/* Weights make a bundle long: it travels in several messages. */
static enum status send_bundle(struct coordinator *c, const struct action *action,
                               struct error *err)
{
    enum status st = bundle_begin(&c->bundle, c->checkpoints.folder, err);
    for (int i = 0; i < action->count && st == OK; i++) {
        bool fits;
        char why[128];
        int64_t run = action->runs[i];
        struct bundle_order order = {c->plan, c->store, run, scheduler_attempt(c->scheduler, run)};
        st = bundle_add(&c->bundle, &order, &fits, why, sizeof why, err);
        if (st == OK && !fits)
            st = refuse(c, action->rank, run, why, err);
        if (st == OK && c->bundle.used > BUNDLE_BYTES) {
            st = send_message(c, action->rank, err);
            if (st == OK)
                st = bundle_begin(&c->bundle, c->checkpoints.folder, err);
        }
    }
    return st == OK ? send_message(c, action->rank, err) : st;
}

static enum status send_all(struct coordinator *c, enum message_tag tag, struct error *err)
{
    enum status st = OK;
    for (int r = 0; r < c->options.ranks && st == OK; r++)
        st = wire_send(c->wire, r, TO_RANK, tag, NULL, 0, NULL, 0, err);
    return st;
}

static enum status end_sweep(struct coordinator *c, struct error *err)
{
    struct progress_state state = state_of(c, clock_monotonic());
    enum status st = store_drain(c->store, err);
    if (st != OK)
        return st;
    if (c->options.cluster->measure)
        c->options.cluster->measure->seconds = clock_monotonic() - c->started;
    checkpoints_remove(&c->checkpoints, INFINITY);
    say_lost(c, state.failed);
    progress_end(&c->progress, &state);
    int64_t over = state.kept + state.done + state.failed;
    c->code = over < state.total ? EXIT_STOPPED : state.failed > 0 ? EXIT_FAILED : 0;
    return coordinator_stop(c, err);
}

static enum status take_actions(struct coordinator *c, bool *busy, struct error *err)
{
    struct action action;
    enum status st = OK;
    while (st == OK && c->stopped_at == 0 && scheduler_next(c->scheduler, &action)) {
        *busy = true;
        if (action.kind == ACTION_RUN)
            st = send_bundle(c, &action, err);
        else if (action.kind == ACTION_DRAIN)
            st = send_all(c, MSG_DRAIN, err);
        else
            st = end_sweep(c, err);
    }
    return st;
}

enum status coordinator_turn(struct coordinator *c, bool *busy, struct error *err)
{
    if (c->stopped_at > 0)
        return OK;
    double now = clock_monotonic();
    if (now - c->ticked >= TICK_EVERY) {
        double walltime = c->options.cluster->walltime;
        c->ticked = now;
        checkpoints_remove(&c->checkpoints, now - CHECKPOINTS_PATIENCE);
        report(c, EVENT_TICK, 0, -1, 0);
        if (walltime > 0 && now > c->started + walltime - reserve(walltime))
            begin_drain(c);
        struct progress_state state = state_of(c, now);
        progress_show(&c->progress, &state, now - c->started);
    }
    enum status st = take_actions(c, busy, err);
    if (st == OK && c->stopped_at == 0)
        st = store_turn(c->store, err);
    if (st == OK && c->stopped_at == 0 && c->drained_at > 0 && now - c->drained_at > DRAIN_PATIENCE)
        st = end_sweep(c, err);
    return st;
}

enum status coordinator_stop(struct coordinator *c, struct error *err)
{
    c->stopped_at = clock_monotonic();
    return send_all(c, MSG_STOP, err);
}

int coordinator_code(const struct coordinator *c)
{
    return c->code;
}

bool coordinator_alone(const struct coordinator *c)
{
    return c->stopped_members == c->options.ranks;
}

bool coordinator_overdue(const struct coordinator *c)
{
    return c->stopped_at > 0 && clock_monotonic() - c->stopped_at > STOP_PATIENCE;
}
