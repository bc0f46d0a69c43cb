/* Analyses that are added to rows which are done, from the weights that they kept. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "writer.h"

uint64_t store_lacks(const struct store *store, int64_t run)
{
    uint64_t wanted = store->roster.analyses & store->analyses;
    bool done = store->status[run] == ROW_DONE && store->class[run] >= 0; /* and none is queued */
    return done ? wanted & ~store->analysed[run] : 0;
}

size_t store_weights_bytes(const struct store *store, int64_t run)
{
    struct place place = writer_place(store, run);
    return place.class ? place.class->bytes : 0;
}

enum status store_weights(unsigned char *weights, const struct store *store, int64_t run,
                          struct error *err)
{
    struct place place = writer_place(store, run);
    assert(place.class);
    for (int t = 0; t < place.class->tensors.count; t++) {
        const struct map_column *column = &place.class->tensors.columns[t];
        if (map_read(store->fd, weights + column->place, column, place.weights_row, 1) != 0)
            return error_set(err, ERR_IO, "%s: can not read: %s", store->path, strerror(errno));
    }
    return OK;
}

/* The row as it is, with what the record says of these analyses. */
static enum status compose(struct entry *entry, const struct store *store,
                           const unsigned char *record, size_t bytes, struct error *err)
{
    const struct map *map = &store->map;
    struct place place = writer_place(store, entry->run);
    entry->bytes = image_bytes(map, place.class);
    entry->image = memory_get(entry->bytes + 1);
    entry->figures = memory_zeroed((size_t)map->summary.figure_count + 1, sizeof(double));
    if (image_read(entry->image, store->fd, map, &place) != 0)
        return error_set(err, ERR_IO, "%s: can not read: %s", store->path, strerror(errno));
    enum status status = image_record(entry->image, map, place.class, store->columns,
                                      store->column_count, record, bytes, err);
    image_figures(entry->figures, entry->image, map);
    entry->proof = writer_prove(store, entry->run, entry->image, ROW_DONE,
                                store->analysed[entry->run] | entry->analyses);
    return status;
}

enum status store_amend(struct store *store, int64_t run, const unsigned char *record, size_t bytes,
                        struct error *err)
{
    uint64_t lacking = store_lacks(store, run);
    if (!lacking)
        return OK;
    struct entry *entry = memory_zeroed(1, sizeof *entry);
    *entry = (struct entry){.run = run, .status = ROW_DONE, .analyses = lacking};
    enum status status = compose(entry, store, record, bytes, err);
    if (status == OK)
        return writer_send(store, entry, err);
    entry_destroy(entry);
    return status;
}
