/* office.h - the state of the coordinator, shared by coordinator.c (begin, actions, end) and
 * reports.c (what ranks say). */
#ifndef CLUSTER_OFFICE_H
#define CLUSTER_OFFICE_H

#include "bundle.h"
#include "checkpoints.h"
#include "cluster/progress.h"
#include "cluster/scheduler.h"
#include "coordinator.h"

struct member { /* what is known of a rank */
    char host[64];
    int64_t run;           /* that it is seen to work on; -1: none */
    double since, earlier; /* when it began; seconds of work before that, from its checkpoint */
    bool stopped;
};

enum { FAILURES_SHOWN = 20, CAUSES = 8 };

struct lost { /* a run whose attempts are used up */
    int64_t run;
    int attempts;
    char text[sizeof((struct message_failed *)0)->text];
};

struct coordinator {
    struct wire *wire;
    struct coordinator_options options;
    const struct plan *plan;
    struct store *store;
    struct scheduler *scheduler;
    struct member *members;
    struct bundle bundle;
    struct progress progress;
    struct checkpoints checkpoints;
    int64_t total, kept, failures_said; /* total: runs that this job is about, kept ones included */
    double started, ticked, drained_at, stopped_at; /* 0: not yet */
    int code;                                       /* exit code, once the sweep is over */
    int stopped_members;
    struct lost lost[FAILURES_SHOWN]; /* the first of them */
    bool logs_failed;
    struct message_trouble causes[CAUSES]; /* that people were told of */
    int cause_count;
};

/* An event about a run, or about none (-1), that happens now. */
enum run_fate report(struct coordinator *c, enum event_kind kind, int rank, int64_t run,
                     double seconds);

/* An attempt failed: told to the scheduler, to people, and, when it was the last, to the store. */
enum status take_failure(struct coordinator *c, int rank, const struct message_failed *failed,
                         const void *log_text, struct error *err) MUST_CHECK;

/* Lists the runs that failed for good, `count` in all; nothing when there are none. */
void say_lost(struct coordinator *c, int64_t count);

/* From now on nothing is started. May be called again. */
void begin_drain(struct coordinator *c);

#endif
