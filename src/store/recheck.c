/* A run that was carried out once more, against its row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "writer.h"

uint64_t store_analysed(const struct store *store, int64_t run)
{
    return store->analysed[run];
}

enum status store_recheck(const char **difference, const struct store *store, int64_t run,
                          enum row_status status, const unsigned char *record, size_t bytes,
                          struct error *err)
{
    const struct map *map = &store->map;
    struct place place = writer_place(store, run);
    unsigned char *stored = memory_get(image_bytes(map, place.class) + 1);
    unsigned char *image = writer_image(store, run);
    enum status st = OK;
    if (!image || image_read(stored, store->fd, map, &place) != 0)
        st = error_set(err, ERR_IO, "%s: can not read: %s", store->path, strerror(errno));
    if (st == OK)
        st = image_record(image, map, place.class, store->columns, store->column_count, record,
                          bytes, err);
    if (st == OK)
        *difference = status != writer_status(store, run)
                          ? "status"
                          : image_difference(stored, image, map, place.class, store->analysed[run]);
    free(image);
    free(stored);
    return st;
}
