#include "image.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "run/record.h"

static unsigned char *log_part(unsigned char *image, const struct map *map)
{
    return image + map->results_bytes;
}

static unsigned char *tensor_part(unsigned char *image, const struct map *map)
{
    return image + map->results_bytes + map->log_bytes;
}

size_t image_bytes(const struct map *map, const struct map_class *class)
{
    return map->results_bytes + map->log_bytes + (class ? class->bytes : 0);
}

static void blank_column(unsigned char *to, const struct map_column *column)
{
    static const float nan32 = __builtin_nanf("");
    static const double nan64 = __builtin_nan("");
    size_t done = (size_t)hdf_type_size(column->type);
    if (column->type != HDF_F32 && column->type != HDF_F64) {
        memset(to, column->type == HDF_LETTER || column->type == HDF_U64 ? 0 : 0xff, column->row);
        return;
    }
    memcpy(to, column->type == HDF_F32 ? (const void *)&nan32 : &nan64, done);
    for (; done < column->row; done *= 2)
        memcpy(to + done, to, done < column->row - done ? done : column->row - done);
}

void image_blank(unsigned char *image, const struct map *map, const struct map_class *class)
{
    for (int c = 0; c < map->results.count; c++)
        if (map->results.columns[c].covered)
            blank_column(image + map->results.columns[c].place, &map->results.columns[c]);
    for (int c = 0; c < map->log.count; c++)
        blank_column(log_part(image, map) + map->log.columns[c].place, &map->log.columns[c]);
    for (int t = 0; class && t < class->tensors.count; t++)
        blank_column(tensor_part(image, map) + class->tensors.columns[t].place,
                     &class->tensors.columns[t]);
}

/* ---- the record */

/* Whether a part has the type of the column and fits in its row. */
static bool fits(const struct part *part, const struct map_column *column)
{
    int64_t bytes = hdf_type_size(column->type);
    for (int i = 0; i < COLUMN_AXES; i++) {
        int most = i < column->rank ? column->size[i] : 1;
        if (part->shape[i] < 0 || part->shape[i] > most)
            return false;
        bytes *= part->shape[i];
    }
    return part->bytes == bytes;
}

/* from [shape] into column [size], row-major both: what both have. */
static void scatter(unsigned char *to, const struct map_column *column, const unsigned char *from,
                    const int32_t shape[COLUMN_AXES])
{
    size_t size[COLUMN_AXES] = {1, 1, 1}, own[COLUMN_AXES], most[COLUMN_AXES];
    static_assert(COLUMN_AXES == 3, "three loops below");
    for (int i = 0; i < COLUMN_AXES; i++) {
        size[i] = i < column->rank ? (size_t)column->size[i] : 1;
        own[i] = (size_t)shape[i];
        most[i] = own[i] < size[i] ? own[i] : size[i];
    }
    size_t each = (size_t)hdf_type_size(column->type);
    if (own[1] == size[1] && own[2] == size[2]) { /* nearly always: rows of equal length */
        memcpy(to, from, most[0] * size[1] * size[2] * each);
        return;
    }
    for (size_t i = 0; i < most[0]; i++)
        for (size_t j = 0; j < most[1]; j++)
            memcpy(to + (i * size[1] + j) * size[2] * each, from + (i * own[1] + j) * own[2] * each,
                   most[2] * each);
}

/* The column that a part belongs to, and its bytes in the image; NULL: the file has none. */
static const struct map_column *target(unsigned char **to, unsigned char *image,
                                       const struct map *map, const struct map_class *class,
                                       const int *columns, const struct part *part)
{
    const struct map_column *column = NULL;
    if (part->kind == PART_COLUMN) {
        int c = columns[part->index];
        column = c < 0 ? NULL : &map->results.columns[c];
        *to = image + (column ? column->place : 0);
    } else if (class) {
        column = &class->tensors.columns[part->index];
        *to = tensor_part(image, map) + column->place;
    }
    return column;
}

