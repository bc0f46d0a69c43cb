/* Syncs, and what follows them. A record is written, synced, then its status is written; the next
 * sync covers the status. After a failed sync everything since the last good one is written once
 * more, as the kernel has dropped it from its memory. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "writer.h"

static const double SYNC_AFTER = 1, LOOK_AFTER = 1; /* seconds */

static void drop_image(struct store *store, struct entry *entry)
{
    if (entry->image)
        store->kept -= entry->bytes;
    free(entry->image);
    entry->image = NULL;
}

static void done_with(struct store *store, struct entry *entry)
{
    drop_image(store, entry);
    if (entry->run >= 0)
        store->status[entry->run] &= (unsigned char)~QUEUED;
    entry_destroy(entry);
}

void writer_queue(struct store *store, struct entry *entry)
{
    if (!store->fresh.first)
        store->dirty = clock_monotonic();
    queue_add(&store->fresh, entry);
}

static void is_told(struct store *store, struct entry *entry)
{
    entry->told = true;
    drop_image(store, entry);
    writer_queue(store, entry);
}

/* The records of the sync are safe: their statuses may be told. Statuses told before are safe now.
 */
static void after_good_sync(struct store *store)
{
    struct entry *entry, *telling[BATCH_ROWS];
    int count = 0;
    store->failures = 0;
    do {
        entry = queue_take(&store->syncing);
        if (entry && (entry->run < 0 || entry->told)) {
            if (entry->run >= 0)
                store->analysed[entry->run] = entry->proof.analysed;
            done_with(store, entry);
        } else if (entry) {
            telling[count++] = entry;
        }
        if (count == BATCH_ROWS || !entry) {
            if (writer_tell(store, telling, count) != 0)
                store->trouble = errno;
            for (int i = 0; i < count; i++)
                is_told(store, telling[i]);
            count = 0;
        }
    } while (entry);
}

/* Their rows are pending again, as far as the disk still takes anything. */
static enum status give_up(struct store *store, int reason, struct error *err)
{
    struct entry *entry;
    store->given_up = true;
    while ((entry = queue_take(&store->syncing)) || (entry = queue_take(&store->fresh)) ||
           (entry = queue_take(&store->unwritten))) {
        if (entry->run >= 0 && !entry->analyses) {
            store->status[entry->run] = ROW_PENDING | QUEUED;
            (void)writer_put_status(store, entry->run, ROW_PENDING, NULL, NULL);
        }
        done_with(store, entry);
    }
    return error_set(err, ERR_IO,
                     "%s: can not write to disk: %s; runs since the last good write are pending, "
                     "resume when there is room",
                     store->path, strerror(reason));
}

static int write_again(struct store *store, struct entry *entry)
{
    if (entry->run < 0)
        return 0;
    if (writer_put_entry(store, entry) != 0)
        return -1;
    return entry->told ? writer_tell(store, &entry, 1) : 0;
}

static enum status after_bad_sync(struct store *store, int reason, struct error *err)
{
    if (++store->failures > 1)
        return give_up(store, reason, err);
    struct entry *entry;
    struct queue again;
    queue_init(&again);
    while ((entry = queue_take(&store->syncing)) || (entry = queue_take(&store->fresh)))
        queue_add(&again, entry);
    int good = 0;
    while ((entry = queue_take(&again))) {
        if (good == 0 && write_again(store, entry) != 0) {
            good = -1;
            reason = errno;
        }
        queue_add(&store->fresh, entry);
    }
    store->dirty = 0; /* due at once */
    return good == 0 ? OK : give_up(store, reason, err);
}

static void begin_sync(struct store *store)
{
    struct entry *entry;
    writer_flush(store);
    while ((entry = queue_take(&store->fresh)))
        queue_add(&store->syncing, entry);
    store->is_syncing = true;
    sync_begin(store->sync);
}

/* reason: errno of the sync that ended, 0 if it was good */
static enum status end_sync(struct store *store, int reason, struct error *err)
{
    store->is_syncing = false;
    if (reason == 0)
        reason = store->trouble;
    store->trouble = 0;
    if (reason != 0)
        return after_bad_sync(store, reason, err);
    after_good_sync(store);
    return OK;
}

static enum status check_alive(const struct store *store, struct error *err)
{
    if (!store->given_up)
        return OK;
    return error_set(err, ERR_IO, "%s: is not written any more after an earlier error",
                     store->path);
}

/* Whether the path still names the file that is written, in its full length: not after someone
 * removed, renamed, replaced or cut it. What is committed stays where the file went; nothing more
 * is written to what another process may have taken up by now. */
static enum status check_place(struct store *store, struct error *err)
{
    static const char stops[] = "while runs were written to it; this job stops";
    struct stat open, named;
    store->looked = clock_monotonic();
    if (!store->lock || fstat(store->fd, &open) != 0)
        return OK;
    bool there = stat(store->path, &named) == 0, lost = !there && errno == ENOENT;
    bool other = there && (named.st_ino != open.st_ino || named.st_dev != open.st_dev);
    bool cut = open.st_size < store->map.bytes;
    store->given_up = lost || other || cut;
    if (lost)
        return error_set(err, ERR_IO, "%s: was removed or renamed %s", store->path, stops);
    if (other)
        return error_set(err, ERR_IO, "%s: another file took its place %s", store->path, stops);
    if (cut)
        return error_set(err, ERR_IO, "%s: was cut off %s: %lld of %lld bytes are left",
                         store->path, stops, (long long)open.st_size, (long long)store->map.bytes);
    return OK;
}

enum status store_turn(struct store *store, struct error *err)
{
    int reason;
    enum status status = check_alive(store, err);
    if (status == OK && clock_monotonic() - store->looked >= LOOK_AFTER)
        status = check_place(store, err);
    if (status == OK && store->is_syncing && sync_ended(store->sync, &reason))
        status = end_sync(store, reason, err);
    if (status == OK) {
        status = lock_beat(store->lock, err);
        store->given_up = status != OK; /* the file has another writer now */
    }
    if (status == OK)
        writer_flush(store);
    if (status == OK && !store->is_syncing && store->fresh.first &&
        clock_monotonic() - store->dirty >= SYNC_AFTER)
        begin_sync(store);
    return status;
}

/* One whole sync, now. */
static enum status sync_now(struct store *store, struct error *err)
{
    if (!store->is_syncing)
        begin_sync(store);
    return end_sync(store, sync_wait(store->sync), err);
}

enum status store_drain(struct store *store, struct error *err)
{
    enum status status = check_alive(store, err);
    while (status == OK && (store->is_syncing || store->fresh.first || store->unwritten.first))
        status = sync_now(store, err);
    return status == OK ? check_place(store, err) : status;
}

enum status writer_make_room(struct store *store, size_t bytes, struct error *err)
{
    enum status status = check_alive(store, err);
    while (status == OK && store->kept > 0 && store->kept + bytes > KEPT_MOST)
        status = sync_now(store, err);
    return status;
}
