/* What is done once when a file is opened for writing: rows are judged by their checksums, whole
 * columns at a time, since the hash of a row goes on from column to column. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "writer.h"

enum { BUFFER = 1 << 20 };

/* The rows of one column in pieces of about BUFFER bytes. */
struct scan {
    int fd;
    unsigned char *buffer;
    const struct map_column *column;
    int64_t end, most, first, count;
};

/* Rows first .. end-1 of the column. */
static struct scan scan_begin(int fd, const struct map_column *column, int64_t first, int64_t end)
{
    int64_t most = BUFFER / (int64_t)column->row;
    struct scan scan = {fd, NULL, column, end, most > 0 ? most : 1, first, 0};
    scan.buffer = memory_get((size_t)scan.most * column->row);
    return scan;
}

/* Goes to the next piece; false when there is none. scan_read then reads it. */
static bool scan_next(struct scan *scan)
{
    scan->first += scan->count;
    scan->count = scan->end - scan->first < scan->most ? scan->end - scan->first : scan->most;
    return scan->count > 0;
}

static int scan_read(struct scan *scan)
{
    return map_read(scan->fd, scan->buffer, scan->column, scan->first, scan->count);
}

bool writer_is_final(enum row_status status)
{
    return status != ROW_PENDING && status != ROW_RUNNING && status != ROW_STOPPED;
}

static bool lacks(const struct store *store, int64_t run)
{
    return store->analysed[run] != store->analyses;
}

/* Whether the row has a checksum to be verified; -1 is no run. */
static bool is_judged(const struct store *store, int64_t run)
{
    return run >= 0 && store->status[run] < ROW_STATUS_COUNT &&
           writer_is_final((enum row_status)store->status[run]);
}

/* Two hashes of each row: with the columns of the analyses that it says it has; and with those of
 * the whole file, as a writer that was killed may have left it saying less. */
struct hashes {
    uint64_t *own, *full; /* [runs] */
};

/* The hashes go on with the row of each run that is judged; what no such run needs is not read.
 * `runs` [rows]: the run of each row; NULL: its number. */
static int hash_column(const struct hashes *hashes, const struct store *store,
                       const struct map_column *column, int64_t rows, const int64_t *runs)
{
    int good = 0;
    struct scan scan = scan_begin(store->fd, column, 0, rows);
    while (good == 0 && scan_next(&scan)) {
        bool read = false;
        if (store->lock &&
            lock_beat(store->lock, NULL) != OK) { /* large files take longer than a heartbeat */
            errno = EBUSY;
            good = -1;
        }
        for (int64_t i = 0; i < scan.count && good == 0; i++) {
            int64_t run = runs ? runs[scan.first + i] : scan.first + i;
            if (!is_judged(store, run))
                continue;
            good = read ? 0 : scan_read(&scan);
            read = true;
            const unsigned char *row = scan.buffer + (size_t)i * column->row;
            if (good == 0 && (!column->analysis || (column->analysis & store->analysed[run])))
                hashes->own[run] = hash_xxh64(row, column->row, hashes->own[run]);
            if (good == 0 && lacks(store, run))
                hashes->full[run] = hash_xxh64(row, column->row, hashes->full[run]);
        }
    }
    free(scan.buffer);
    return good;
}

static int hash_class(const struct hashes *hashes, const struct store *store, int c)
{
    const struct map_class *class = &store->map.classes[c];
    int64_t *runs = memory_zeroed((size_t) class->tensors.rows + 1, sizeof *runs);
    for (int64_t i = 0; i < class->tensors.rows; i++)
        runs[i] = -1;
    for (int64_t i = 0; i < store->map.runs; i++)
        if (store->class[i] == c)
            runs[store->weights_row[i]] = i;
    int good = 0;
    for (int t = 0; t < class->tensors.count && good == 0; t++)
        good = hash_column(hashes, store, &class->tensors.columns[t], class->tensors.rows, runs);
    free(runs);
    return good;
}

