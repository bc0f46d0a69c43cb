/* Everything that a file has of one run, for people who look at it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "hdf.h"
#include "writer.h"

/* The text of one row. */
struct wanted {
    int64_t row;
    char *text;
};

static enum status take(void *context, struct hdf *hdf, int64_t row, const char *text)
{
    struct wanted *wanted = context;
    (void)hdf;
    if (row == wanted->row)
        wanted->text = memory_text(text);
    return OK;
}

enum status writer_config(char **config, const struct store *store, int64_t row, struct error *err)
{
    struct hdf hdf;
    struct wanted wanted = {row, NULL};
    enum status st = map_open(&hdf, store->path, MAP_AGAIN, err);
    if (st == OK)
        st = map_texts(&hdf, "config", store->map.runs, take, &wanted);
    hdf_close(&hdf);
    if (st == OK && !wanted.text)
        st = error_set(err, ERR_FILE, "%s: has no row %lld", store->path, (long long)row);
    if (st == OK)
        *config = wanted.text;
    else
        free(wanted.text);
    return st;
}

static struct detail_array describe(const struct map_column *column)
{
    struct detail_array array = {
        .name = column->name, .unit = column->unit, .about = column->about, .rank = column->rank};
    for (int i = 0; i < column->rank; i++)
        array.size[i] = column->size[i];
    return array;
}

static double *numbers(const struct map_column *column, const unsigned char *row)
{
    struct map_column one = *column;
    one.row = (size_t)hdf_type_size(column->type);
    size_t count = column->row / one.row;
    double *values = memory_get((count + 1) * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = map_last(&one, row + i * one.row);
    return values;
}

static enum status read_arrays(struct detail *detail, int64_t row, struct error *err)
{
    const struct store *store = detail->store;
    const struct map *map = &store->map;
    struct place place = writer_place(store, row);
    int tensors = place.class ? place.class->tensors.count : 0;
    unsigned char *image = memory_get(image_bytes(map, place.class) + 1);
    detail->columns = memory_zeroed((size_t)map->results.count + 1, sizeof *detail->columns);
    detail->tensors = memory_zeroed((size_t)tensors + 1, sizeof *detail->tensors);
    enum status st = OK;
    if (image_read(image, store->fd, map, &place) != 0)
        st = error_set(err, ERR_IO, "%s: can not read: %s", store->path, strerror(errno));
    for (int c = 0; c < map->results.count && st == OK; c++) {
        const struct map_column *column = &map->results.columns[c];
        if (!column->covered || column->given)
            continue;
        struct detail_array *array = &detail->columns[detail->column_count++];
        *array = describe(column);
        array->values = numbers(column, image + column->place);
    }
    for (int t = 0; t < tensors && st == OK; t++)
        detail->tensors[detail->tensor_count++] = describe(&place.class->tensors.columns[t]);
    free(image);
    return st;
}

enum status store_detail(struct detail *detail, const char *path, int64_t row, struct error *err)
{
    *detail = (struct detail){0};
    enum status st = writer_open_file(&detail->store, path, 0, err);
    if (st == OK)
        st = writer_config(&detail->config, detail->store, row, err);
    if (st == OK)
        st = read_arrays(detail, row, err);
    if (st != OK)
        store_detail_dispose(detail);
    return st;
}

bool store_detail_setting(char **rest, const char **key, const char **value)
{
    for (char *line; (line = strsep(rest, "\n"));) {
        char *equals = strchr(line, '=');
        if (!equals)
            continue;
        *equals = '\0';
        *key = line;
        *value = equals + 1;
        return true;
    }
    return false;
}

void store_detail_dispose(struct detail *detail)
{
    for (int c = 0; c < detail->column_count; c++)
        free(detail->columns[c].values);
    free(detail->columns);
    free(detail->tensors);
    free(detail->config);
    store_close(detail->store);
    *detail = (struct detail){0};
}
