#include "cluster/scheduler.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "pool.h"

enum run_state { ABSENT, WAITING, HELD, DONE, DIVERGED, FAILED, STOPPED };

/* Below this many seconds of work it is not worth while to spare another rank: it covers the way of
 * a message to the coordinator and back. */
#define LATENCY 0.02

/* Estimates are taken this much longer before they are compared with the end of the job. */
#define MARGIN 1.1

enum { UNMEASURED_BUNDLE = 16 }; /* runs of a class of which nothing is known yet but a neighbour */

struct rank {
    struct run_list held; /* in the order of their work; the first one is at work */
    double seconds;       /* estimate of all that is held */
    double since;         /* when the first one began */
    bool ready, queued;
};

struct scheduler {
    struct scheduler_options options;
    struct run_slot *runs;
    struct rank *ranks;
    int32_t *queue; /* ranks that may want work, a ring; each at most once */
    int queue_first, queue_count;
    int32_t bundle[SCHEDULER_BUNDLE_RUNS];
    int64_t count[STOPPED + 1]; /* runs of each state */
    int ready, busy;
    double now;
    bool draining, drain_sent, ended;
    struct pool pool;
};

enum status scheduler_create(struct scheduler **scheduler, const struct scheduler_options *options,
                             struct error *err)
{
    struct scheduler *s = calloc(1, sizeof *s);
    size_t runs = (size_t)options->runs, ranks = (size_t)options->ranks;
    if (s) {
        s->options = *options;
        s->runs = calloc(runs ? runs : 1, sizeof *s->runs);
        s->ranks = calloc(ranks, sizeof *s->ranks);
        s->queue = calloc(ranks, sizeof *s->queue);
    }
    if (options->runs > INT32_MAX || !s || !s->runs || !s->ranks || !s->queue) {
        scheduler_destroy(s);
        return error_set(err, ERR_MEMORY, "no memory for the schedule of %lld runs",
                         (long long)options->runs);
    }
    for (size_t r = 0; r < ranks; r++)
        s->ranks[r].held = (struct run_list){-1, -1, 0};
    s->count[ABSENT] = options->runs;
    pool_init(&s->pool, s->runs);
    *scheduler = s;
    return OK;
}

void scheduler_destroy(struct scheduler *s)
{
    if (!s)
        return;
    free(s->runs);
    free(s->ranks);
    free(s->queue);
    free(s);
}

static void set_state(struct scheduler *s, int32_t run, enum run_state state)
{
    s->count[s->runs[run].state]--;
    s->count[state]++;
    s->runs[run].state = (uint8_t)state;
}

void scheduler_add(struct scheduler *s, int64_t run, double cost, int attempts)
{
    assert(run >= 0 && run < s->options.runs && s->runs[run].state == ABSENT);
    struct run_slot *slot = &s->runs[run];
    slot->cost = cost;
    slot->attempts = (uint8_t)fmin(attempts, 255);
    slot->rank = -1;
    pool_class(&s->pool, (int32_t)run);
    pool_push(&s->pool, (int32_t)run);
    set_state(s, (int32_t)run, WAITING);
}

static void enqueue(struct scheduler *s, int r)
{
    if (s->ranks[r].queued)
        return;
    s->ranks[r].queued = true;
    s->queue[(s->queue_first + s->queue_count++) % s->options.ranks] = r;
}

/* Seconds until the rank is out of work. */
static double remaining(const struct scheduler *s, const struct rank *rank)
{
    if (rank->held.count == 0)
        return 0;
    double first = s->runs[rank->held.first].estimate;
    return fmax(rank->seconds - first, 0) + fmax(first - (s->now - rank->since), 0);
}

static bool wants(const struct scheduler *s, const struct rank *rank)
{
    int32_t first = rank->held.first;
    if (!rank->ready || s->pool.waiting == 0 || rank->held.count >= SCHEDULER_HELD_RUNS)
        return false;
    if (rank->held.count == 0)
        return true;
    double share = s->pool.seconds / s->options.ranks;
    bool one_ahead = rank->held.count == 1 && share > 4 * (double)s->runs[first].estimate;
    if (!pool_measured(&s->pool, first))
        return one_ahead;
    return one_ahead || remaining(s, rank) < fmax(fmin(SCHEDULER_AHEAD, share / 2), LATENCY);
}

