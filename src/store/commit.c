#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/memory.h"
#include "writer.h"

/* ---- rows */

struct place writer_place(const struct store *store, int64_t run)
{
    int c = store->class[run];
    return (struct place){run, store->weights_row[run], c < 0 ? NULL : &store->map.classes[c]};
}

struct keep_config writer_keep(const struct store *store, int64_t run)
{
    struct place place = writer_place(store, run);
    struct keep keep = {.weights = place.class != NULL};
    struct keep_config config = {{""}};
    if (place.class && place.class->steps.name) {
        const struct map_column *steps = &place.class->steps;
        keep.count = steps->size[0] < KEEP_SNAPSHOTS ? steps->size[0] : KEEP_SNAPSHOTS;
        int64_t found[KEEP_SNAPSHOTS];
        if (steps->row == (size_t)keep.count * sizeof *found &&
            map_read(store->fd, found, steps, place.weights_row, 1) == 0)
            memcpy(keep.steps, found, (size_t)keep.count * sizeof *found);
    }
    keep_print(&config.weights, &keep);
    return config;
}

/* Given columns are written anew with each row, so that one that was damaged is made good. */
static int put_given(unsigned char *image, const struct store *store, int64_t run)
{
    bool asks = store->roster.identity && run < store->listed;
    if (asks)
        store->roster.given(image, &store->map, store->roster.context, run);
    for (int c = 0; c < store->map.results.count; c++) {
        const struct map_column *column = &store->map.results.columns[c];
        if (!column->given || !column->covered || (asks && column->key >= 0))
            continue;
        if (strcmp(column->name, "weights_row") == 0)
            memcpy(image + column->place, &store->weights_row[run], column->row);
        else if (map_read(store->fd, image + column->place, column, run, 1) != 0)
            return -1; /* a key of another program: as it is */
    }
    return 0;
}

unsigned char *writer_image(const struct store *store, int64_t run)
{
    struct place place = writer_place(store, run);
    unsigned char *image = memory_get(image_bytes(&store->map, place.class) + 1);
    image_blank(image, &store->map, place.class);
    if (put_given(image, store, run) == 0)
        return image;
    free(image);
    return NULL;
}

enum row_status writer_status(const struct store *store, int64_t run)
{
    return (enum row_status)(store->status[run] & ~QUEUED);
}

void writer_state(unsigned char letters[STATE_LETTERS], enum row_status status)
{
    const char *name = row_status_name(status);
    memset(letters, 0, STATE_LETTERS);
    memcpy(letters, name, strlen(name));
}

/* The column `status` is what counts: what belongs to it is there before, its copies come after. */
int writer_put_status(const struct store *store, int64_t run, enum row_status status,
                      const struct proof *proof, const double *figures)
{
    const struct map *map = &store->map;
    const unsigned char byte = (unsigned char)status;
    unsigned char text[STATE_LETTERS];
    writer_state(text, status);
    int64_t summary = map->summary.offset + run * (int64_t)map->summary.row;
    const struct map_column *analysed = map_find(&map->results, "analysed");
    if (proof &&
        map_write(store->fd, &proof->checksum, map_find(&map->results, "checksum"), run) != 0)
        return -1;
    if (figures &&
        files_write_at(store->fd, figures, (size_t)map->summary.figure_count * sizeof *figures,
                       summary + (int64_t)map->summary.figures) != 0)
        return -1;
    if (proof && analysed && map_write(store->fd, &proof->analysed, analysed, run) != 0)
        return -1;
    if (map_write(store->fd, &byte, map_find(&map->results, "status"), run) != 0 ||
        map_write(store->fd, text, map_find(&map->results, "state"), run) != 0)
        return -1;
    return files_write_at(store->fd, text, sizeof text, summary + (int64_t)map->summary.status);
}

/* ---- queues */

void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

void queue_add(struct queue *queue, struct entry *entry)
{
    entry->next = NULL;
    *queue->end = entry;
    queue->end = &entry->next;
}

struct entry *queue_take(struct queue *queue)
{
    struct entry *entry = queue->first;
    if (entry) {
        queue->first = entry->next;
        if (!queue->first)
            queue->end = &queue->first;
    }
    return entry;
}

void entry_destroy(struct entry *entry)
{
    free(entry->figures);
    free(entry->image);
    free(entry);
}

/* A later attempt of the run begins: what is queued must not be written over it. */
static void overtake(struct store *store, int64_t run)
{
    if (!(store->status[run] & QUEUED))
        return;
    struct queue *const queues[] = {&store->unwritten, &store->fresh, &store->syncing};
    for (size_t q = 0; q < sizeof queues / sizeof *queues; q++)
        for (struct entry *entry = queues[q]->first; entry; entry = entry->next)
            if (entry->run == run)
                entry->run = -1;
    store->status[run] &= (unsigned char)~QUEUED;
}

/* ---- a run that goes on */