enum status image_record(unsigned char *image, const struct map *map, const struct map_class *class,
                         const int *columns, int column_count, const unsigned char *record,
                         size_t bytes, struct error *err)
{
    size_t at = 0;
    const struct part *part;
    while ((part = record_next(record, bytes, &at))) {
        int most = part->kind == PART_COLUMN ? column_count
                   : class                   ? class->tensors.count
                                             : INT32_MAX;
        bool known = part->kind == PART_COLUMN || part->kind == PART_TENSOR;
        if (!known || part->index < 0 || part->index >= most)
            return error_set(err, ERR_FILE, "malformed record: part %d.%d", part->kind,
                             part->index);
        unsigned char *to;
        const struct map_column *column = target(&to, image, map, class, columns, part);
        if (column && !fits(part, column))
            return error_set(err, ERR_FILE, "malformed record: %s does not fit its column",
                             column->name);
        if (column)
            scatter(to, column, part_data(part), part->shape);
    }
    if (at != bytes)
        return error_set(err, ERR_FILE, "malformed record: %zu of %zu bytes make sense", at, bytes);
    return OK;
}

/* ---- another file's row */

void image_match(struct image_match *match, const struct map *to, const struct map *from)
{
    const struct map_group *groups[][2] = {{&to->results, &from->results}, {&to->log, &from->log}};
    const struct map_column ***lists[] = {&match->results, &match->log};
    for (int g = 0; g < 2; g++) {
        const struct map_group *own = groups[g][0];
        const struct map_column **list = memory_zeroed((size_t)own->count + 1, sizeof *list);
        for (int c = 0; c < own->count; c++) {
            const struct map_column *column = &own->columns[c];
            const struct map_column *other = map_find(groups[g][1], column->name);
            bool same = other && other->type == column->type && other->rank == column->rank;
            bool wanted = g == 1 || (column->covered && !column->given && same && other->covered);
            list[c] = same && wanted ? other : NULL;
        }
        *lists[g] = list;
    }
}

void image_match_dispose(struct image_match *match)
{
    free(match->results);
    free(match->log);
}

static void carry_column(unsigned char *to, const struct map_column *column,
                         const unsigned char *from, const struct map_column *other)
{
    int32_t shape[COLUMN_AXES] = {1, 1, 1};
    for (int i = 0; i < other->rank; i++)
        shape[i] = other->size[i];
    scatter(to + column->place, column, from + other->place, shape);
}

bool image_carry(unsigned char *to, const struct map *map, const struct map_class *class,
                 const unsigned char *from, const struct map *other,
                 const struct map_class *other_class, const struct image_match *match)
{
    for (int c = 0; c < map->results.count; c++)
        if (match->results[c])
            carry_column(to, &map->results.columns[c], from, match->results[c]);
    for (int c = 0; c < map->log.count; c++)
        if (match->log[c])
            carry_column(to + map->results_bytes, &map->log.columns[c], from + other->results_bytes,
                         match->log[c]);
    if (!class || !other_class)
        return !class && !other_class;
    if (class->bytes != other_class->bytes)
        return false;
    memcpy(tensor_part(to, map), from + other->results_bytes + other->log_bytes, class->bytes);
    return true;
}

/* ---- the log */

/* As much of the text as fits, cut at the end of a UTF-8 character. */
static void put_letters(unsigned char *to, size_t size, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length > size) {
        length = size;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    memset(to, 0, size);
    if (length > 0)
        memcpy(to, text, length);
}

void image_log(unsigned char *image, const struct map *map, const struct row_log *log)
{
    const int32_t attempt = log->attempt, rank = log->rank;
    const struct {
        const char *name;
        const void *value; /* NULL: text */
        const char *text;
    } rows[] = {
        {"attempt", &attempt, NULL},        {"rank", &rank, NULL},
        {"seconds", &log->seconds, NULL},   {"started", &log->started, NULL},
        {"finished", &log->finished, NULL}, {"host", NULL, log->host},
        {"error", NULL, log->error},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct map_column *column = map_find(&map->log, rows[i].name);
        if (!column)
            continue;
        unsigned char *to = log_part(image, map) + column->place;
        if (!rows[i].value)
            put_letters(to, column->row, rows[i].text);
        else if (column->row == (i < 2 ? sizeof(int32_t) : sizeof(double)))
            memcpy(to, rows[i].value, column->row);
    }
}

