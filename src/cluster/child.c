#include "child.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "checkpoint.h"

/* What libraries take beside the arena, which limits.memory is about. */
#define MEMORY_BESIDE (64.0 * 1024 * 1024)

struct child {
    struct control *control;
    struct ring ring;
    const unsigned char *bundle;
    nursery_work work;
    struct checkpoint checkpoint; /* of the item at work */
};

static void progress(void *context, int evaluation, float train_loss, float test_loss)
{
    struct control *control = ((const struct child *)context)->control;
    if (evaluation < 0 || evaluation >= REGION_POINTS)
        return;
    control->point[evaluation] = (struct message_point){train_loss, test_loss};
    atomic_store_explicit(&control->points, evaluation + 1, memory_order_release);
}

static bool stop(void *context)
{
    const struct child *child = context;
    return atomic_load_explicit(&child->control->stop, memory_order_relaxed) != 0;
}

static void tell(const struct child *child, enum trouble trouble, int reason)
{
    uint64_t item = (uint64_t)atomic_load(&child->control->current);
    atomic_store(&child->control->trouble[trouble], (item + 1) << 32 | (uint32_t)reason);
}

static size_t restore(void *context, unsigned char *bytes, size_t size)
{
    struct child *child = context;
    int reason;
    size_t got = checkpoint_read(&child->checkpoint, bytes, &reason, size);
    atomic_store(&child->control->earlier, child->checkpoint.earlier);
    if (reason)
        tell(child, TROUBLE_READING, reason);
    return got;
}

static void refuse(void *context, const char *why)
{
    struct child *child = context;
    checkpoint_remove(&child->checkpoint, why);
    atomic_store(&child->control->earlier, 0);
    tell(child, TROUBLE_DAMAGED, 0);
}

static bool due(void *context, double share, bool stopping)
{
    struct child *child = context;
    return checkpoint_due(&child->checkpoint, share, stopping, clock_monotonic());
}

static void save(void *context, const unsigned char *bytes, size_t size)
{
    const struct child *child = context;
    int reason = checkpoint_write(&child->checkpoint, bytes, size);
    if (reason)
        tell(child, TROUBLE_WRITING, reason);
}

static struct run_host host_of(struct child *child, const struct message_item *item)
{
    struct run_host host = {.context = child, .progress = progress, .stop = stop};
    if (!item->trained && item->weights > 0) {
        host.start = message_weights(item);
        host.start_count = (size_t)item->weights / sizeof(float);
    }
    const char *folder = message_folder((const struct message_run *)child->bundle);
    if (!folder || !checkpoint_begin(&child->checkpoint, folder, item, clock_monotonic()))
        return host;
    host.identity = item->identity;
    host.restore = restore;
    host.refuse = refuse;
    host.due = due;
    host.save = save;
    return host;
}

/* The system's killer of processes shall take this one, not the rank. */
static void volunteer(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, "800", 3) < 0)
        (void)fd; /* a wish, no more */
    close(fd);
}

static void limit_memory(double bytes, double at_start)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    double most = at_start + bytes + MEMORY_BESIDE;
    if (bytes > 0 && at_start > 0 && most < (double)limit.rlim_max)
        limit.rlim_cur = (rlim_t)most;
    setrlimit(RLIMIT_AS, &limit);
}

/* From here on a crash is blamed on this item. */
static void announce(struct control *control, int i, const struct message_item *item)
{
    int64_t now = nanoseconds();
    atomic_store(&control->deadline, 0);
    atomic_store(&control->points, 0);
    atomic_store(&control->earlier, 0);
    atomic_store(&control->started, now);
    atomic_store(&control->current, i);
    if (item->seconds > 0)
        atomic_store(&control->deadline, now + (int64_t)(item->seconds * 1e9));
}

static struct entry *room(struct ring *ring, uint64_t bytes)
{
    struct entry *entry;
    while ((entry = ring_reserve(ring, bytes)) == NULL)
        nanosleep(&(struct timespec){0, 200000}, NULL); /* the rank is behind */
    return entry;
}

static enum run_outcome work_off(struct child *child, int i, const struct message_item *item)
{
    struct error err = {""};
    enum run_outcome outcome = RUN_DONE;
    struct run_host host = host_of(child, item);
    uint64_t most = (uint64_t)item->record_bytes;
    if (most < sizeof err.text)
        most = sizeof err.text;
    struct entry *entry = room(&child->ring, most);
    *entry = (struct entry){.item = i, .times.started = clock_wall()};
    unsigned char *body = (unsigned char *)(entry + 1);
    struct record record = {body, (size_t)item->record_bytes, 0};
    double begin = clock_monotonic();

    enum status st = child->work(&record, &outcome, item, &host, &err);
    double seconds = clock_monotonic() - begin;
    entry->times.seconds = atomic_load(&child->control->earlier) + seconds;
    entry->times.finished = entry->times.started + seconds;
    entry->kind = st == OK ? ENTRY_RECORD : ENTRY_ERROR;
    entry->outcome = st == OK ? (int32_t)outcome : (int32_t)st;
    entry->bytes = st == OK ? (int64_t)record.used : (int64_t)strlen(err.text) + 1;
    if (st != OK)
        memcpy(body, err.text, strlen(err.text) + 1);
    ring_commit(&child->ring, entry);
    return st == OK ? outcome : RUN_DONE;
}

_Noreturn void child_main(struct control *control, int region, nursery_work work)
{
    unsigned char *memory =
        mmap(NULL, control->size, PROT_READ | PROT_WRITE, MAP_SHARED, region, 0);
    if (memory == MAP_FAILED)
        _exit(CHILD_NO_REGION);
    close(region);
    volunteer();
    struct child child = {
        .control = control,
        .ring = {control, memory + control->ring_at, control->ring_bytes},
        .bundle = memory + control->bundle_at,
        .work = work,
    };
    double at_start = process_address_space();
    const struct message_item *item;
    size_t at = 0;
    for (int i = 0; (item = message_next_item(child.bundle, control->bundle_bytes, &at)) != NULL;
         i++) {
        if (i < control->first)
            continue;
        if (stop(&child))
            break;
        announce(control, i, item);
        limit_memory(item->memory, at_start);
        if (work_off(&child, i, item) == RUN_STOPPED)
            break;
    }
    _exit(0);
}
