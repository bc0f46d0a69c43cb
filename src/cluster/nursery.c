#include "cluster/nursery.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "child.h"
#include "verdict.h"

/* A region longer than this is cut again after its bundle. */
enum { REGION_KEPT = 32 << 20 };

struct nursery {
    pid_t process;
    int socket, region;
    unsigned char *memory; /* all of the region */
    size_t size;
    struct control *control; /* = memory */
    struct ring ring;
    struct entry entry; /* last read; released at the next poll when `unreleased` */
    unsigned char *bundle;
    size_t bundle_bytes;
    size_t at;    /* place in the bundle of the item that is reported next */
    int reported; /* items */
    int count;    /* items of the bundle; 0: idle */
    bool unreleased, limited, stopping, child_ended;
    bool damaged;         /* the child wrote what can not be a record */
    struct notice notice; /* of the child that ended */
    char *log;            /* NURSERY_LOG bytes */
};

/* ---- start and end */

static enum status map_region(struct nursery *n, size_t size, struct error *err)
{
    if (ftruncate(n->region, (off_t)size))
        return error_set(err, ERR_MEMORY, "shared memory of %zu bytes: %s", size, strerror(errno));
    void *memory = n->memory ? mremap(n->memory, n->size, size, MREMAP_MAYMOVE)
                             : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, n->region, 0);
    if (memory == MAP_FAILED)
        return error_set(err, ERR_MEMORY, "mapping of %zu bytes: %s", size, strerror(errno));
    n->memory = memory;
    n->size = size;
    n->control = memory;
    return OK;
}

static void release(struct nursery *n)
{
    if (n->memory)
        munmap(n->memory, n->size);
    if (n->region >= 0)
        close(n->region);
    if (n->socket >= 0)
        close(n->socket);
    free(n->bundle);
    free(n->log);
    free(n);
}

static enum status fork_warden(struct nursery *n, nursery_work work, struct error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return error_set(err, ERR_IO, "socket to the nursery: %s", strerror(errno));
    struct warden warden = {ends[1], n->region, getpid(), n->control, work};
    fflush(NULL); /* or the nursery would write again what is still in buffers */
    n->process = fork();
    if (n->process == 0) {
        close(ends[0]);
        warden_main(&warden);
    }
    int error = errno;
    close(ends[1]);
    n->socket = ends[0];
    return n->process > 0 ? OK : error_set(err, ERR_IO, "nursery: fork: %s", strerror(error));
}

enum status nursery_start_with(struct nursery **nursery, nursery_work work, struct error *err)
{
    struct nursery *n = calloc(1, sizeof *n);
    if (!n)
        return error_set(err, ERR_MEMORY, "no memory for the nursery");
    n->socket = n->region = -1;
    n->log = malloc(NURSERY_LOG);
    enum status st = n->log ? OK : error_set(err, ERR_MEMORY, "no memory for the nursery");
    if (st == OK && (n->region = memfd_create("mesasweep", MFD_CLOEXEC)) < 0)
        st = error_set(err, ERR_IO, "memfd_create: %s", strerror(errno));
    if (st == OK)
        st = map_region(n, sizeof *n->control, err);
    if (st == OK)
        st = fork_warden(n, work, err);
    if (st != OK) {
        release(n);
        return st;
    }
    *nursery = n;
    return OK;
}

void nursery_end(struct nursery *n)
{
    if (!n)
        return;
    close(n->socket); /* ends the nursery, which ends its child */
    n->socket = -1;
    waitpid(n->process, NULL, 0);
    release(n);
}

/* ---- a bundle */

static bool command(struct nursery *n, enum order_kind kind)
{
    struct order order = {.kind = (int32_t)kind, .limited = n->limited};
    return send(n->socket, &order, sizeof order, MSG_NOSIGNAL) == sizeof order;
}

/* A child that begins with the item that is reported next. A nursery that is gone is noticed by
 * nursery_poll. */
static void begin_child(struct nursery *n)
{
    struct control *c = n->control;
    atomic_store(&c->head, 0);
    atomic_store(&c->tail, 0);
    atomic_store(&c->current, n->reported);
    atomic_store(&c->points, 0);
    atomic_store(&c->started, 0);
    atomic_store(&c->deadline, 0);
    c->first = n->reported;
    n->child_ended = n->unreleased = n->damaged = false;
    command(n, ORDER_BEGIN);
}

