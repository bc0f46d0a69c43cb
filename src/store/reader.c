/* A snapshot for the commands that only look: statuses first, then the values, so that a row that
 * is called done has all of them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"
#include "hdf.h"
#include "map.h"
#include "store/store.h"

struct values {
    struct reader_column head; /* what the caller sees */
    double *numbers;           /* [rows], or */
    char **texts;              /* [rows] */
};

struct reader {
    struct map map;
    char *name;
    uint64_t *identity;
    unsigned char *status;
    struct values *columns;
    int count;
};

static void free_texts(char **texts, int64_t count)
{
    for (int64_t i = 0; texts && i < count; i++)
        free(texts[i]);
    free(texts);
}

/* Letters of the rows as texts. */
static char **split_letters(const char *letters, size_t width, int64_t rows)
{
    char **texts = memory_zeroed((size_t)rows + 1, sizeof *texts);
    for (int64_t i = 0; i < rows; i++) {
        texts[i] = memory_text_part(letters + (size_t)i * width, width);
    }
    return texts;
}

/* What is read here stands in the lines of tables. */
static void make_lines(char **texts, int64_t count)
{
    for (int64_t i = 0; texts && i < count; i++)
        text_line(texts[i]);
}

static double as_number(const struct map_column *column, const unsigned char *row)
{
    int32_t i32;
    int64_t i64;
    switch (column->given ? column->type : HDF_OTHER) { /* keys may be negative */
    case HDF_I8:
        return *(const signed char *)row;
    case HDF_I32:
        memcpy(&i32, row, sizeof i32);
        return i32;
    case HDF_I64:
        memcpy(&i64, row, sizeof i64);
        return (double)i64;
    default:
        return map_last(column, row);
    }
}

static enum status read_column(struct values *values, struct hdf *hdf, int fd, const char *group,
                               const struct map_column *column, int64_t rows)
{
    values->head.name = column->name;
    values->head.unit = column->unit;
    values->head.about = column->about;
    values->head.text = column->type == HDF_TEXT || column->type == HDF_LETTER;
    if (column->type == HDF_TEXT) {
        hid_t at = hdf_check(hdf, H5Gopen2(hdf->file, group, H5P_DEFAULT), "open a group");
        hid_t dataset = hdf_check(hdf, H5Dopen2(at, column->name, H5P_DEFAULT), "open a column");
        values->texts = hdf_read_texts(hdf, dataset, 0, rows);
        make_lines(values->texts, rows);
        return hdf->status;
    }
    unsigned char *data = memory_get((size_t)rows * column->row + 1);
    if (map_read(fd, data, column, 0, rows) != 0) {
        hdf->status =
            error_set(hdf->err, ERR_IO, "%s: can not read: %s", hdf->path, strerror(errno));
    } else if (column->type == HDF_LETTER) {
        values->texts = split_letters((const char *)data, column->row, rows);
        make_lines(values->texts, rows);
    } else {
        values->numbers = memory_zeroed((size_t)rows, sizeof *values->numbers);
        for (int64_t i = 0; i < rows; i++)
            values->numbers[i] = as_number(column, data + (size_t)i * column->row);
    }
    free(data);
    return hdf->status;
}

static void read_next(struct reader *reader, struct hdf *hdf, int fd, enum reader_origin origin,
                      const struct map_column *column, bool summary)
{
    if (hdf->status != OK)
        return;
    struct values *values = &reader->columns[reader->count++];
    values->head.origin = origin;
    values->head.summary = summary;
    read_column(values, hdf, fd, origin == READ_LOG ? "log" : "results", column, reader->map.runs);
}

static bool in_summary(const struct map *map, int column)
{
    for (int f = 0; f < map->summary.figure_count; f++)
        if (map->summary.columns[f] == column)
            return true;
    return false;
}

static enum status read_columns(struct reader *reader, struct hdf *hdf, int fd)
{
    const struct map *map = &reader->map;
    const struct map_column *results = map->results.columns;
    reader->columns =
        memory_zeroed((size_t)(map->results.count + map->log.count) + 1, sizeof *reader->columns);
    for (int c = 0; c < map->results.count; c++)
        if (results[c].given && results[c].rank == 0 && strcmp(results[c].name, "weights_row") != 0)
            read_next(reader, hdf, fd, READ_SWEPT, &results[c], false);
    for (int f = 0; f < map->summary.figure_count; f++)
        read_next(reader, hdf, fd, READ_RESULT, &results[map->summary.columns[f]], true);
    for (int c = 0; c < map->results.count; c++)
        if (results[c].covered && !results[c].given && results[c].rank == 0 && !in_summary(map, c))
            read_next(reader, hdf, fd, READ_RESULT, &results[c], false);
    for (int c = 0; c < map->log.count; c++)
        read_next(reader, hdf, fd, READ_LOG, &map->log.columns[c], false);
    return hdf->status;
}

