/* Rows that are neighbours in the file are written together: the runs of a bundle mostly are, and a
 * call for each column of each row would take longer than all else. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/memory.h"
#include "writer.h"

static int by_run(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    return (x->run > y->run) - (x->run < y->run);
}

/* Whether `after` is the row behind `before`, and is written in the same way. */
static bool follows(const struct store *store, const struct entry *before,
                    const struct entry *after)
{
    const int64_t a = before->run, b = after->run;
    return b == a + 1 && store->class[a] == store->class[b] &&
           (store->class[a] < 0 || store->weights_row[b] == store->weights_row[a] + 1) &&
           writer_is_final(before->status) == writer_is_final(after->status);
}

/* Entries from `first` on that are neighbours. */
static int neighbours(const struct store *store, struct entry **entries, int first, int count)
{
    int end = first + 1;
    while (end < count && follows(store, entries[end - 1], entries[end]))
        end++;
    return end - first;
}

/* ---- records */

/* Neighbours with whole images. */
static int put_rows(const struct store *store, struct entry **entries, int count)
{
    const unsigned char *images[BATCH_ROWS];
    struct place place = writer_place(store, entries[0]->run);
    for (int i = 0; i < count; i++)
        images[i] = entries[i]->image;
    return image_write_rows(store->fd, images, count, &store->map, &place);
}

static bool is_whole(const struct entry *entry)
{
    return entry->image && !entry->analyses && entry->status != ROW_STOPPED;
}

void writer_flush(struct store *store)
{
    struct entry *entry, *whole[BATCH_ROWS];
    int count = 0;
    while ((entry = queue_take(&store->unwritten))) {
        writer_queue(store, entry);
        if (entry->run >= 0 && is_whole(entry))
            whole[count++] = entry;
        else if (entry->run >= 0 && writer_put_entry(store, entry) != 0)
            store->trouble = errno; /* as a sync that failed: written once more, later */
    }
    store->unwritten_count = 0;
    qsort(whole, (size_t)count, sizeof *whole, by_run);
    for (int first = 0, some; first < count; first += some) {
        some = neighbours(store, whole, first, count);
        if (put_rows(store, whole + first, some) != 0)
            store->trouble = errno;
    }
}

/* ---- statuses */

/* One value of each entry, `bytes` long, as the rows of a column. */
static int put_values(const struct store *store, const char *name, const unsigned char *values,
                      size_t bytes, const struct entry *first, int count)
{
    const unsigned char *rows[BATCH_ROWS];
    const struct map_column *column = map_find(&store->map.results, name);
    assert(!column || column->row == bytes);
    for (int i = 0; i < count; i++)
        rows[i] = values + (size_t)i * bytes;
    return column ? map_write_rows(store->fd, rows, 0, count, column, first->run) : 0;
}

/* The copies in the summary: its rows are read, changed and written, as one row has them between
 * what stays. */
static int put_summary(const struct store *store, struct entry **entries, int count)
{
    const struct map *map = &store->map;
    const size_t row = map->summary.row;
    struct map_column table = {.row = row, .offset = map->summary.offset};
    unsigned char *rows = memory_get((size_t)count * row + 1);
    int good = map_read(store->fd, rows, &table, entries[0]->run, count);
    for (int i = 0; i < count && good == 0; i++) {
        unsigned char *at = rows + (size_t)i * row;
        if (writer_is_final(entries[i]->status))
            memcpy(at + map->summary.figures, entries[i]->figures,
                   (size_t)map->summary.figure_count * sizeof(double));
        writer_state(at + map->summary.status, entries[i]->status);
    }
    if (good == 0)
        good = files_write_at(store->fd, rows, (size_t)count * row,
                              table.offset + entries[0]->run * (int64_t)row);
    free(rows);
    return good;
}

/* In the order of writer_put_status: what belongs to a status is there before it, copies after. */
static int tell_rows(const struct store *store, struct entry **entries, int count)
{
    unsigned char status[BATCH_ROWS], state[BATCH_ROWS][STATE_LETTERS];
    uint64_t checksum[BATCH_ROWS], analysed[BATCH_ROWS];
    const struct entry *first = entries[0];
    for (int i = 0; i < count; i++) {
        status[i] = (unsigned char)entries[i]->status;
        writer_state(state[i], entries[i]->status);
        checksum[i] = entries[i]->proof.checksum;
        analysed[i] = entries[i]->proof.analysed;
    }
    if (writer_is_final(first->status) &&
        (put_values(store, "checksum", (unsigned char *)checksum, 8, first, count) != 0 ||
         put_values(store, "analysed", (unsigned char *)analysed, 8, first, count) != 0))
        return -1;
    if (put_values(store, "status", status, 1, first, count) != 0 ||
        put_values(store, "state", state[0], STATE_LETTERS, first, count) != 0)
        return -1;
    return put_summary(store, entries, count);
}

int writer_tell(const struct store *store, struct entry **entries, int count)
{
    int good = 0, reason = 0;
    qsort(entries, (size_t)count, sizeof *entries, by_run);
    for (int first = 0, some; first < count; first += some) {
        some = neighbours(store, entries, first, count);
        if (tell_rows(store, entries + first, some) != 0) {
            reason = errno;
            good = -1;
        }
    }
    errno = reason;
    return good;
}
