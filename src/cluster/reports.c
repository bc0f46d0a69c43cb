#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "logs.h"
#include "office.h"
#include "program.h"

enum { ALONE_ABOVE = 128 }; /* ranks; then the coordinator does not compute, when left to itself */

/* Seconds before which no run makes a checkpoint: its shortest interval, and less than a drain's.
 */
#define CHECKPOINT_FIRST 0.4

/* Choices of cluster.coordinator_runs, in their order. */
enum { COORDINATOR_AUTO, COORDINATOR_ALWAYS, COORDINATOR_NEVER };

static void say_failure(struct coordinator *c, const struct message_failed *failed,
                        enum run_fate fate)
{
    if (c->failures_said++ > FAILURES_SHOWN)
        return;
    if (c->failures_said > FAILURES_SHOWN) {
        progress_say(&c->progress, "more failures are not shown here; the file has them all");
        return;
    }
    progress_say(&c->progress, "run %016" PRIx64 ", attempt %d: %s%s",
                 plan_identity(c->plan, failed->run), failed->attempt, failed->text,
                 fate == FATE_RETRIED ? "; it is tried again" : "");
}

/* Called with each run that is lost, so their number is that of the scheduler. */
static void note_lost(struct coordinator *c, const struct message_failed *failed)
{
    int64_t place = scheduler_counts(c->scheduler).failed - 1;
    if (place < 0 || place >= FAILURES_SHOWN)
        return;
    struct lost *lost = &c->lost[place];
    *lost = (struct lost){.run = failed->run, .attempts = failed->attempt};
    memcpy(lost->text, failed->text, sizeof lost->text);
}

void say_lost(struct coordinator *c, int64_t count)
{
    const char *file = c->options.cluster->file;
    if (count == 0)
        return;
    progress_say(&c->progress, "failed:");
    for (int i = 0; i < count && i < FAILURES_SHOWN; i++)
        progress_say(&c->progress, "  %016" PRIx64 "  %s (%d attempt%s)",
                     plan_identity(c->plan, c->lost[i].run), c->lost[i].text, c->lost[i].attempts,
                     c->lost[i].attempts > 1 ? "s" : "");
    if (count > FAILURES_SHOWN)
        progress_say(&c->progress, "  and %" PRId64 " more: mesasweep table %s --sort=status",
                     count - FAILURES_SHOWN, file);
    progress_say(
        &c->progress,
        "what one wrote last: mesasweep log %s RUN; once more: mesasweep retry --failed %s", file,
        file);
}

enum run_fate report(struct coordinator *c, enum event_kind kind, int rank, int64_t run,
                     double seconds)
{
    struct event event = {
        .kind = kind, .rank = rank, .run = run, .seconds = seconds, .now = clock_monotonic()};
    return scheduler_event(c->scheduler, &event);
}

static struct row_log log_of(const struct coordinator *c, int rank, int attempt,
                             const struct message_times *times, const char *error)
{
    return (struct row_log){
        .attempt = attempt,
        .rank = rank,
        .seconds = times->seconds > 0 ? times->seconds : NAN,
        .started = times->started,
        .finished = times->finished,
        .host = c->members[rank].host,
        .error = error,
    };
}

/* True when the row says that this run is at work. */
static bool forget_current(struct coordinator *c, int rank, int64_t run)
{
    bool shown = c->members[rank].run == run;
    if (shown)
        c->members[rank].run = -1;
    return shown;
}

/* A run has its last row: its checkpoint, if it has one, is of no use any more. */
static enum status forget_checkpoint(struct coordinator *c, int64_t run, int attempt,
                                     double seconds, struct error *err)
{
    bool ours = attempt > 1 || !(seconds < CHECKPOINT_FIRST);
    return checkpoints_over(&c->checkpoints, plan_identity(c->plan, run), ours, clock_monotonic(),
                            err);
}