/* Largest number of runs of this kind in one bundle, by how well their length is known. */
static int bundle_runs(const struct scheduler *s, int32_t run)
{
    if (pool_measured(&s->pool, run))
        return SCHEDULER_BUNDLE_RUNS;
    return s->pool.measured ? UNMEASURED_BUNDLE : 1;
}

static void hold(struct scheduler *s, int r, int32_t run)
{
    struct rank *rank = &s->ranks[r];
    struct run_slot *slot = &s->runs[run];
    slot->estimate = (float)pool_estimate(&s->pool, run);
    slot->rank = r;
    slot->attempt++;
    if (rank->held.count == 0) {
        rank->since = s->now;
        s->busy++;
    }
    run_list_push(&rank->held, s->runs, run);
    rank->seconds += (double)slot->estimate;
    set_state(s, run, HELD);
}

/* Longest run that the rank may still be given: one that ends in time, or any while there is time
 * to reach a checkpoint. Before the first measurement estimates mean nothing. */
static double time_left(const struct scheduler *s, const struct rank *rank)
{
    if (s->options.end <= 0)
        return INFINITY;
    double left = s->options.end - s->options.reserve - s->now - remaining(s, rank);
    bool goes_on_later = s->options.saved > 0 && left > s->options.saved;
    return goes_on_later || (left > 0 && !s->pool.measured) ? INFINITY : left / MARGIN;
}

static int fill_bundle(struct scheduler *s, int r)
{
    double target = fmin(SCHEDULER_BUNDLE, s->pool.seconds / s->options.ranks / 4);
    double sum = 0;
    int count = 0, most = s->options.bundle ? s->options.bundle : SCHEDULER_BUNDLE_RUNS;
    target = fmax(target, LATENCY);
    while (count < most && sum < target) {
        int32_t run = pool_take(&s->pool, time_left(s, &s->ranks[r]));
        if (run < 0)
            break;
        most = (int)fmin(most, bundle_runs(s, run));
        hold(s, r, run);
        sum += (double)s->runs[run].estimate;
        s->bundle[count++] = run;
    }
    return count;
}

/* Takes the run from the rank that holds it; the next one is at work from now on. */
static void release(struct scheduler *s, int32_t run)
{
    struct rank *rank = &s->ranks[s->runs[run].rank];
    bool first = rank->held.first == run;
    double estimate = (double)s->runs[run].estimate;
    run_list_remove(&rank->held, s->runs, run);
    rank->seconds = rank->held.count ? fmax(rank->seconds - estimate, 0) : 0;
    if (first)
        rank->since = s->now;
    s->busy -= rank->held.count == 0;
    enqueue(s, s->runs[run].rank);
    s->runs[run].rank = -1;
}

static enum run_fate wait_again(struct scheduler *s, int32_t run)
{
    set_state(s, run, WAITING);
    pool_push(&s->pool, run);
    return FATE_RETRIED;
}

static bool holds(const struct scheduler *s, const struct event *event)
{
    return scheduler_holder(s, event->run) == event->rank && event->rank >= 0;
}

/* A run at work tells better than its class how long it takes, and a class that has no measurement
 * takes it for one. */
static void refine(struct scheduler *s, const struct event *event)
{
    if (!holds(s, event) || !(event->share > 0) || s->ranks[event->rank].held.first != event->run)
        return;
    int32_t run = (int32_t)event->run;
    struct rank *rank = &s->ranks[event->rank];
    struct run_slot *slot = &s->runs[run];
    double whole = event->seconds / event->share;
    double estimate = s->now - rank->since + whole - event->seconds;
    rank->seconds = fmax(rank->seconds + estimate - (double)slot->estimate, estimate);
    slot->estimate = (float)estimate;
    if (!pool_measured(&s->pool, run))
        pool_measure(&s->pool, run, whole);
}

