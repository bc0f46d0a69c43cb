#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"
#include "folder.h"
#include "hdf.h"
#include "writer.h"

/* ---- does the file belong to the plan? */

static enum status other_sweep(struct hdf *hdf, const char *what)
{
    char *name = hdf_read_text(hdf, hdf->file, "name");
    hdf->status = error_set(hdf->err, ERR_FILE,
                            "%s: holds another sweep (%s; %s); give this one its own file with -o",
                            hdf->path, name ? name : "no name", what);
    free(name);
    return hdf->status;
}

static enum status check_identity(void *context, struct hdf *hdf, int64_t row, const char *text)
{
    struct store *store = context;
    char own[32], what[128];
    if (!store->roster.identity || row >= store->listed)
        store->identity[row] = strtoull(text, NULL, 16);
    snprintf(own, sizeof own, "%016" PRIx64, store->identity[row]);
    if (strcmp(own, text) == 0)
        return OK;
    snprintf(what, sizeof what, "row %lld is run %.16s there, %s here", (long long)row, text, own);
    return other_sweep(hdf, what);
}

static enum status note_class(void *context, struct hdf *hdf, int64_t row, const char *text)
{
    struct store *store = context;
    store->class[row] = -1;
    if (!*text)
        return OK;
    const struct map *map = &store->map;
    int last = row > 0 && store->class[row - 1] >= 0 ? store->class[row - 1] : 0;
    for (int i = 0; i < map->class_count && store->class[row] < 0; i++) {
        int c = (last + i) % map->class_count; /* neighbours are often of one class */
        if (strcmp(map->classes[c].name, text) == 0)
            store->class[row] = (int16_t)c;
    }
    if (store->class[row] < 0)
        return error_set(hdf->err, ERR_FILE, "%s: is damaged: row %lld has no place in /weights",
                         hdf->path, (long long)row);
    return OK;
}

/* Rows of a class are in the order of its runs: counted here, so that a damaged weights_row leads
 * nowhere. */
static enum status number_weights(struct store *store, struct error *err)
{
    const struct map *map = &store->map;
    int64_t *used = memory_zeroed((size_t)map->class_count + 1, sizeof *used);
    bool good = true;
    for (int64_t i = 0; i < map->runs; i++) {
        int c = store->class[i];
        store->weights_row[i] = c < 0 ? -1 : (int32_t)used[c]++;
    }
    for (int c = 0; c < map->class_count; c++)
        good = good && used[c] == map->classes[c].tensors.rows;
    free(used);
    return good ? OK
                : error_set(err, ERR_FILE, "%s: is damaged: weights_class does not fit /weights",
                            store->path);
}

/* ---- what is kept of each run */

static enum status allocate(struct store *store, const struct roster *roster, struct error *err)
{
    size_t runs = (size_t)store->map.runs;
    store->identity = calloc(runs, sizeof *store->identity);
    store->status = calloc(runs, sizeof *store->status);
    store->was = calloc(runs, sizeof *store->was);
    store->analysed = calloc(runs, sizeof *store->analysed);
    store->weights_row = calloc(runs, sizeof *store->weights_row);
    store->class = calloc(runs, sizeof *store->class);
    store->columns = calloc((size_t)roster->column_count + 1, sizeof *store->columns);
    if (!store->identity || !store->status || !store->was || !store->analysed ||
        !store->weights_row || !store->class || !store->columns)
        return error_set(err, ERR_MEMORY, "%s: no memory for %zu runs", store->path, runs);
    for (int64_t i = 0; roster->identity && i < store->listed; i++)
        store->identity[i] = roster->identity(roster->context, i);
    for (int c = 0; c < store->map.results.count; c++) {
        struct map_column *column = &store->map.results.columns[c];
        column->key = roster->identity && column->given ? roster->key(column->name) : -1;
    }
    store->column_count = roster->column_count;
    for (int i = 0; i < roster->column_count; i++) {
        int analysis = roster->analysis ? roster->analysis(i) : -1;
        struct map_column *column = map_column(&store->map.results, roster->column(i));
        bool filled = column && column->covered && !column->given;
        if (filled && analysis >= 0)
            column->analysis = UINT64_C(1) << analysis;
        store->columns[i] = filled ? (int)(column - store->map.results.columns) : -1;
    }
    return OK;
}

/* What is behind the rows of the roster must be retired. */
static enum status read_statuses(struct store *store, struct hdf *hdf)
{
    char what[64];
    if (map_read(store->fd, store->status, map_find(&store->map.results, "status"), 0,
                 store->map.runs) != 0)
        return error_set(hdf->err, ERR_IO, "%s: can not read: %s", store->path, strerror(errno));
    memcpy(store->was, store->status, (size_t)store->map.runs);
    const struct map_column *analysed = map_find(&store->map.results, "analysed");
    if (analysed && map_read(store->fd, store->analysed, analysed, 0, store->map.runs) != 0)
        return error_set(hdf->err, ERR_IO, "%s: can not read: %s", store->path, strerror(errno));
    for (int64_t i = store->listed; i < store->map.runs; i++)
        if (store->status[i] != ROW_RETIRED) {
            snprintf(what, sizeof what, "%lld runs there, %lld here", (long long)store->map.runs,
                     (long long)store->listed);
            return other_sweep(hdf, what);
        }
    return OK;
}

