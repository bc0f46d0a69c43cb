/* scheduler.h - which rank gets which run, and when. A pure function of events: it reads no clock,
 * sends no message, touches no file, so that it is tested in simulated time.
 *
 * Longest runs first. A rank holds what it works on and, ahead of it, up to SCHEDULER_AHEAD seconds
 * of further work, so that a stall of the coordinator or its disk costs nothing; towards the end of
 * a sweep less, so that no rank sits on work while another has none. Short runs travel in bundles
 * of about SCHEDULER_BUNDLE seconds. Seconds are estimated from run_cost() (multiply-adds), by
 * classes of about equal cost, each refined by what was measured: of runs that ended and, while a
 * class has none, of the first one that said how far it is.
 *
 * Every run ends exactly once: done, diverged or failed; or it is left when a drain or the wall
 * time ended the job.
 *
 *   event ---> scheduler_event ---> (state) ---> scheduler_next ---> action, until there is none
 */
#ifndef CLUSTER_SCHEDULER_H
#define CLUSTER_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
    SCHEDULER_BUNDLE_RUNS = 1024, /* largest bundle */
    SCHEDULER_HELD_RUNS = 8192,   /* most runs that a rank holds */
};
#define SCHEDULER_BUNDLE 1.0 /* seconds of work in a bundle */
#define SCHEDULER_AHEAD 6.0  /* seconds of work that a rank holds ahead */

struct scheduler;

struct scheduler_options {
    int64_t runs; /* numbers 0..runs-1; those never added are as if they were not there */
    int ranks;
    int bundle;     /* most runs in one bundle; 0: SCHEDULER_BUNDLE_RUNS */
    double end;     /* time when the job ends; 0: unknown. Times are seconds on one clock */
    double reserve; /* seconds before `end` in which no run may still be at work */
    double saved;   /* a run that is stopped after this many seconds keeps what it did, so it may
                       be started although it can not end in time; 0: no run does */
};

enum status scheduler_create(struct scheduler **scheduler, const struct scheduler_options *options,
                             struct error *err) MUST_CHECK;
void scheduler_destroy(struct scheduler *scheduler);

/* A run to be done, before the first event. cost > 0 in any unit; at most `attempts` attempts. */
void scheduler_add(struct scheduler *scheduler, int64_t run, double cost, int attempts);

enum event_kind {
    EVENT_READY,    /* rank: takes bundles from now on */
    EVENT_PROGRESS, /* run, seconds, share: so much of its work is done, after so long */
    EVENT_DONE,     /* run, seconds: finished, with a result */
    EVENT_DIVERGED, /* run, seconds: finished, its numbers were no longer finite */
    EVENT_FAILED,   /* run: this attempt failed; another may go better */
    EVENT_REFUSED,  /* run: failed, and would fail again */
    EVENT_STOPPED,  /* run: given back because of a drain */
    EVENT_TICK,     /* time passes; every half second or so */
    EVENT_DRAIN,    /* nothing is started any more */
};

struct event {
    enum event_kind kind;
    int rank;
    int64_t run;
    double seconds, share, now;
};

/* What a run that is reported by this event has become. */
enum run_fate {
    FATE_NONE,    /* the event was about no run, or about one that this rank does not hold */
    FATE_ENDED,   /* done or diverged */
    FATE_RETRIED, /* goes back to those that wait */
    FATE_LOST,    /* failed for good */
    FATE_LEFT,    /* stopped; for the next job */
};
enum run_fate scheduler_event(struct scheduler *scheduler, const struct event *event);

enum action_kind {
    ACTION_RUN,   /* send these runs to the rank, as one bundle */
    ACTION_DRAIN, /* tell every rank to stop what it does */
    ACTION_END,   /* nothing is at work and nothing can be started: once, the last action */
};

struct action {
    enum action_kind kind;
    int rank, count;
    const int32_t *runs; /* [count], valid until the next call */
};

/* What to do now; false when there is nothing. After each event all actions are to be taken. */
bool scheduler_next(struct scheduler *scheduler, struct action *action);

struct scheduler_counts {
    int64_t waiting, held, done, diverged, failed, stopped;
    double seconds;  /* estimate of the work that is left, over all ranks */
    double longest;  /* of that, the most that one rank holds */
    int ranks, busy; /* that are ready; that hold something */
    bool measured;   /* seconds are more than a guess */
};
struct scheduler_counts scheduler_counts(const struct scheduler *scheduler);

/* Attempt number of a run that is held, or was last: 1, 2, ... */
int scheduler_attempt(const struct scheduler *scheduler, int64_t run);

/* The rank that holds the run; -1: none. */
int scheduler_holder(const struct scheduler *scheduler, int64_t run);

#endif