void image_figures(double *figures, const unsigned char *image, const struct map *map)
{
    for (int f = 0; f < map->summary.figure_count; f++) {
        const struct map_column *column = &map->results.columns[map->summary.columns[f]];
        figures[f] = map_last(column, image + column->place);
    }
}

uint64_t image_checksum(const unsigned char *image, const struct map *map,
                        const struct map_class *class, const struct row_key *key)
{
    const unsigned char *tensors = image + map->results_bytes + map->log_bytes;
    uint64_t hash = hash_xxh64(&key->identity, sizeof key->identity, 0);
    for (int c = 0; c < map->results.count; c++) {
        const struct map_column *column = &map->results.columns[c];
        if (image_covers(column, key->analysed))
            hash = hash_xxh64(image + column->place, column->row, hash);
    }
    for (int t = 0; class && t < class->tensors.count; t++) {
        const struct map_column *column = &class->tensors.columns[t];
        hash = hash_xxh64(tensors + column->place, column->row, hash);
    }
    unsigned char byte = (unsigned char)key->status;
    return hash_xxh64(&byte, 1, hash);
}

int image_write_log(int fd, const unsigned char *image, const struct map *map, int64_t run)
{
    for (int c = 0; c < map->log.count; c++) {
        const struct map_column *column = &map->log.columns[c];
        if (map_write(fd, image + map->results_bytes + column->place, column, run) != 0)
            return -1;
    }
    return 0;
}

int image_read(unsigned char *image, int fd, const struct map *map, const struct place *place)
{
    int good = 0;
    for (int c = 0; c < map->results.count && good == 0; c++) {
        const struct map_column *column = &map->results.columns[c];
        if (column->covered)
            good = map_read(fd, image + column->place, column, place->run, 1);
    }
    for (int c = 0; c < map->log.count && good == 0; c++) {
        const struct map_column *column = &map->log.columns[c];
        good = map_read(fd, log_part(image, map) + column->place, column, place->run, 1);
    }
    for (int t = 0; place->class && t < place->class->tensors.count && good == 0; t++) {
        const struct map_column *column = &place->class->tensors.columns[t];
        good = map_read(fd, tensor_part(image, map) + column->place, column, place->weights_row, 1);
    }
    return good;
}

int image_write_analyses(int fd, const unsigned char *image, const struct map *map, int64_t run,
                         uint64_t analyses)
{
    for (int c = 0; c < map->results.count; c++) {
        const struct map_column *column = &map->results.columns[c];
        if ((column->analysis & analyses) && map_write(fd, image + column->place, column, run) != 0)
            return -1;
    }
    return 0;
}

int image_write_rows(int fd, const unsigned char *const *images, int count, const struct map *map,
                     const struct place *place)
{
    int good = 0;
    for (int c = 0; c < map->results.count && good == 0; c++) {
        const struct map_column *column = &map->results.columns[c];
        if (column->covered)
            good = map_write_rows(fd, images, column->place, count, column, place->run);
    }
    size_t tensors = map->results_bytes + map->log_bytes;
    for (int t = 0; place->class && t < place->class->tensors.count && good == 0; t++) {
        const struct map_column *column = &place->class->tensors.columns[t];
        good =
            map_write_rows(fd, images, tensors + column->place, count, column, place->weights_row);
    }
    for (int c = 0; c < map->log.count && good == 0; c++) {
        const struct map_column *column = &map->log.columns[c];
        good = map_write_rows(fd, images, map->results_bytes + column->place, count, column,
                              place->run);
    }
    return good;
}

int image_write(int fd, const unsigned char *image, const struct map *map,
                const struct place *place)
{
    return image_write_rows(fd, &image, 1, map, place);
}
