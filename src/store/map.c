#include "map.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "hdf.h"
#include "layout.h"

/* ---- columns */

static int64_t damaged(struct hdf *hdf, const char *name, const char *what)
{
    if (hdf->status == OK)
        hdf->status =
            error_set(hdf->err, ERR_FILE, "%s: is damaged: %s: %s", hdf->path, name, what);
    return -1;
}

/* An attribute that stands in a line of a table; the caller frees it. NULL when there is none. */
static char *read_line(struct hdf *hdf, hid_t at, const char *name)
{
    char *text = hdf_read_text(hdf, at, name);
    return text ? text_line(text) : NULL;
}

/* A dataset of `rows` rows as a column of a file of `bytes` bytes. */
static void fill_column(struct map_column *column, struct hdf *hdf, hid_t dataset, const char *name,
                        int64_t rows, int64_t bytes)
{
    hsize_t size[1 + COLUMN_AXES] = {0};
    int rank = hdf_sizes(hdf, dataset, size, 1 + COLUMN_AXES);
    *column = (struct map_column){.type = hdf_type_of(hdf, dataset), .rank = rank - 1};
    if (rank < 1 || column->type == HDF_OTHER || (int64_t)size[0] != rows) {
        damaged(hdf, name, "unknown type or shape");
        return;
    }
    column->row = (size_t)hdf_type_size(column->type);
    for (int i = 1; i < rank; i++) {
        if (size[i] < 1 || size[i] > INT32_MAX ||
            (double)column->row * (double)size[i] > (double)bytes) {
            damaged(hdf, name, "of no size, or larger than the file");
            return;
        }
        column->size[i - 1] = (int)size[i];
        column->row *= (size_t)size[i];
    }
    column->offset = (int64_t)H5Dget_offset(dataset);
    if (column->offset < 0 || (double)size[0] * (double)column->row > (double)bytes ||
        column->offset > bytes - (int64_t)(size[0] * column->row)) {
        damaged(hdf, name, "reaches beyond the end of the file");
        return;
    }
    column->name = memory_text(name);
    column->unit = read_line(hdf, dataset, "units");
    column->about = read_line(hdf, dataset, "long_name");
}

static struct map_column *add_column(struct map_group *group)
{
    group->columns =
        memory_grow(group->columns, (size_t)(group->count + 1) * sizeof *group->columns);
    group->columns[group->count] = (struct map_column){0};
    return &group->columns[group->count++];
}

/* Calls `visit` for each object of the group, in the order of creation. */
static void walk(struct hdf *hdf, hid_t group,
                 void (*visit)(void *context, struct hdf *hdf, hid_t object, const char *name),
                 void *context)
{
    H5G_info_t info = {0};
    hdf_check(hdf, hdf->status == OK ? H5Gget_info(group, &info) : -1, "read a group");
    for (hsize_t i = 0; i < info.nlinks && hdf->status == OK; i++) {
        char name[256];
        ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name,
                                            sizeof name, H5P_DEFAULT);
        if (length < 0 || length >= (ssize_t)sizeof name) {
            hdf_fail(hdf, "read a group");
            return;
        }
        char line[sizeof name];
        if (strcmp(text_line(strcpy(line, name)), name) != 0) {
            damaged(hdf, line, "a name that can not be shown");
            return;
        }
        hid_t object = hdf_check(hdf, H5Oopen(group, name, H5P_DEFAULT), "open an object");
        if (object >= 0)
            visit(context, hdf, object, name);
        H5Oclose(object);
    }
}

struct visit {
    struct map *map;
    struct map_group *group;
    hid_t run;         /* scale of the rows */
    const char *given; /* " name name ": columns known since creation */
    const char *under; /* of tensors: "layer0/", the groups that they are in */
};

static bool is_listed(const char *list, const char *name)
{
    char word[256 + 2];
    snprintf(word, sizeof word, " %s ", name);
    return strstr(list, word) != NULL;
}

/* Datasets along `run`. */
static void visit_column(void *context, struct hdf *hdf, hid_t object, const char *name)
{
    struct visit *visit = context;
    if (H5Iget_type(object) != H5I_DATASET || !hdf_is_along(hdf, object, visit->run))
        return;
    struct map_column *column = add_column(visit->group);
    fill_column(column, hdf, object, name, visit->map->runs, visit->map->bytes);
    column->given = is_listed(visit->given, name);
    column->covered = column->type != HDF_TEXT && column->type != HDF_LETTER &&
                      column->type != HDF_STATUS && strcmp(name, "checksum") != 0 &&
                      strcmp(name, "analysed") != 0;
}