static enum status take_record(struct coordinator *c, int rank, const struct message_record *record,
                               struct error *err)
{
    static const enum event_kind kinds[] = {
        [RUN_DONE] = EVENT_DONE, [RUN_DIVERGED] = EVENT_DIVERGED, [RUN_STOPPED] = EVENT_STOPPED};
    if (record->outcome < RUN_DONE || record->outcome > RUN_STOPPED)
        return error_set(err, ERR_MPI, "rank %d: outcome %d is none", rank, record->outcome);
    enum run_fate fate =
        report(c, kinds[record->outcome], rank, record->run, record->times.seconds);
    bool shown = forget_current(c, rank, record->run);
    if (fate == FATE_NONE)
        return OK; /* of a run that this rank does not hold, or of none at all */
    struct row_log log = log_of(c, rank, record->attempt, &record->times, NULL);
    if (store_lacks(c->store, record->run)) /* its row is done, whatever becomes of this */
        return fate != FATE_ENDED
                   ? OK
                   : store_amend(c->store, record->run, (const unsigned char *)(record + 1),
                                 (size_t)record->bytes, err);
    if (fate == FATE_LEFT && shown) /* or the row would go on to say that it runs */
        return store_commit(c->store, record->run, ROW_STOPPED, NULL, 0, &log, err);
    if (fate != FATE_ENDED)
        return OK;
    enum row_status status = record->outcome == RUN_DONE ? ROW_DONE : ROW_DIVERGED;
    enum status st =
        store_commit(c->store, record->run, status, (const unsigned char *)(record + 1),
                     (size_t)record->bytes, &log, err);
    return st == OK ? forget_checkpoint(c, record->run, record->attempt, record->times.seconds, err)
                    : st;
}

static enum status take_records(struct coordinator *c, const struct letter *letter,
                                struct error *err)
{
    const struct message_record *record;
    enum status st = OK;
    size_t at = 0;
    while (st == OK && (record = message_next_record(letter->data, letter->bytes, &at)) != NULL)
        st = take_record(c, letter->from, record, err);
    return st;
}

enum status take_failure(struct coordinator *c, int rank, const struct message_failed *failed,
                         const void *log_text, struct error *err)
{
    bool final = failed->failure == FAILURE_REFUSED;
    enum run_fate fate =
        report(c, final ? EVENT_REFUSED : EVENT_FAILED, rank, failed->run, failed->times.seconds);
    if (fate == FATE_NONE)
        return OK;
    bool shown = forget_current(c, rank, failed->run);
    say_failure(c, failed, fate);
    if (fate == FATE_LOST)
        note_lost(c, failed);
    struct error trouble;
    if (!final &&
        logs_keep(c->options.cluster->file, plan_identity(c->plan, failed->run), failed,
                  c->members[rank].host, rank, log_text, (size_t)failed->log, &trouble) != OK &&
        !c->logs_failed) {
        c->logs_failed = true;
        progress_say(&c->progress, "%s; the sweep goes on without logs", trouble.text);
    }
    struct row_log log = log_of(c, rank, failed->attempt, &failed->times, failed->text);
    if ((fate != FATE_LOST && !shown) || store_lacks(c->store, failed->run))
        return OK;
    enum row_status status = failed->failure == FAILURE_TIME ? ROW_TIMEOUT : ROW_FAILED;
    if (fate != FATE_LOST) /* it waits again; the row must not say that it runs */
        status = ROW_STOPPED;
    enum status st = store_commit(c->store, failed->run, status, NULL, 0, &log, err);
    if (st != OK || fate != FATE_LOST)
        return st;
    return forget_checkpoint(c, failed->run, failed->attempt, failed->times.seconds, err);
}

/* New points, the last of which the run has just reached. */
static enum status take_points(struct coordinator *c, int rank,
                               const struct message_progress *progress, struct error *err)
{
    const struct message_point *points = (const struct message_point *)(progress + 1);
    struct run_config config;
    enum status st = OK;
    plan_config(c->plan, progress->run, &config);
    int end = (int)fmin((double)progress->first + progress->count, config.train.evaluations);
    for (int e = progress->first; e < end && st == OK; e++) {
        struct store_point point = {
            .evaluation = e,
            .step = (int32_t)run_evaluation_step(&config, e),
            .train_loss = points[e - progress->first].train_loss,
            .test_loss = points[e - progress->first].test_loss,
        };
        st = store_progress(c->store, progress->run, &point, err);
    }
    struct event event = {
        .kind = EVENT_PROGRESS,
        .rank = rank,
        .run = progress->run,
        .seconds = progress->earlier + progress->seconds,
        .share = run_share(&config, plan_analyses(c->plan), end - 1),
        .now = clock_monotonic(),
    };
    scheduler_event(c->scheduler, &event);
    return st;
}

