#include "arrays_inside.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "hdf.h"
#include "store/store.h"

struct entry {
    struct array array;
    char path[ARRAY_NAME];
    enum hdf_type stored;
    int64_t letters; /* width of text that was written later */
};

struct arrays {
    struct hdf hdf;
    char *path;
    int64_t bytes; /* of the file */
    struct entry *entries;
    int count;
};

int array_bytes(enum array_type type)
{
    static const int bytes[] = {
        [ARRAY_I8] = 1,
        [ARRAY_I32] = 4,
        [ARRAY_I64] = 8,
        [ARRAY_U64] = 8,
        [ARRAY_F32] = 4,
        [ARRAY_F64] = 8,
        [ARRAY_TEXT] = sizeof(char *),
    };
    return bytes[type];
}

int64_t array_elements(const struct array *array)
{
    int64_t count = 1;
    for (int i = 0; i < array->rank; i++)
        count *= array->size[i];
    return count;
}

static enum array_type type_of(enum hdf_type stored)
{
    static const enum array_type types[] = {
        [HDF_I8] = ARRAY_I8,     [HDF_I32] = ARRAY_I32,     [HDF_I64] = ARRAY_I64,
        [HDF_U64] = ARRAY_U64,   [HDF_F32] = ARRAY_F32,     [HDF_F64] = ARRAY_F64,
        [HDF_TEXT] = ARRAY_TEXT, [HDF_LETTER] = ARRAY_TEXT, [HDF_STATUS] = ARRAY_TEXT,
    };
    return types[stored];
}

/* ---- the list */

/* A list while a group is walked. */
struct walk {
    struct arrays *arrays;
    const char *group, *prefix;
    enum array_of of;
    hid_t run; /* scale of the rows; -1: all are rows */
};

/* Whether the dataset has nothing to tell: a dimension of letters, or `state`, a copy of the
 * status.
 */
static bool is_aside(const char *name)
{
    return strncmp(name, "letters", 7) == 0 || strcmp(name, "state") == 0;
}

/* Whether an array of these sizes may be in the file: no number of it is to be believed. */
static bool is_credible(const struct arrays *arrays, hid_t dataset, const struct entry *entry,
                        const hsize_t *size, int rank)
{
    enum { PACKED_MOST = 1032 }; /* what deflate can do at best */
    double bytes = (double)hdf_type_size(entry->stored);
    for (int i = 0; i < rank; i++)
        bytes *= (double)size[i];
    double stored = (double)H5Dget_storage_size(dataset);
    return stored <= (double)arrays->bytes && bytes <= PACKED_MOST * stored;
}

static void add(struct walk *walk, hid_t dataset, const char *name)
{
    struct arrays *arrays = walk->arrays;
    hsize_t size[ARRAY_DIMENSIONS];
    struct entry entry = {.stored = hdf_type_of(&arrays->hdf, dataset)};
    int rank = hdf_sizes(&arrays->hdf, dataset, size, ARRAY_DIMENSIONS);
    int length = snprintf(entry.array.name, sizeof entry.array.name, "%s%s", walk->prefix, name);
    if (rank < 1 || entry.stored == HDF_OTHER || length >= (int)sizeof entry.array.name ||
        is_aside(name) || arrays_find(arrays, entry.array.name) >= 0 ||
        !is_credible(arrays, dataset, &entry, size, rank))
        return;
    snprintf(entry.path, sizeof entry.path, "%s/%.200s", walk->group, name);
    text_line(entry.array.name);
    if (entry.stored == HDF_LETTER)
        entry.letters = (int64_t)size[--rank];
    entry.array.type = type_of(entry.stored);
    bool rows = walk->run < 0 || hdf_is_along(&arrays->hdf, dataset, walk->run);
    entry.array.of = rows ? walk->of : ARRAY_OF_FILE;
    entry.array.rank = rank;
    for (int i = 0; i < rank; i++)
        entry.array.size[i] = (int64_t)size[i];
    arrays->entries =
        memory_grow(arrays->entries, (size_t)(arrays->count + 1) * sizeof *arrays->entries);
    arrays->entries[arrays->count++] = entry;
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
    struct walk *walk = context;
    (void)info;
    hid_t object =
        hdf_check(&walk->arrays->hdf, H5Oopen(group, name, H5P_DEFAULT), "open an array");
    if (object >= 0 && H5Iget_type(object) == H5I_DATASET)
        add(walk, object, name);
    if (object >= 0)
        H5Oclose(object);
    return object < 0 ? -1 : 0;
}