static void fill_group(struct map_group *group, struct hdf *hdf, struct map *map, const char *name,
                       const char *given)
{
    hid_t at = hdf_check(hdf, hdf->status == OK ? H5Gopen2(hdf->file, name, H5P_DEFAULT) : -1,
                         "open a group of columns");
    struct visit visit = {map, group, -1, given, ""};
    if (at >= 0)
        visit.run = hdf_check(hdf, H5Dopen2(at, "run", H5P_DEFAULT), "open the column run");
    hsize_t runs = 0;
    if (hdf_sizes(hdf, visit.run, &runs, 1) == 1 && map->runs == 0)
        map->runs = (int64_t)runs;
    group->rows = map->runs;
    walk(hdf, at, visit_column, &visit);
    if (visit.run >= 0)
        H5Dclose(visit.run);
    if (at >= 0)
        H5Gclose(at);
}

/* ---- weights */

static void visit_tensor(void *context, struct hdf *hdf, hid_t object, const char *name)
{
    enum { MOST = 4096 };
    struct visit *visit = context;
    struct map_group *tensors = visit->group;
    char path[512];
    bool group = H5Iget_type(object) == H5I_GROUP;
    if (snprintf(path, sizeof path, "%s%s%s", visit->under, name, group ? "/" : "") >=
        (int)sizeof path) {
        damaged(hdf, name, "lies too deep"); /* perhaps in itself */
        return;
    }
    struct visit inner = *visit;
    inner.under = path;
    if (group)
        walk(hdf, object, visit_tensor, &inner);
    int64_t place = hdf_read_integer(hdf, object, "tensor", -1);
    if (place < 0 || place >= MOST || H5Iget_type(object) != H5I_DATASET)
        return;
    while (tensors->count <= place)
        add_column(tensors);
    if (tensors->columns[place].name)
        damaged(hdf, path, "is there twice");
    else
        fill_column(&tensors->columns[place], hdf, object, path, tensors->rows, visit->map->bytes);
}

static void visit_class(void *context, struct hdf *hdf, hid_t object, const char *name)
{
    struct map *map = context;
    if (H5Iget_type(object) != H5I_GROUP)
        return;
    map->classes = memory_grow(map->classes, (size_t)(map->class_count + 1) * sizeof *map->classes);
    struct map_class *class = &map->classes[map->class_count++];
    *class = (struct map_class){.name = memory_text(name)};
    hid_t members = hdf_check(hdf, H5Dopen2(object, "run", H5P_DEFAULT), "open a class of weights");
    hsize_t rows = 0;
    hdf_sizes(hdf, members, &rows, 1);
    class->tensors.rows = (int64_t)rows;
    struct visit visit = {map, &class->tensors, -1, "", ""};
    walk(hdf, object, visit_tensor, &visit);
    for (int t = 0; t < class->tensors.count; t++)
        if (!class->tensors.columns[t].name)
            damaged(hdf, name, "a tensor is missing");
    if (hdf->status == OK && H5Lexists(object, "snapshots", H5P_DEFAULT) > 0) {
        hid_t steps = hdf_check(hdf, H5Dopen2(object, "snapshots/step", H5P_DEFAULT),
                                "open the steps of snapshots");
        if (steps >= 0)
            fill_column(&class->steps, hdf, steps, "step", class->tensors.rows, map->bytes);
        H5Dclose(steps);
    }
    if (members >= 0)
        H5Dclose(members);
}

/* ---- the summary */

static void fill_summary(struct map *map, struct hdf *hdf)
{
    hid_t table =
        hdf_check(hdf, hdf->status == OK ? H5Dopen2(hdf->file, "summary", H5P_DEFAULT) : -1,
                  "open the summary");
    hsize_t rows = 0;
    if (hdf_sizes(hdf, table, &rows, 1) != 1)
        return;
    hid_t type = H5Dget_type(table);
    int members = H5Tget_nmembers(type), status = H5Tget_member_index(type, "status");
    map->summary.offset = (int64_t)H5Dget_offset(table);
    map->summary.row = H5Tget_size(type);
    map->summary.status = status < 0 ? 0 : H5Tget_member_offset(type, (unsigned)status);
    if (status < 0 || (int64_t)rows != map->runs || map->summary.offset < 0 ||
        (double)map->summary.row * (double)rows > (double)map->bytes ||
        map->summary.offset > map->bytes - (int64_t)(rows * map->summary.row) ||
        map->summary.status + STATE_LETTERS > map->summary.row)
        damaged(hdf, "summary", "unknown shape");
    map->summary.columns = memory_zeroed((size_t)(members > 0 ? members : 1), sizeof(int));
    for (int m = 0; m < members && hdf->status == OK; m++) {
        char *name = H5Tget_member_name(type, (unsigned)m);
        const struct map_column *column = name ? map_find(&map->results, name) : NULL;
        if (column && column->covered && !column->given) {
            if (map->summary.figure_count == 0)
                map->summary.figures = H5Tget_member_offset(type, (unsigned)m);
            map->summary.columns[map->summary.figure_count++] =
                (int)(column - map->results.columns);
        }
        H5free_memory(name);
    }
    if (map->summary.figures + 8 * (size_t)map->summary.figure_count > map->summary.row)
        damaged(hdf, "summary", "unknown shape");
    H5Tclose(type);
    H5Dclose(table);
}