/* What is written here is for live readers only: what can not be written is left out. */
enum status store_start(struct store *store, int64_t run, const struct row_log *log,
                        struct error *err)
{
    (void)err;
    assert(run >= 0 && run < store->map.runs);
    overtake(store, run);
    store->status[run] = ROW_RUNNING;
    unsigned char *image = memory_get(image_bytes(&store->map, NULL));
    image_blank(image, &store->map, NULL);
    image_log(image, &store->map, log);
    if (writer_put_status(store, run, ROW_RUNNING, NULL, NULL) == 0)
        (void)image_write_log(store->fd, image, &store->map, run);
    free(image);
    return OK;
}

enum { LIVE_BYTES = 4 }; /* of each value that is written while its run goes on */

/* The value at this place of the row. */
static void put_live(const struct store *store, const char *name, int64_t run, enum hdf_type type,
                     int place, const void *value)
{
    const struct map_column *column = map_find(&store->map.results, name);
    if (!column || column->type != type || ((size_t)place + 1) * LIVE_BYTES > column->row)
        return;
    int64_t at = column->offset + run * (int64_t)column->row + place * (int64_t)LIVE_BYTES;
    (void)files_write_at(store->fd, value, LIVE_BYTES, at);
}

enum status store_progress(struct store *store, int64_t run, const struct store_point *point,
                           struct error *err)
{
    (void)err;
    assert(run >= 0 && run < store->map.runs && point->evaluation >= 0);
    if (writer_status(store, run) != ROW_RUNNING)
        return OK; /* a late message of a row that is committed */
    put_live(store, "train_loss", run, HDF_F32, point->evaluation, &point->train_loss);
    put_live(store, "test_loss", run, HDF_F32, point->evaluation, &point->test_loss);
    put_live(store, "steps_done", run, HDF_I32, 0, &point->step);
    return OK;
}

/* ---- a run that ended */

struct proof writer_prove(const struct store *store, int64_t run, const unsigned char *image,
                          enum row_status status, uint64_t analysed)
{
    struct place place = writer_place(store, run);
    struct row_key key = {store->identity[run], analysed, status};
    return (struct proof){image_checksum(image, &store->map, place.class, &key), analysed};
}

/* All that the row will be. A stopped row keeps what lies in it: the run goes on from there. */
static enum status compose(struct entry *entry, const struct store *store,
                           const unsigned char *record, size_t bytes, const struct row_log *log,
                           struct error *err)
{
    const struct map *map = &store->map;
    struct place place = writer_place(store, entry->run);
    entry->bytes = image_bytes(map, place.class);
    entry->image = writer_image(store, entry->run);
    entry->figures = memory_zeroed((size_t)map->summary.figure_count + 1, sizeof(double));
    if (!entry->image)
        return error_set(err, ERR_IO, "%s: can not read: %s", store->path, strerror(errno));
    if (log)
        image_log(entry->image, map, log);
    enum status status = image_record(entry->image, map, place.class, store->columns,
                                      store->column_count, record, bytes, err);
    bool result = entry->status == ROW_DONE || entry->status == ROW_DIVERGED;
    image_figures(entry->figures, entry->image, map);
    entry->proof = writer_prove(store, entry->run, entry->image, entry->status,
                                result ? store->roster.analyses & store->analyses : 0);
    return status;
}

int writer_put_entry(const struct store *store, const struct entry *entry)
{
    struct place place = writer_place(store, entry->run);
    if (!entry->image)
        return 0;
    if (entry->analyses)
        return image_write_analyses(store->fd, entry->image, &store->map, entry->run,
                                    entry->analyses);
    if (entry->status == ROW_STOPPED)
        return image_write_log(store->fd, entry->image, &store->map, entry->run);
    return image_write(store->fd, entry->image, &store->map, &place);
}

enum status writer_send(struct store *store, struct entry *entry, struct error *err)
{
    enum status status = writer_make_room(store, entry->bytes, err);
    if (status != OK) {
        entry_destroy(entry);
        return status;
    }
    overtake(store, entry->run);
    store->status[entry->run] = (unsigned char)(entry->status | QUEUED);
    store->kept += entry->bytes;
    queue_add(&store->unwritten, entry);
    if (++store->unwritten_count == BATCH_ROWS)
        writer_flush(store);
    return OK;
}

enum status store_commit(struct store *store, int64_t run, enum row_status status,
                         const unsigned char *record, size_t bytes, const struct row_log *log,
                         struct error *err)
{
    assert(run >= 0 && run < store->map.runs && status != ROW_RUNNING && status != ROW_PENDING);
    struct entry *entry = memory_zeroed(1, sizeof *entry);
    *entry = (struct entry){.run = run, .status = status};
    enum status result = compose(entry, store, record, bytes, log, err);
    if (result == OK)
        return writer_send(store, entry, err);
    entry_destroy(entry);
    return result;
}
