#include "file_edits.h"

#include <fcntl.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edit.h"

enum { BYTES = 1 << 16, WRITES = 16, SMALL = 1 << 20 };

/* ---- what is written */

/* Attributes that we read or HDF5's tools set. */
static const char *const attributes[] = {
    "format", "format_version", "results_version", "version",     "name",
    "sweep",  "points",         "overrides",       "quick",       "shard",
    "shards", "analyses",       "given",           "coordinates", "units",
    "tensor", "long_name",      "DIMENSION_LIST",  "rows",        "CLASS",
    "NAME",   "columns",        "REFERENCE_LIST",
};

static const char *const texts[] = {
    "",
    "mesasweep",
    "depth_probe",
    "9e3779b97f4a7c15",
    "L2_H1_K6_D4",
    "\x1b[2J\r\n\ta",
    "\xff\xc3",
    "status model.depth train.rate seed tokens.kind probe_r2 test_loss ratio counted step",
    "model.depth=1\nseed=3\n=\nno value\nkeep.weights=at 1",
    "%s%n%d",
    "-1",
    "1e999",
    "run",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "4567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
    "890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
};

/* Names inside the file: those of objects, and others. */
static const char *const names[] = {
    "status", "run",       "checksum", "analysed", "weights_row", "weights_class",
    "state",  "snapshots", "results",  "log",      "weights",     "summary",
    "layer0", "letters9",  "a\nb",     "\x1b[31m", "query",       "x",
};

#define ONE_OF(list, n) (list)[(size_t)(n) % (sizeof(list) / sizeof *(list))]

/* Sizes of dimensions: those of the file, and others; a dataset of the last ones has no bytes. */
static const hsize_t sizes[] = {
    RUNS, 0, 1, 2, 3, RUNS - 1, RUNS + 1, 9, 4096, UINT32_MAX, (hsize_t)1 << 40};

/* A new type of that number; the caller closes it. */
static hid_t make_type(uint8_t number)
{
    const hid_t plain[] = {H5T_STD_I8LE,   H5T_STD_I32LE,  H5T_STD_I64LE,  H5T_STD_U64LE,
                           H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I64BE,  H5T_STD_U8LE,
                           H5T_C_S1,       H5T_C_S1,       H5T_STD_REF_OBJ};
    hid_t type = H5Tcopy(ONE_OF(plain, number));
    if (number % 11 == 9)
        H5Tset_size(type, H5T_VARIABLE);
    else if (number % 11 == 8 && number > 127)
        H5Tset_size(type, 16);
    if (number < 230)
        return type;
    hid_t other = number < 240   ? H5Tvlen_create(type)
                  : number < 250 ? H5Tcreate(H5T_COMPOUND, 24)
                                 : H5Tcreate(H5T_ENUM, number & 1 ? 1 : 8);
    if (number >= 240 && number < 250 && H5Tget_size(type) <= 16)
        H5Tinsert(other, number & 1 ? "status" : "run", number & 8, type);
    H5Tclose(type);
    return other;
}

/* ---- edits, EDIT bytes each: what, of which object, how (six) */

static const char *object(const struct original *original, uint8_t number)
{
    return original->objects[number % original->count];
}

static void set_attribute(hid_t at, const uint8_t edit[EDIT])
{
    static const unsigned char zeros[4096];
    const char *name = ONE_OF(attributes, edit[2]), *text = ONE_OF(texts, edit[4]);
    hsize_t size = ONE_OF(sizes, edit[3] >> 4);
    hid_t type = make_type(edit[5]), space;
    H5Adelete(at, name);
    if ((edit[3] & 3) == 3 || size > 32)
        space = H5Screate(edit[3] & 4 ? H5S_NULL : H5S_SCALAR);
    else
        space = (edit[3] & 3) ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, NULL);
    if ((edit[3] & 1) == 0) { /* most are texts */
        H5Tclose(type);
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
    }
    hid_t a = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    int64_t number = (int8_t)edit[6];
    if (H5Tis_variable_str(type) > 0 && H5Sget_simple_extent_npoints(space) == 1)
        H5Awrite(a, type, &text);
    else if (H5Tget_class(type) == H5T_INTEGER && H5Sget_simple_extent_npoints(space) == 1)
        H5Awrite(a, H5T_NATIVE_INT64, &number);
    else if (H5Tis_variable_str(type) == 0 && H5Tget_size(type) <= 32)
        H5Awrite(a, type, zeros);
    if (a >= 0)
        H5Aclose(a);
    H5Sclose(space);
    H5Tclose(type);
}