/* What the checksum of each row is before its last byte, the status. */
static int hash_rows(const struct hashes *hashes, const struct store *store)
{
    int good = 0;
    for (int64_t i = 0; i < store->map.runs; i++)
        hashes->own[i] = hashes->full[i] =
            hash_xxh64(&store->identity[i], sizeof store->identity[i], 0);
    for (int c = 0; c < store->map.results.count && good == 0; c++)
        if (store->map.results.columns[c].covered)
            good =
                hash_column(hashes, store, &store->map.results.columns[c], store->map.runs, NULL);
    for (int c = 0; c < store->map.class_count && good == 0; c++)
        good = hash_class(hashes, store, c);
    return good;
}

/* Pending again, and empty; in memory only unless the file is written. */
static int reset(struct store *store, int64_t run)
{
    store->status[run] = ROW_PENDING;
    if (!(store->flags & OPEN_WRITE))
        return 0;
    struct place place = writer_place(store, run);
    unsigned char *image = writer_image(store, run);
    if (!image)
        return -1;
    int good = writer_put_status(store, run, ROW_PENDING, NULL, NULL);
    if (good == 0)
        good = image_write(store->fd, image, &store->map, &place);
    free(image);
    return good;
}

static int note_damaged(struct store *store, int64_t run)
{
    size_t bytes = (size_t)(store->damaged_count + 1) * sizeof *store->damaged;
    store->damaged = memory_grow(store->damaged, bytes);
    store->damaged[store->damaged_count++] = run;
    return reset(store, run);
}

/* Whether the checksum holds; of a retired row under the status that it had, which is found out. */
static bool holds(struct store *store, int64_t run, uint64_t hash, uint64_t checksum)
{
    static const unsigned char results[] = {ROW_DONE, ROW_DIVERGED};
    if (store->status[run] != ROW_RETIRED)
        return hash_xxh64(&store->status[run], 1, hash) == checksum;
    for (size_t i = 0; i < sizeof results; i++)
        if (hash_xxh64(&results[i], 1, hash) == checksum) {
            store->was[run] = results[i];
            return true;
        }
    return false;
}

/* The row has all analyses and does not say so: its writer was killed between the two. */
static int mend_analysed(struct store *store, int64_t run)
{
    const struct map_column *analysed = map_find(&store->map.results, "analysed");
    store->analysed[run] = store->analyses;
    if (!analysed || !(store->flags & OPEN_WRITE))
        return 0;
    return map_write(store->fd, &store->analyses, analysed, run);
}

static int judge(struct store *store, const struct hashes *hashes, const uint64_t *checksum)
{
    int good = 0;
    bool writes = store->flags & OPEN_WRITE;
    for (int64_t i = 0; i < store->map.runs && good == 0; i++) {
        bool known = store->status[i] < ROW_STATUS_COUNT;
        bool bad = !known || (is_judged(store, i) && !holds(store, i, hashes->own[i], checksum[i]));
        if (known && bad && lacks(store, i) && holds(store, i, hashes->full[i], checksum[i])) {
            bad = false;
            good = mend_analysed(store, i);
        }
        if (bad && writes && i >= store->listed)
            continue; /* it can not run again */
        if (bad)
            good = note_damaged(store, i);
        else if (store->status[i] == ROW_RUNNING)
            good = reset(store, i); /* its writer is gone */
    }
    return good;
}

/* What the copies of status and figures should be, for rows first .. first+count-1. */
struct copies {
    double *figures; /* [count][figure_count] */
    char *states;    /* [count][STATE_LETTERS], as they are in the column `state` */
    int64_t first;
};