static enum status list(struct arrays *arrays)
{
    static const struct {
        const char *group, *prefix, *run;
        enum array_of of;
    } groups[] = {
        {"results", "", "results/run", ARRAY_OF_RUNS},
        {"log", "", "log/run", ARRAY_OF_LOG},
        {"weights", "weights/", NULL, ARRAY_OF_WEIGHTS},
    };
    struct hdf *hdf = &arrays->hdf;
    arrays->bytes = hdf_bytes(hdf);
    for (size_t i = 0; i < sizeof groups / sizeof *groups && hdf->status == OK; i++) {
        struct walk walk = {arrays, groups[i].group, groups[i].prefix, groups[i].of, -1};
        if (groups[i].run)
            walk.run =
                hdf_check(hdf, H5Dopen2(hdf->file, groups[i].run, H5P_DEFAULT), "open the runs");
        hdf_check(hdf,
                  H5Lvisit_by_name(hdf->file, groups[i].group, H5_INDEX_CRT_ORDER, H5_ITER_INC,
                                   visit, &walk, H5P_DEFAULT),
                  "list the arrays");
        if (walk.run >= 0)
            H5Dclose(walk.run);
    }
    return hdf->status;
}

enum status arrays_open_with(struct arrays **out, const char *path, enum map_reads reads,
                             struct error *err)
{
    struct arrays *arrays = memory_zeroed(1, sizeof *arrays);
    arrays->path = memory_text(path);
    enum status st = map_open(&arrays->hdf, arrays->path, reads, err);
    if (st == OK)
        st = list(arrays);
    if (st == OK)
        *out = arrays;
    else
        arrays_close(arrays);
    return st;
}

enum status arrays_open(struct arrays **arrays, const char *path, struct error *err)
{
    return arrays_open_with(arrays, path, MAP_ARRAYS, err);
}

void arrays_close(struct arrays *arrays)
{
    if (!arrays)
        return;
    hdf_close(&arrays->hdf);
    free(arrays->entries);
    free(arrays->path);
    free(arrays);
}

int arrays_count(const struct arrays *arrays)
{
    return arrays->count;
}

const struct array *arrays_at(const struct arrays *arrays, int i)
{
    return &arrays->entries[i].array;
}

int arrays_find(const struct arrays *arrays, const char *name)
{
    for (int i = 0; i < arrays->count; i++)
        if (strcmp(arrays->entries[i].array.name, name) == 0)
            return i;
    return -1;
}

/* ---- the values */

/* Bytes of the file as texts: letters of fixed width, or a status each. */
static char **split(const unsigned char *bytes, const struct entry *entry)
{
    int64_t count = array_elements(&entry->array);
    char **texts = memory_zeroed((size_t)count + 1, sizeof *texts);
    for (int64_t i = 0; i < count; i++) {
        if (entry->stored == HDF_LETTER)
            texts[i] =
                memory_text_part((const char *)bytes + i * entry->letters, (size_t)entry->letters);
        else
            texts[i] =
                memory_text(row_status_name(bytes[i] < ROW_STATUS_COUNT ? bytes[i] : ROW_PENDING));
        text_line(texts[i]);
    }
    return texts;
}

static void *read_bytes(struct hdf *hdf, hid_t dataset, const struct entry *entry)
{
    int64_t bytes = array_elements(&entry->array) * hdf_type_size(entry->stored);
    bytes *= entry->letters ? entry->letters : 1;
    void *values = malloc((size_t)bytes + 1);
    if (!values) {
        hdf->status = error_set(hdf->err, ERR_MEMORY, "%s: no memory for %s, %.0f MB", hdf->path,
                                entry->array.name, (double)bytes / 1e6);
        return NULL;
    }
    hid_t type = H5Dget_type(dataset); /* as stored: little-endian, as every x86 is */
    hdf_check(hdf, H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "read an array");
    H5Tclose(type);
    return values;
}

enum status arrays_read(void **values, struct arrays *arrays, int i, struct error *err)
{
    struct hdf *hdf = &arrays->hdf;
    const struct entry *entry = &arrays->entries[i];
    void *found = NULL;
    hdf->err = err;
    hid_t dataset = hdf_check(hdf, H5Dopen2(hdf->file, entry->path, H5P_DEFAULT), "open an array");
    if (dataset >= 0 && entry->stored == HDF_TEXT) {
        found = hdf_read_texts(hdf, dataset, 0, array_elements(&entry->array));
    } else if (dataset >= 0) {
        found = read_bytes(hdf, dataset, entry);
        if (hdf->status == OK && entry->array.type == ARRAY_TEXT) {
            char **texts = split(found, entry);
            free(found);
            found = texts;
        }
    }
    H5Dclose(dataset);
    if (hdf->status == OK)
        *values = found;
    else if (entry->stored == HDF_TEXT)
        arrays_free(found, &entry->array);
    else
        free(found);
    return hdf->status;
}

void arrays_free(void *values, const struct array *array)
{
    char **texts = values;
    for (int64_t i = 0; texts && array->type == ARRAY_TEXT && i < array_elements(array); i++)
        free(texts[i]);
    free(values);
}