/* In place of the object a dataset, mostly along the runs of its group. */
static void replace(const struct original *original, hid_t file, const uint8_t edit[EDIT])
{
    hsize_t size[6];
    char runs[OBJECT_PATH];
    const char *path = object(original, edit[1]), *name = strrchr(path, '/');
    int rank = edit[2] % 7;
    double bytes = 16;
    for (int i = 0; i < rank; i++) {
        size[i] = ONE_OF(sizes, i == 0 && edit[2] > 63 ? 0 : edit[3] >> i);
        bytes *= (double)size[i];
    }
    hid_t type = make_type(edit[4]), list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space =
        rank ? H5Screate_simple(rank, size, NULL) : H5Screate(edit[3] & 1 ? H5S_NULL : H5S_SCALAR);
    H5Pset_alloc_time(list,
                      bytes > SMALL || edit[5] & 1 ? H5D_ALLOC_TIME_LATE : H5D_ALLOC_TIME_EARLY);
    if (edit[5] & 2 && bytes < SMALL)
        H5Pset_layout(list, edit[5] & 4 ? H5D_COMPACT : H5D_CHUNKED);
    if ((edit[5] & 6) == 2 && rank > 0)
        H5Pset_chunk(list, rank, size);
    H5Ldelete(file, path, H5P_DEFAULT);
    hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    snprintf(runs, sizeof runs, "%.*s/run", name ? (int)(name - path) : 0, path);
    hid_t scale = edit[5] & 8 ? -1 : H5Dopen2(file, runs, H5P_DEFAULT);
    if (dataset >= 0 && scale >= 0 && rank > 0)
        H5DSattach_scale(dataset, scale, edit[5] >> 4 & 1);
    if (scale >= 0)
        H5Dclose(scale);
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(list);
    H5Tclose(type);
}

/* One text of a column of texts. */
static void put_text(hid_t dataset, const uint8_t edit[EDIT])
{
    hsize_t row = edit[2] % RUNS, one = 1;
    const char *text = ONE_OF(texts, edit[3]);
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hid_t memory = H5Screate_simple(1, &one, NULL);
    if (H5Tis_variable_str(type) > 0 && H5Sget_simple_extent_ndims(space) == 1 &&
        H5Sselect_hyperslab(space, H5S_SELECT_SET, &row, NULL, &one, NULL) >= 0)
        H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, &text);
    H5Sclose(memory);
    H5Sclose(space);
    H5Tclose(type);
}

/* Bytes that are written when HDF5 has closed the file. */
struct writes {
    struct {
        int64_t offset;
        size_t bytes;
        uint8_t value[4];
    } all[WRITES];
    int count;
};

/* No texts: they are addresses, which HDF5 would follow. */
static void put_bytes(struct writes *writes, hid_t dataset, const uint8_t edit[EDIT])
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    bool address = H5Tis_variable_str(type) > 0 || class == H5T_VLEN || class == H5T_REFERENCE ||
                   class == H5T_COMPOUND;
    H5Tclose(type);
    haddr_t offset = H5Dget_offset(dataset);
    size_t bytes = (size_t)H5Dget_storage_size(dataset);
    if (address || offset == HADDR_UNDEF || bytes == 0 || writes->count == WRITES)
        return;
    size_t at = (edit[2] | (size_t)edit[3] << 8) % bytes;
    if (edit[0] & 0x80)
        at = at / 4 * 4;
    writes->all[writes->count].offset = (int64_t)(offset + at);
    writes->all[writes->count].bytes = edit_less(bytes - at, edit[0] & 0x40 ? 4 : 1);
    memcpy(writes->all[writes->count++].value, edit + 4, 4);
}