static size_t page_up(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

enum status nursery_begin(struct nursery *n, const void *bundle, size_t bytes, struct error *err)
{
    const struct message_item *item;
    size_t at = 0;
    int64_t largest = sizeof(struct error);
    assert(nursery_idle(n) && message_valid(MSG_RUN, bundle, bytes));
    n->limited = false;
    while ((item = message_next_item(bundle, bytes, &at)) != NULL) {
        largest = item->record_bytes > largest ? item->record_bytes : largest;
        n->limited |= item->seconds > 0;
    }
    unsigned char *copy = realloc(n->bundle, bytes);
    if (!copy)
        return error_set(err, ERR_MEMORY, "no memory for a bundle of %zu bytes", bytes);
    n->bundle = memcpy(copy, bundle, bytes);
    n->bundle_bytes = bytes;

    size_t bundle_at = page_up(sizeof *n->control);
    size_t ring_at = bundle_at + page_up(bytes);
    uint64_t ring_bytes = page_up(ring_size((uint64_t)largest));
    if (ring_at + ring_bytes > n->size) {
        enum status st = map_region(n, ring_at + ring_bytes, err);
        if (st != OK)
            return st;
    }
    struct control *c = n->control;
    c->size = n->size;
    c->bundle_at = bundle_at;
    c->bundle_bytes = bytes;
    c->ring_at = ring_at;
    c->ring_bytes = ring_bytes;
    atomic_store(&c->stop, 0);
    memcpy(n->memory + bundle_at, bundle, bytes);
    n->ring = (struct ring){c, n->memory + ring_at, ring_bytes};
    n->at = 0;
    n->reported = 0;
    n->count = ((const struct message_run *)bundle)->count;
    n->stopping = false;
    begin_child(n);
    return OK;
}

bool nursery_idle(const struct nursery *n)
{
    return n->count == 0;
}

static void bundle_over(struct nursery *n)
{
    n->count = 0;
    struct error ignored; /* a region that stays long only costs memory */
    if (n->size > REGION_KEPT && map_region(n, sizeof *n->control, &ignored) != OK)
        return;
}

/* ---- what happened */

/* Seconds since a time that the child noted; 0 when it can not have. */
static double since(int64_t started)
{
    int64_t now = nanoseconds();
    return started > 0 && started <= now ? (double)(now - started) * 1e-9 : 0;
}

/* Seconds that the child noted; 0 when it can not have. */
static double earlier(const struct nursery *n)
{
    double seconds = atomic_load(&n->control->earlier);
    return isfinite(seconds) ? fmax(seconds, 0) : 0;
}

/* Of the next item, whose child has ended without a word of it. */
static struct message_times times_so_far(const struct nursery *n)
{
    int64_t started = atomic_load(&n->control->started);
    if (started == 0 || atomic_load(&n->control->current) != n->reported)
        return message_not_begun;
    double seconds = since(started), now = clock_wall();
    return (struct message_times){earlier(n) + seconds, now - seconds, now};
}

static const struct message_item *next_item(struct nursery *n)
{
    n->reported++;
    return message_next_item(n->bundle, n->bundle_bytes, &n->at);
}

static enum nursery_report item_failed(struct nursery_event *event, struct nursery *n,
                                       const struct message_times *times, enum failure failure,
                                       int detail, const char *text)
{
    const struct message_item *item = next_item(n);
    event->failed = (struct message_failed){
        .run = item->run,
        .attempt = item->attempt,
        .failure = (int32_t)failure,
        .detail = detail,
        .times = *times,
    };
    snprintf(event->failed.text, sizeof event->failed.text, "%s", text);
    event->body = NULL;
    return NURSERY_FAILED;
}

static enum nursery_report item_stopped(struct nursery_event *event, struct nursery *n,
                                        const struct message_times *times)
{
    const struct message_item *item = next_item(n);
    event->record = (struct message_record){
        .run = item->run, .times = *times, .attempt = item->attempt, .outcome = RUN_STOPPED};
    event->body = NULL;
    return NURSERY_STOPPED;
}

static enum nursery_report item_ended(struct nursery_event *event, struct nursery *n,
                                      const void *body)
{
    const struct entry *entry = &n->entry;
    if (entry->kind == ENTRY_ERROR) {
        enum failure failure = entry->outcome == ERR_MEMORY ? FAILURE_MEMORY : FAILURE_REFUSED;
        struct error err;
        error_set(&err, ERR_CONFIG, "%.*s", (int)entry->bytes, (const char *)body);
        return item_failed(event, n, &entry->times, failure, 0, err.text);
    }
    if (entry->outcome == RUN_STOPPED)
        return item_stopped(event, n, &entry->times);
    const struct message_item *item = next_item(n);
    event->record = (struct message_record){
        .run = item->run,
        .times = entry->times,
        .bytes = entry->bytes,
        .attempt = item->attempt,
        .outcome = entry->outcome,
    };
    event->body = body;
    return NURSERY_RECORD;
}

/* The end of the log in one piece; returns its bytes. */
static int32_t copy_log(struct nursery *n)
{
    uint64_t all = atomic_load(&n->control->log_bytes);
    uint64_t count = all < NURSERY_LOG ? all : NURSERY_LOG;
    for (uint64_t i = 0; i < count; i++)
        n->log[i] = n->control->log[(all - count + i) % NURSERY_LOG];
    return (int32_t)count;
}

/* The child has ended and all that it finished is reported. */
static enum nursery_report conclude(struct nursery_event *event, struct nursery *n)
{
    if (n->reported == n->count) {
        bundle_over(n);
        return NURSERY_NOTHING;
    }
    struct message_times times = times_so_far(n);
    if (n->stopping)
        return item_stopped(event, n, &times);
    if (n->notice.overtime >= 0 && n->notice.overtime != n->reported) {
        begin_child(n); /* the run that was late had just ended: its neighbour is not to blame */
        return NURSERY_NOTHING;
    }
    struct verdict verdict = verdict_of(&n->notice, n->reported);
    if (n->damaged)
        item_failed(event, n, &times, FAILURE_CRASH, 0, "its record is damaged");
    else
        item_failed(event, n, &times, verdict.failure, verdict.detail, verdict.text);
    event->failed.log = copy_log(n);
    event->body = n->log;
    if (n->reported < n->count)
        begin_child(n);
    return NURSERY_FAILED;
}

/* False when the nursery is gone. */
static bool hear(struct nursery *n)
{
    if (n->child_ended)
        return true;
    ssize_t got = recv(n->socket, &n->notice, sizeof n->notice, MSG_DONTWAIT);
    n->child_ended = got == sizeof n->notice;
    return got != 0 && (got > 0 || errno == EAGAIN || errno == EINTR);
}

/* Whether the entry is of the item that is to be reported next, and no larger than its record. */
static bool is_expected(const struct nursery *n)
{
    size_t at = n->at;
    const struct message_item *item = message_next_item(n->bundle, n->bundle_bytes, &at);
    return n->entry.item == n->reported &&
           (n->entry.kind == ENTRY_ERROR || n->entry.bytes <= item->record_bytes);
}

enum nursery_report nursery_poll(struct nursery *n, struct nursery_event *event)
{
    if (!hear(n))
        return NURSERY_LOST;
    if (n->count == 0)
        return NURSERY_NOTHING;
    if (n->unreleased)
        ring_release(&n->ring, &n->entry);
    n->unreleased = false;
    if (n->reported < n->count) {
        const void *body = ring_read(&n->ring, &n->entry);
        n->unreleased = body && is_expected(n);
        if (n->unreleased)
            return item_ended(event, n, body);
        if (!n->damaged && (body || n->entry.kind == ENTRY_BROKEN)) {
            n->damaged = true; /* a crash, only later */
            nursery_kill(n);
        }
    }
    return n->child_ended ? conclude(event, n) : NURSERY_NOTHING;
}

enum status nursery_lost(const struct nursery *n, struct error *err)
{
    int status = 0;
    waitpid(n->process, &status, 0); /* its end of the socket is closed: it ends */
    if (WIFEXITED(status) && WEXITSTATUS(status) == WARDEN_NO_MEMORY)
        return error_set(
            err, ERR_MEMORY,
            "no memory for OpenBLAS; the limit of address space (ulimit -v) is too low");
    return error_set(err, ERR_IO, "its nursery process has gone");
}

bool nursery_progress(struct nursery *n, struct message_progress *head,
                      struct message_point *points, int most)
{
    struct control *c = n->control;
    if (n->count == 0 || n->child_ended)
        return false;
    int32_t item = atomic_load(&c->current), count = atomic_load(&c->points);
    int64_t started = atomic_load(&c->started);
    if (item != n->reported || started == 0 || count > REGION_POINTS)
        return false;
    head->count = 0;
    for (int i = head->first; i < count && head->count < most; i++)
        points[head->count++] = c->point[i];
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load(&c->current) != item)
        return false; /* the next run writes over these points */
    size_t at = n->at;
    const struct message_item *which = message_next_item(n->bundle, n->bundle_bytes, &at);
    head->run = which->run;
    head->attempt = which->attempt;
    head->seconds = since(started);
    head->earlier = earlier(n);
    return true;
}