static enum status read_identities(struct reader *reader, struct hdf *hdf)
{
    hid_t run = hdf_check(hdf, H5Dopen2(hdf->file, "results/run", H5P_DEFAULT), "open the runs");
    char **texts = hdf_read_texts(hdf, run, 0, reader->map.runs);
    reader->identity = memory_zeroed((size_t)reader->map.runs, sizeof *reader->identity);
    for (int64_t i = 0; texts && i < reader->map.runs; i++)
        reader->identity[i] = strtoull(texts[i], NULL, 16);
    free_texts(texts, reader->map.runs);
    return hdf->status;
}

static enum status fill(struct reader *reader, struct hdf *hdf, const char *path, int fd)
{
    if (map_fill(&reader->map, hdf) != OK)
        return hdf->status;
    reader->status = memory_zeroed((size_t)reader->map.runs, 1);
    if (map_read(fd, reader->status, map_find(&reader->map.results, "status"), 0,
                 reader->map.runs) != 0)
        return error_set(hdf->err, ERR_IO, "%s: can not read: %s", path, strerror(errno));
    reader->name = hdf_read_text(hdf, hdf->file, "name");
    make_lines(&reader->name, reader->name ? 1 : 0);
    if (read_identities(reader, hdf) == OK)
        read_columns(reader, hdf, fd);
    return hdf->status;
}

enum status reader_open(struct reader **out, const char *path, struct error *err)
{
    struct hdf hdf;
    struct reader *reader = memory_zeroed(1, sizeof *reader);
    int fd = -1;
    enum status status = map_open(&hdf, path, MAP_COLUMNS, err);
    if (status == OK && (fd = files_open(path, O_RDONLY)) < 0)
        status = error_set(err, files_blame(ERR_FILE, errno), "%s: can not open: %s", path,
                           strerror(errno));
    if (status == OK)
        status = fill(reader, &hdf, path, fd);
    hdf_close(&hdf);
    if (fd >= 0)
        close(fd);
    if (status == OK)
        *out = reader;
    else
        reader_close(reader);
    return status;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    for (int c = 0; c < reader->count; c++) {
        free(reader->columns[c].numbers);
        free_texts(reader->columns[c].texts, reader->map.runs);
    }
    map_dispose(&reader->map);
    free(reader->columns);
    free(reader->identity);
    free(reader->status);
    free(reader->name);
    free(reader);
}

int64_t reader_count(const struct reader *reader)
{
    return reader->map.runs;
}

const char *reader_name(const struct reader *reader)
{
    return reader->name ? reader->name : "";
}

uint64_t reader_identity(const struct reader *reader, int64_t row)
{
    return reader->identity[row];
}

enum row_status reader_status(const struct reader *reader, int64_t row)
{
    unsigned char status = reader->status[row];
    return status < ROW_STATUS_COUNT ? (enum row_status)status : ROW_PENDING;
}

int reader_columns(const struct reader *reader)
{
    return reader->count;
}

const struct reader_column *reader_column(const struct reader *reader, int column)
{
    return &reader->columns[column].head;
}

double reader_number(const struct reader *reader, int column, int64_t row)
{
    const double *numbers = reader->columns[column].numbers;
    return numbers ? numbers[row] : (double)NAN;
}

const char *reader_text(const struct reader *reader, int column, int64_t row)
{
    char **texts = reader->columns[column].texts;
    return texts ? texts[row] : "";
}

/* ---- where the file comes from */

enum status store_origin(struct store_origin *origin, const char *path, struct error *err)
{
    struct hdf hdf;
    struct store_origin found = {0};
    enum status status = map_open(&hdf, path, MAP_ATTRIBUTES, err);
    if (status == OK)
        status = map_check_version(&hdf);
    if (status == OK) {
        found.name = hdf_read_text(&hdf, hdf.file, "name");
        found.sweep = hdf_read_text(&hdf, hdf.file, "sweep");
        found.overrides = hdf_read_text(&hdf, hdf.file, "overrides");
        found.points = hdf_read_text(&hdf, hdf.file, "points");
        found.points = found.points ? found.points : memory_text(""); /* in files before it */
        found.quick = hdf_read_integer(&hdf, hdf.file, "quick", 0) != 0;
        found.shard = map_shard(&hdf);
        status = map_analyses(&found.analyses, &hdf);
    }
    if (status == OK && (!found.name || !found.sweep || !found.overrides))
        status = error_set(err, ERR_FILE, "%s: is damaged: its sweep is missing", path);
    hdf_close(&hdf);
    if (status == OK)
        *origin = found;
    else
        store_origin_dispose(&found);
    return status;
}

void store_origin_dispose(struct store_origin *origin)
{
    free(origin->name);
    free(origin->sweep);
    free(origin->overrides);
    free(origin->points);
    *origin = (struct store_origin){0};
}