static void edit_link(const struct original *original, hid_t file, const uint8_t edit[EDIT])
{
    char to[2 * OBJECT_PATH];
    const char *path = object(original, edit[1]), *group = object(original, edit[2]);
    snprintf(to, sizeof to, "%s/%s", edit[3] & 1 ? group : "", ONE_OF(names, edit[4]));
    if (edit[3] & 2)
        H5Ldelete(file, to, H5P_DEFAULT);
    switch (edit[5] % 5) {
    case 0:
        H5Ldelete(file, path, H5P_DEFAULT);
        break;
    case 1:
        H5Lmove(file, path, file, to, H5P_DEFAULT, H5P_DEFAULT);
        break;
    case 2:
        H5Lcreate_hard(file, path, file, to, H5P_DEFAULT, H5P_DEFAULT);
        break;
    case 3:
        H5Lcreate_soft(ONE_OF(names, edit[6]), file, to, H5P_DEFAULT, H5P_DEFAULT);
        break;
    default:
        H5Lcreate_external(edit[6] & 1 ? original->path : "/nowhere", "results", file, to,
                           H5P_DEFAULT, H5P_DEFAULT);
        break;
    }
}

static void edit_file(struct writes *writes, const struct original *original, hid_t file,
                      const uint8_t edit[EDIT])
{
    hid_t at = H5Oopen(file, object(original, edit[1]), H5P_DEFAULT);
    bool dataset = at >= 0 && H5Iget_type(at) == H5I_DATASET;
    int what = edit[0] & 7;
    if (what <= 1 && at >= 0)
        set_attribute(at, edit);
    else if (what == 2 && at >= 0)
        H5Adelete(at, ONE_OF(attributes, edit[2]));
    else if (what == 3 && dataset)
        put_text(at, edit);
    else if (what <= 5 && dataset)
        put_bytes(writes, at, edit);
    if (at >= 0)
        H5Oclose(at);
    if (what == 6)
        replace(original, file, edit);
    else if (what == 7)
        edit_link(original, file, edit);
}

/* ---- the file */

static void put_file(const struct original *original)
{
    int fd = open(original->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, original->bytes, original->size) != (ssize_t)original->size)
        abort();
    close(fd);
}

void original_write(const struct original *original, const uint8_t *edits, size_t length)
{
    struct writes writes = {.count = 0};
    put_file(original);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(original->path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    for (; length >= EDIT; edits += EDIT, length -= EDIT)
        edit_file(&writes, original, file, edits);
    H5Fclose(file);
    int fd = open(original->path, O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < writes.count; i++)
        if (pwrite(fd, writes.all[i].value, writes.all[i].bytes, writes.all[i].offset) < 0)
            abort();
    close(fd);
}

static herr_t list(hid_t file, const char *name, const H5L_info_t *info, void *context)
{
    struct original *original = context;
    (void)file;
    (void)info;
    if (original->count == OBJECTS || strlen(name) + 2 > OBJECT_PATH)
        abort();
    snprintf(original->objects[original->count++], OBJECT_PATH, "/%s", name);
    return 0;
}

void original_load(struct original *original, const char *path)
{
    *original = (struct original){.path = path};
    FILE *file = fopen(path, "rb");
    original->bytes = malloc(BYTES);
    if (!file || !original->bytes)
        abort();
    original->size = fread(original->bytes, 1, BYTES, file);
    fclose(file);
    if (original->size == BYTES)
        abort();
    strcpy(original->objects[original->count++], "/");
    hid_t opened = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (H5Lvisit(opened, H5_INDEX_NAME, H5_ITER_INC, list, original) < 0 || H5Fclose(opened) < 0)
        abort();
}