/* Everything that HDF5 has to say about the file. */
static enum status read_structure(struct store *store, struct hdf *hdf, const struct roster *roster)
{
    char what[64];
    enum status status = map_check_version(hdf);
    if (status == OK)
        status = map_fill(&store->map, hdf);
    if (status == OK)
        store->name = hdf_read_text(hdf, hdf->file, "name");
    if (status == OK)
        status = map_analyses(&store->analyses, hdf);
    store->shard = map_shard(hdf);
    store->listed = roster->identity ? roster->runs : store->map.runs;
    if (status == OK && store->map.runs < store->listed) {
        snprintf(what, sizeof what, "%lld runs there, %lld here", (long long)store->map.runs,
                 (long long)roster->runs);
        status = other_sweep(hdf, what);
    }
    if (status == OK)
        status = hdf->status = allocate(store, roster, hdf->err);
    if (status == OK)
        status = map_texts(hdf, "run", store->map.runs, check_identity, store);
    if (status == OK)
        status = map_texts(hdf, "weights_class", store->map.runs, note_class, store);
    if (status == OK)
        status = hdf->status = number_weights(store, hdf->err);
    if (status == OK)
        status = hdf->status = read_statuses(store, hdf);
    return status;
}

static enum status open_rows(struct store *store, struct error *err)
{
    bool writes = store->flags & OPEN_WRITE;
    store->fd = files_open(store->path, writes ? O_RDWR : O_RDONLY);
    if (store->fd >= 0)
        return OK;
    return error_set(err, writes ? ERR_IO : files_blame(ERR_FILE, errno),
                     "%s: can not open for %s: %s", store->path, writes ? "writing" : "reading",
                     strerror(errno));
}

/* No lock is taken beside a file that is not ours; and one that took another's place before the
 * lock was ours is looked at anew. */
static enum status open_structure(struct store *store, struct hdf *hdf, struct error *err)
{
    struct stat before = {0}, now = {0};
    stat(store->path, &before);
    enum map_reads reads = store->flags & OPEN_OWN ? MAP_AGAIN : MAP_COLUMNS;
    enum status status = map_open(hdf, store->path, reads, err);
    if (status != OK || !(store->flags & OPEN_LOCK))
        return status;
    status = lock_take(&store->lock, store->path, store->flags & OPEN_BREAK_LOCK, err);
    if (status == OK)
        folder_tidy(store->path); /* a change of the file that was killed */
    if (status == OK && (stat(store->path, &now) != 0 || now.st_ino != before.st_ino)) {
        hdf_close(hdf);
        status = map_open(hdf, store->path, MAP_COLUMNS, err);
    }
    return status;
}

static enum status fill(struct store *store, const struct roster *roster, struct error *err)
{
    struct hdf hdf;
    enum status status = open_structure(store, &hdf, err);
    if (status == OK)
        status = open_rows(store, err);
    if (status == OK)
        status = read_structure(store, &hdf, roster);
    enum status closed = hdf_close(&hdf);
    if (status == OK)
        status = closed;
    if (status == OK && (store->flags & OPEN_JUDGE))
        status = writer_verify(store, err);
    if (status == OK && store->lock && (store->flags & OPEN_WRITE))
        status = sync_create(&store->sync, store->fd, err);
    return status;
}

static void dispose(struct store *store)
{
    sync_destroy(store->sync);
    if (store->fd >= 0)
        close(store->fd);
    lock_release(store->lock);
    struct entry *entry;
    while ((entry = queue_take(&store->unwritten)) || (entry = queue_take(&store->fresh)) ||
           (entry = queue_take(&store->syncing)))
        entry_destroy(entry);
    map_dispose(&store->map);
    free(store->identity);
    free(store->status);
    free(store->was);
    free(store->analysed);
    free(store->weights_row);
    free(store->class);
    free(store->columns);
    free(store->damaged);
    free(store->name);
    free(store->path);
    free(store);
}

enum status writer_open(struct store **out, const char *path, const struct roster *roster,
                        int flags, struct error *err)
{
    struct store *store = memory_zeroed(1, sizeof *store);
    store->fd = -1;
    store->flags = flags;
    store->path = memory_text(path);
    store->roster = *roster;
    queue_init(&store->unwritten);
    queue_init(&store->fresh);
    queue_init(&store->syncing);
    enum status status = fill(store, roster, err);
    if (status == OK)
        *out = store;
    else
        dispose(store);
    return status;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (!store->given_up && store_drain(store, NULL) != OK)
        store->given_up = true; /* whoever wants to know calls store_drain before */
    if (store->is_syncing)
        sync_wait(store->sync);
    dispose(store);
}

enum row_status store_status(const struct store *store, int64_t run)
{
    return writer_status(store, run);
}

const int64_t *store_damaged(const struct store *store, int64_t *count)
{
    *count = store->damaged_count;
    return store->damaged;
}