/* " weights_row a.b c.d step ": what the group lists as given, and the row in the weights. */
static char *given_columns(struct hdf *hdf)
{
    hid_t group =
        hdf_check(hdf, hdf->status == OK ? H5Gopen2(hdf->file, "results", H5P_DEFAULT) : -1,
                  "open the results");
    char *listed = hdf_read_text(hdf, group, "given");
    if (!listed) /* as the first files had it */
        listed = hdf_read_text(hdf, group, "coordinates");
    struct text given = {0};
    text_print(&given, " weights_row %s ", listed ? listed : "");
    free(listed);
    if (group >= 0)
        H5Gclose(group);
    return given.data;
}

/* A column of this type and bytes a row must be there. */
static void require(const struct map_group *group, struct hdf *hdf, const char *name,
                    enum hdf_type type, size_t row)
{
    const struct map_column *column = hdf->status == OK ? map_find(group, name) : NULL;
    if (hdf->status == OK && (!column || column->type != type || column->row != row))
        damaged(hdf, name, "is missing or of another type");
}

/* Where each column lies in the image of a row. */
static void set_places(struct map *map)
{
    for (int c = 0; c < map->results.count; c++) {
        struct map_column *column = &map->results.columns[c];
        column->place = map->results_bytes;
        map->results_bytes += column->covered ? column->row : 0;
    }
    for (int c = 0; c < map->log.count; c++) {
        map->log.columns[c].place = map->log_bytes;
        map->log_bytes += map->log.columns[c].row;
    }
    for (int k = 0; k < map->class_count; k++) {
        struct map_class *class = &map->classes[k];
        for (int t = 0; t < class->tensors.count; t++) {
            class->tensors.columns[t].place = class->bytes;
            class->bytes += class->tensors.columns[t].row;
        }
    }
}

enum status map_fill(struct map *map, struct hdf *hdf)
{
    *map = (struct map){.bytes = hdf_bytes(hdf)};
    if (map->bytes < 0)
        return hdf->status;
    char *given = given_columns(hdf);
    fill_group(&map->results, hdf, map, "results", given);
    fill_group(&map->log, hdf, map, "log", "");
    free(given);
    for (int c = 0; c < map->log.count && hdf->status == OK; c++)
        if (map->log.columns[c].type == HDF_TEXT) /* nothing there is known at creation */
            damaged(hdf, map->log.columns[c].name, "unknown type or shape");
    hid_t weights =
        hdf_check(hdf, hdf->status == OK ? H5Gopen2(hdf->file, "weights", H5P_DEFAULT) : -1,
                  "open the weights");
    walk(hdf, weights, visit_class, map);
    if (weights >= 0)
        H5Gclose(weights);
    fill_summary(map, hdf);
    require(&map->results, hdf, "status", HDF_STATUS, 1);
    require(&map->results, hdf, "state", HDF_LETTER, STATE_LETTERS);
    require(&map->results, hdf, "checksum", HDF_U64, 8);
    require(&map->results, hdf, "weights_class", HDF_TEXT, 16);
    require(&map->results, hdf, "weights_row", HDF_I32, 4);
    if (hdf->status == OK && map_find(&map->results, "analysed")) /* files before it have none */
        require(&map->results, hdf, "analysed", HDF_U64, 8);
    if (hdf->status == OK)
        set_places(map);
    else
        map_dispose(map);
    return hdf->status;
}

static void dispose_column(struct map_column *column)
{
    free(column->name);
    free(column->unit);
    free(column->about);
}

static void dispose_group(struct map_group *group)
{
    for (int c = 0; c < group->count; c++)
        dispose_column(&group->columns[c]);
    free(group->columns);
}

void map_dispose(struct map *map)
{
    dispose_group(&map->results);
    dispose_group(&map->log);
    for (int c = 0; c < map->class_count; c++) {
        dispose_group(&map->classes[c].tensors);
        dispose_column(&map->classes[c].steps);
        free(map->classes[c].name);
    }
    free(map->classes);
    free(map->summary.columns);
    *map = (struct map){0};
}

struct map_column *map_column(struct map_group *group, const char *name)
{
    for (int c = 0; c < group->count; c++)
        if (group->columns[c].name && strcmp(group->columns[c].name, name) == 0)
            return &group->columns[c];
    return NULL;
}

const struct map_column *map_find(const struct map_group *group, const char *name)
{
    return map_column((struct map_group *)(uintptr_t)group, name);
}
