#include "rank.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "signals.h"

enum {
    RECORDS_TOGETHER = 256 * 1024, /* bytes of records in one message, about */
    UNSENT_MOST = 64 << 20,        /* with more on the way the child waits for its ring */
    POINTS_TOGETHER = 512,
};
#define PROGRESS_FIRST 0.25 /* seconds after which a run is shown as running */
#define PROGRESS_EVERY 1.0
#define DRAIN_PATIENCE 15.0 /* seconds that a child may take to stop */

struct waiting { /* a bundle */
    struct letter letter;
    struct waiting *next;
};

struct rank {
    struct nursery *nursery;
    struct wire *wire;
    struct waiting *first, **last;
    unsigned char *records; /* gathered for one message */
    size_t records_used, records_size;
    int64_t shown_run; /* whose progress was last sent; -1: none */
    int shown_attempt, shown_points;
    double shown_at, looked_at;
    double drained_at; /* 0: not draining */
    bool told, stopped;
};

static enum status say(struct rank *r, enum message_tag tag, const void *head, size_t head_bytes,
                       const void *body, size_t body_bytes, struct error *err)
{
    return wire_send(r->wire, 0, TO_COORDINATOR, tag, head, head_bytes, body, body_bytes, err);
}

enum status rank_create(struct rank **rank, struct nursery *nursery, struct wire *wire,
                        const struct message_ready *ready, struct error *err)
{
    struct rank *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_MEMORY, "no memory for the rank");
    r->wire = wire;
    r->last = &r->first;
    r->shown_run = -1;
    enum status st = say(r, MSG_READY, ready, sizeof *ready, NULL, 0, err);
    if (st != OK) {
        free(r);
        return st;
    }
    r->nursery = nursery;
    *rank = r;
    return OK;
}

static void drop_first(struct rank *r)
{
    struct waiting *first = r->first;
    r->first = first->next;
    if (!r->first)
        r->last = &r->first;
    free(first->letter.data);
    free(first);
}

void rank_destroy(struct rank *r)
{
    if (!r)
        return;
    while (r->first)
        drop_first(r);
    nursery_end(r->nursery);
    free(r->records);
    free(r);
}

/* ---- reports */

/* Troubles go before what they belong to, which may be the last that the coordinator waits for. */
static enum status send_records(struct rank *r, struct error *err)
{
    struct message_trouble trouble;
    enum status st = OK;
    while (st == OK && nursery_trouble(r->nursery, &trouble))
        st = say(r, MSG_TROUBLE, &trouble, sizeof trouble, NULL, 0, err);
    if (st != OK || r->records_used == 0)
        return st;
    st = say(r, MSG_RECORD, r->records, r->records_used, NULL, 0, err);
    r->records_used = 0;
    return st;
}

static enum status gather(struct rank *r, const struct message_record *head, const void *body,
                          struct error *err)
{
    size_t bytes = (size_t)head->bytes, need = sizeof *head + message_padded(bytes);
    if (r->records_used + need > RECORDS_TOGETHER) {
        enum status st = send_records(r, err);
        if (st != OK)
            return st;
    }
    if (r->records_used + need > r->records_size) {
        size_t size = need > RECORDS_TOGETHER ? need : RECORDS_TOGETHER;
        unsigned char *records = realloc(r->records, size);
        if (!records)
            return error_set(err, ERR_MEMORY, "no memory for records of %zu bytes", size);
        r->records = records;
        r->records_size = size;
    }
    unsigned char *at = r->records + r->records_used;
    memcpy(at, head, sizeof *head);
    if (bytes)
        memcpy(at + sizeof *head, body, bytes);
    memset(at + sizeof *head + bytes, 0, message_padded(bytes) - bytes);
    r->records_used += need;
    return OK;
}

static enum status report_nursery(struct rank *r, bool *busy, struct error *err)
{
    struct nursery_event event;
    enum nursery_report report;
    enum status st = OK;
    while (st == OK && wire_unsent(r->wire) < UNSENT_MOST &&
           (report = nursery_poll(r->nursery, &event)) != NURSERY_NOTHING) {
        *busy = true;
        if (report == NURSERY_LOST)
            return nursery_lost(r->nursery, err);
        if (report != NURSERY_FAILED) {
            st = gather(r, &event.record, event.body, err);
            continue;
        }
        st = send_records(r, err);
        if (st == OK)
            st = say(r, MSG_FAILED, &event.failed, sizeof event.failed, event.body,
                     (size_t)event.failed.log, err);
    }
    return st == OK ? send_records(r, err) : st;
}