static int read_figures(struct copies *copies, const struct store *store, int f, int64_t end)
{
    const struct map *map = &store->map;
    const struct map_column *column = &map->results.columns[map->summary.columns[f]];
    int good = 0;
    struct scan scan = scan_begin(store->fd, column, copies->first, end);
    while (good == 0 && scan_next(&scan)) {
        bool read = false;
        for (int64_t i = 0; i < scan.count && good == 0; i++) {
            int64_t run = scan.first + i;
            double *figure =
                copies->figures + (run - copies->first) * map->summary.figure_count + f;
            *figure = (double)NAN;
            if (writer_status(store, run) == ROW_PENDING)
                continue; /* whatever an attempt left there that does not count */
            good = read ? 0 : scan_read(&scan);
            read = true;
            if (good == 0)
                *figure = map_last(column, scan.buffer + (size_t)i * column->row);
        }
    }
    free(scan.buffer);
    return good;
}

static int read_copies(struct copies *copies, const struct store *store, int64_t end)
{
    const struct map *map = &store->map;
    const struct map_column *state = map_find(&map->results, "state");
    size_t rows = (size_t)(end - copies->first);
    copies->figures =
        memory_zeroed(rows * (size_t)map->summary.figure_count + 1, sizeof *copies->figures);
    copies->states = memory_get(rows * state->row);
    int good = map_read(store->fd, copies->states, state, copies->first, end - copies->first);
    for (int f = 0; f < map->summary.figure_count && good == 0; f++)
        good = read_figures(copies, store, f, end);
    return good;
}

/* `row`: of the summary */
static int mend(const struct store *store, int64_t run, const unsigned char *row,
                const struct copies *copies)
{
    const struct map *map = &store->map;
    const char *name = row_status_name(writer_status(store, run));
    const double *figures = copies->figures + (run - copies->first) * map->summary.figure_count;
    if (strncmp(copies->states + (run - copies->first) * STATE_LETTERS, name, STATE_LETTERS) == 0 &&
        strncmp((const char *)row + map->summary.status, name, STATE_LETTERS) == 0 &&
        memcmp(row + map->summary.figures, figures,
               (size_t)map->summary.figure_count * sizeof *figures) == 0)
        return 0;
    return writer_put_status(store, run, writer_status(store, run), NULL, figures);
}

/* The text of the status and the summary become what the columns say. */
static int rebuild(const struct store *store)
{
    const struct map *map = &store->map;
    struct map_column table = {.row = map->summary.row, .offset = map->summary.offset};
    int good = 0;
    struct scan scan = scan_begin(store->fd, &table, 0, map->runs);
    while (good == 0 && scan_next(&scan)) {
        struct copies copies = {.first = scan.first};
        good = scan_read(&scan);
        if (good == 0)
            good = read_copies(&copies, store, scan.first + scan.count);
        for (int64_t i = 0; i < scan.count && good == 0; i++)
            good = mend(store, scan.first + i, scan.buffer + (size_t)i * table.row, &copies);
        free(copies.figures);
        free(copies.states);
    }
    free(scan.buffer);
    return good;
}

enum status writer_verify(struct store *store, struct error *err)
{
    size_t runs = (size_t)store->map.runs;
    struct hashes hashes = {calloc(runs, sizeof(uint64_t)), calloc(runs, sizeof(uint64_t))};
    uint64_t *checksum = malloc(runs * sizeof *checksum);
    enum status status = OK;
    if (!hashes.own || !hashes.full || !checksum)
        status = error_set(err, ERR_MEMORY, "%s: no memory for %zu runs", store->path, runs);
    const struct map_group *results = &store->map.results;
    if (status == OK &&
        (map_read(store->fd, checksum, map_find(results, "checksum"), 0, store->map.runs) != 0 ||
         hash_rows(&hashes, store) != 0 || judge(store, &hashes, checksum) != 0 ||
         ((store->flags & OPEN_WRITE) && rebuild(store) != 0)))
        status =
            error_set(err, ERR_IO, "%s: can not read or write: %s", store->path, strerror(errno));
    free(hashes.own);
    free(hashes.full);
    free(checksum);
    return status;
}