static enum status take_progress(struct coordinator *c, int rank,
                                 const struct message_progress *progress, struct error *err)
{
    struct member *member = &c->members[rank];
    if (scheduler_holder(c->scheduler, progress->run) != rank)
        return OK;
    if (member->run != progress->run || member->earlier != progress->earlier) {
        member->run = progress->run;
        member->earlier = progress->earlier; /* known a moment later than the run */
        member->since = clock_monotonic() - progress->seconds;
        if (store_lacks(c->store, progress->run))
            return OK;
        struct message_times times = {progress->earlier, clock_wall() - progress->seconds, NAN};
        struct row_log log = log_of(c, rank, progress->attempt, &times, NULL);
        enum status st = store_start(c->store, progress->run, &log, err);
        if (st != OK)
            return st;
    }
    return progress->count > 0 ? take_points(c, rank, progress, err) : OK;
}

/* Whether people have not yet been told of this cause, which all runs may have in common. */
static bool is_new_cause(struct coordinator *c, const struct message_trouble *trouble)
{
    for (int i = 0; i < c->cause_count; i++)
        if (c->causes[i].trouble == trouble->trouble && c->causes[i].reason == trouble->reason)
            return false;
    if (c->cause_count == CAUSES)
        return false;
    c->causes[c->cause_count++] = *trouble;
    return true;
}

static void take_trouble(struct coordinator *c, int rank, const struct message_trouble *trouble)
{
    static const struct {
        const char *what, *then;
    } texts[] = {
        [TROUBLE_WRITING] = {"can not write the checkpoint",
                             "a run that is stopped loses what it did since its last one"},
        [TROUBLE_READING] = {"can not read the checkpoint", "the run starts anew"},
        [TROUBLE_DAMAGED] = {"the checkpoint is damaged or not of this run", "the run starts anew"},
    };
    if (scheduler_holder(c->scheduler, trouble->run) != rank || !is_new_cause(c, trouble))
        return;
    progress_say(&c->progress, "%s/%016" PRIx64 ": %s%s%s (rank %d on %s); %s",
                 c->checkpoints.folder, plan_identity(c->plan, trouble->run),
                 texts[trouble->trouble].what, trouble->reason ? ": " : "",
                 trouble->reason ? strerror(trouble->reason) : "", rank, c->members[rank].host,
                 texts[trouble->trouble].then);
}

static bool computes(const struct coordinator *c, int rank)
{
    struct run_config config;
    if (rank > 0 || c->options.ranks == 1 || plan_count(c->plan) == 0)
        return true;
    plan_config(c->plan, 0, &config);
    switch (config.cluster.coordinator_runs) {
    case COORDINATOR_ALWAYS:
        return true;
    case COORDINATOR_NEVER:
        return false;
    default:
        return c->options.ranks <= ALONE_ABOVE;
    }
}

static enum status take_ready(struct coordinator *c, int rank, const struct message_ready *ready,
                              struct error *err)
{
    enum status st = program_compare(c->options.ready, ready, rank, err);
    if (st != OK)
        return st;
    memcpy(c->members[rank].host, ready->host, sizeof ready->host);
    if (computes(c, rank))
        report(c, EVENT_READY, rank, -1, 0);
    return OK;
}

void begin_drain(struct coordinator *c)
{
    if (c->drained_at > 0)
        return;
    c->drained_at = clock_monotonic();
    report(c, EVENT_DRAIN, 0, -1, 0);
}

static void take_stop(struct coordinator *c, int rank)
{
    c->stopped_members += !c->members[rank].stopped;
    c->members[rank].stopped = true;
}

enum status coordinator_letter(struct coordinator *c, struct letter *letter, struct error *err)
{
    const void *data = letter->data;
    enum status st = OK;
    if (letter->tag == MSG_STOP)
        take_stop(c, letter->from);
    else if (c->stopped_at > 0)
        st = OK; /* too late: what it tells is done again by the next job */
    else if (letter->tag == MSG_READY)
        st = take_ready(c, letter->from, data, err);
    else if (letter->tag == MSG_RECORD)
        st = take_records(c, letter, err);
    else if (letter->tag == MSG_PROGRESS)
        st = take_progress(c, letter->from, data, err);
    else if (letter->tag == MSG_FAILED)
        st = take_failure(c, letter->from, data, letter->data + sizeof(struct message_failed), err);
    else if (letter->tag == MSG_TROUBLE)
        take_trouble(c, letter->from, data);
    else if (letter->tag == MSG_DRAIN)
        begin_drain(c);
    else
        st = error_set(err, ERR_MPI, "%s is no message for the coordinator",
                       message_name(letter->tag));
    free(letter->data);
    return st;
}