/* Every item of a bundle that is not begun any more. */
static enum status give_back(struct rank *r, const struct letter *letter, struct error *err)
{
    const struct message_item *item;
    size_t at = 0;
    enum status st = OK;
    while (st == OK && (item = message_next_item(letter->data, letter->bytes, &at)) != NULL) {
        struct message_record record = {.run = item->run,
                                        .times = message_not_begun,
                                        .attempt = item->attempt,
                                        .outcome = RUN_STOPPED};
        st = gather(r, &record, NULL, err);
    }
    return st == OK ? send_records(r, err) : st;
}

static enum status show_progress(struct rank *r, double now, struct error *err)
{
    struct message_point points[POINTS_TOGETHER];
    struct message_progress head = {.run = -1, .first = r->shown_points};
    if (now - r->looked_at < PROGRESS_FIRST / 2)
        return OK;
    r->looked_at = now;
    if (!nursery_progress(r->nursery, &head, points, POINTS_TOGETHER) ||
        head.seconds < PROGRESS_FIRST)
        return OK;
    if (head.run != r->shown_run || head.attempt != r->shown_attempt) {
        r->shown_run = head.run;
        r->shown_attempt = head.attempt;
        r->shown_points = head.first = 0;
        r->shown_at = 0;
        if (!nursery_progress(r->nursery, &head, points, POINTS_TOGETHER) ||
            head.run != r->shown_run) {
            r->shown_run = -1;
            return OK;
        }
    } else if (head.count == 0 || now - r->shown_at < PROGRESS_EVERY) {
        return OK;
    }
    r->shown_points += head.count;
    r->shown_at = now;
    return say(r, MSG_PROGRESS, &head, sizeof head, points, (size_t)head.count * sizeof points[0],
               err);
}

/* ---- orders */

static enum status begin_next(struct rank *r, bool *busy, struct error *err)
{
    if (!r->first || !nursery_idle(r->nursery) || r->drained_at > 0)
        return OK;
    enum status st = nursery_begin(r->nursery, r->first->letter.data, r->first->letter.bytes, err);
    drop_first(r);
    *busy = true;
    return st;
}

static enum status take_bundle(struct rank *r, struct letter *letter, struct error *err)
{
    if (r->drained_at > 0) { /* it was on its way */
        enum status st = give_back(r, letter, err);
        free(letter->data);
        return st;
    }
    struct waiting *waiting = malloc(sizeof *waiting);
    if (!waiting)
        return error_set(err, ERR_MEMORY, "no memory for a bundle");
    *waiting = (struct waiting){*letter, NULL};
    *r->last = waiting;
    r->last = &waiting->next;
    return OK;
}

static enum status drain(struct rank *r, struct error *err)
{
    enum status st = OK;
    if (r->drained_at > 0)
        return OK;
    r->drained_at = clock_monotonic();
    nursery_stop(r->nursery);
    while (st == OK && r->first) {
        st = give_back(r, &r->first->letter, err);
        drop_first(r);
    }
    return st;
}

static enum status stop(struct rank *r, struct error *err)
{
    r->stopped = true;
    nursery_end(r->nursery);
    r->nursery = NULL;
    return say(r, MSG_STOP, NULL, 0, NULL, 0, err);
}

enum status rank_letter(struct rank *r, struct letter *letter, struct error *err)
{
    enum status st;
    if (r->stopped)
        st = error_set(err, ERR_MPI, "%s after STOP", message_name(letter->tag));
    else if (letter->tag == MSG_RUN)
        return take_bundle(r, letter, err);
    else if (letter->tag == MSG_DRAIN)
        st = drain(r, err);
    else if (letter->tag == MSG_STOP)
        st = stop(r, err);
    else
        st = error_set(err, ERR_MPI, "%s is no message for a rank", message_name(letter->tag));
    free(letter->data);
    return st;
}

enum status rank_turn(struct rank *r, bool *busy, struct error *err)
{
    if (r->stopped)
        return OK;
    double now = clock_monotonic();
    enum status st = report_nursery(r, busy, err);
    if (st == OK)
        st = begin_next(r, busy, err);
    if (st == OK)
        st = show_progress(r, now, err);
    if (st == OK && !r->told && signals_seen() > 0) {
        r->told = true;
        st = say(r, MSG_DRAIN, NULL, 0, NULL, 0, err);
    }
    if (r->drained_at > 0 && now - r->drained_at > DRAIN_PATIENCE) {
        nursery_kill(r->nursery);
        r->drained_at = now;
    }
    return st;
}

bool rank_stopped(const struct rank *r)
{
    return r->stopped;
}

void rank_wait(struct rank *r, double seconds)
{
    if (r->nursery)
        nursery_wait(r->nursery, seconds);
}