static enum run_fate report(struct scheduler *s, const struct event *event)
{
    if (!holds(s, event))
        return FATE_NONE;
    int32_t run = (int32_t)event->run;
    struct run_slot *slot = &s->runs[run];
    release(s, run);
    switch (event->kind) {
    case EVENT_DONE:
        pool_measure(&s->pool, run, event->seconds);
        set_state(s, run, DONE);
        return FATE_ENDED;
    case EVENT_DIVERGED:
        set_state(s, run, DIVERGED);
        return FATE_ENDED;
    case EVENT_FAILED:
        if (slot->attempt < slot->attempts)
            return wait_again(s, run);
        set_state(s, run, FAILED);
        return FATE_LOST;
    case EVENT_STOPPED:
        slot->attempt--; /* it was not the run's fault */
        if (!s->draining)
            return wait_again(s, run);
        set_state(s, run, STOPPED);
        return FATE_LEFT;
    default:
        set_state(s, run, FAILED);
        return FATE_LOST;
    }
}

static void tick(struct scheduler *s)
{
    pool_refresh(&s->pool);
    for (int r = 0; r < s->options.ranks; r++)
        enqueue(s, r);
}

enum run_fate scheduler_event(struct scheduler *s, const struct event *event)
{
    s->now = fmax(s->now, event->now);
    switch (event->kind) {
    case EVENT_READY:
        s->ready += !s->ranks[event->rank].ready;
        s->ranks[event->rank].ready = true;
        enqueue(s, event->rank);
        return FATE_NONE;
    case EVENT_PROGRESS:
        refine(s, event);
        return FATE_NONE;
    case EVENT_TICK:
        tick(s);
        return FATE_NONE;
    case EVENT_DRAIN:
        s->draining = true;
        return FATE_NONE;
    default:
        return report(s, event);
    }
}

/* The next rank that wants work and for which there is some. */
static bool next_bundle(struct scheduler *s, struct action *action)
{
    while (!s->draining && s->queue_count > 0) {
        int r = s->queue[s->queue_first];
        s->queue_first = (s->queue_first + 1) % s->options.ranks;
        s->queue_count--;
        s->ranks[r].queued = false;
        if (!wants(s, &s->ranks[r]))
            continue;
        int count = fill_bundle(s, r);
        if (count == 0)
            continue;
        enqueue(s, r);
        *action = (struct action){ACTION_RUN, r, count, s->bundle};
        return true;
    }
    return false;
}

bool scheduler_next(struct scheduler *s, struct action *action)
{
    *action = (struct action){ACTION_END, -1, 0, NULL};
    if (s->draining && !s->drain_sent) {
        s->drain_sent = true;
        action->kind = ACTION_DRAIN;
        return true;
    }
    if (next_bundle(s, action))
        return true;
    /* Ready ranks that got nothing: what waits no longer fits before the end of the job. */
    bool stuck = s->pool.waiting == 0 || s->draining || s->ready > 0;
    if (s->ended || s->count[HELD] > 0 || !stuck)
        return false;
    s->ended = true;
    return true;
}

struct scheduler_counts scheduler_counts(const struct scheduler *s)
{
    double held = 0, longest = 0;
    for (int r = 0; r < s->options.ranks; r++) {
        double seconds = remaining(s, &s->ranks[r]);
        held += seconds;
        longest = fmax(longest, seconds);
    }
    return (struct scheduler_counts){
        .waiting = s->count[WAITING],
        .held = s->count[HELD],
        .done = s->count[DONE],
        .diverged = s->count[DIVERGED],
        .failed = s->count[FAILED],
        .stopped = s->count[STOPPED],
        .seconds = s->pool.seconds + held,
        .longest = longest,
        .ranks = s->ready,
        .busy = s->busy,
        .measured = s->pool.measured,
    };
}

int scheduler_attempt(const struct scheduler *s, int64_t run)
{
    return s->runs[run].attempt;
}

int scheduler_holder(const struct scheduler *s, int64_t run)
{
    return run >= 0 && run < s->options.runs && s->runs[run].state == HELD ? s->runs[run].rank : -1;
}