bool nursery_trouble(struct nursery *n, struct message_trouble *trouble)
{
    for (int i = 0; i < TROUBLE_COUNT; i++) {
        uint64_t told = atomic_exchange(&n->control->trouble[i], 0);
        const struct message_item *item = NULL;
        size_t at = 0;
        for (uint64_t left = told >> 32;
             left > 0 && (item = message_next_item(n->bundle, n->bundle_bytes, &at)); left--)
            ;
        if (item) {
            *trouble = (struct message_trouble){item->run, i, (int32_t)(told & INT32_MAX)};
            return true;
        }
    }
    return false;
}

void nursery_stop(struct nursery *n)
{
    n->stopping = true;
    atomic_store(&n->control->stop, 1);
}

void nursery_kill(struct nursery *n)
{
    if (n->count > 0 && !n->child_ended)
        command(n, ORDER_KILL);
}

void nursery_wait(struct nursery *n, double seconds)
{
    struct pollfd polled = {n->socket, POLLIN, 0};
    struct timespec nap = {(time_t)seconds, (long)(fmod(seconds, 1) * 1e9)};
    ppoll(&polled, 1, &nap, NULL);
}

int nursery_process(const struct nursery *n)
{
    return n->process;
}

int nursery_child(const struct nursery *n)
{
    return atomic_load(&n->control->child);
}
