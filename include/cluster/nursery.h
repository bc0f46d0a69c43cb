/* nursery.h - the small process beside each rank that runs the engine.
 *
 * The rank forks it before MPI_Init, because a process that has initialised MPI must never fork
 * (with UCX or InfiniBand that corrupts data). For each bundle the nursery forks one engine child
 * and watches it; a child does no MPI and no HDF5, and leaves with _exit.
 *
 *     rank --socketpair (commands, reports)--> nursery --fork--> engine child
 *       |                                                          |
 *       +---- one region of shared memory: bundle, records, points, log ----+
 *
 * The region is a memfd made before the fork. The rank makes it longer when a bundle has larger
 * records and cuts it again afterwards; the child maps it anew each time. So nothing is reserved
 * that is not used, and no descriptor has to be passed. Records travel through a ring inside it: a
 * child that is faster than its rank waits.
 *
 * No orphan: nursery and child have PR_SET_PDEATHSIG, and the end of the socket ends the nursery.
 */
#ifndef CLUSTER_NURSERY_H
#define CLUSTER_NURSERY_H

#include "cluster/message.h"
#include "run/run.h"

/* What a child does with one item. The engine's: nursery_engine. */
typedef enum status (*nursery_work)(struct record *record, enum run_outcome *outcome,
                                    const struct message_item *item, const struct run_host *host,
                                    struct error *err);
enum status nursery_engine(struct record *record, enum run_outcome *outcome,
                           const struct message_item *item, const struct run_host *host,
                           struct error *err) MUST_CHECK;

enum { NURSERY_LOG = 64 * 1024 }; /* bytes kept of the error output of a child */

struct nursery;

/* nursery_start() of cluster.h with another work. Before MPI_Init, with one thread. */
enum status nursery_start_with(struct nursery **nursery, nursery_work work,
                               struct error *err) MUST_CHECK;

/* Ends the nursery and its child, waits for it. Safe on NULL. */
void nursery_end(struct nursery *nursery);

/* Starts a bundle: a valid MSG_RUN. Only when idle. The bytes are copied. */
enum status nursery_begin(struct nursery *nursery, const void *bundle, size_t bytes,
                          struct error *err) MUST_CHECK;

/* No bundle is at work; all its items were reported by nursery_poll. */
bool nursery_idle(const struct nursery *nursery);

enum nursery_report {
    NURSERY_NOTHING,
    NURSERY_RECORD,  /* an item ended with a record, or was stopped: `record` and `body` */
    NURSERY_FAILED,  /* the attempt failed: `failed` and `body` (its log) */
    NURSERY_STOPPED, /* an item was not begun, or ended without a result: `record` */
    NURSERY_LOST,    /* the nursery itself is gone: the rank can not go on */
};

/* One thing that happened to one item; items come in order, each exactly once. */
struct nursery_event {
    struct message_record record;
    struct message_failed failed;
    const void *body; /* record.bytes or failed.log bytes, valid until the next poll */
};

/* Never waits. */
enum nursery_report nursery_poll(struct nursery *nursery, struct nursery_event *event);

/* After NURSERY_LOST, once: why. Never OK. */
enum status nursery_lost(const struct nursery *nursery, struct error *err) MUST_CHECK;

/* The run at work and its curves so far: fills `head` and up to `most` points from number
 * `head->first` on, which the caller sets. False when no run is at work. */
bool nursery_progress(struct nursery *nursery, struct message_progress *head,
                      struct message_point *points, int most);

/* Takes one of the troubles with checkpoints that no call before has told; false when there is
 * none. Those of an item can be taken when it is reported, at the latest. */
bool nursery_trouble(struct nursery *nursery, struct message_trouble *trouble);

/* Asks the child to stop soon; what it does not finish is reported as stopped. */
void nursery_stop(struct nursery *nursery);

/* Ends the child of a stopped nursery now. */
void nursery_kill(struct nursery *nursery);

/* Waits until the nursery has something to say, or that long. */
void nursery_wait(struct nursery *nursery, double seconds);

/* Processes, for tests: of the nursery and of its child (0: none). */
int nursery_process(const struct nursery *nursery);
int nursery_child(const struct nursery *nursery);

#endif
