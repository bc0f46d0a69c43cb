/* A result file that another program has changed through HDF5: whole to the library, and wrong to
 * us. Attributes, columns, names and links of any kind, and any bytes in the rows; it is read in
 * each way that a command reads one, without the child that reads first, and each ends with all of
 * it or one line. (tools/fuzz --files changes the bytes under HDF5 itself.) */
#include <fcntl.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <unistd.h>

#include "../unit/store/fixture.h"
#include "arrays_inside.h"
#include "base/hash.h"
#include "edit.h"
#include "folder.h"
#include "fuzz.h"
#include "origins.h"

enum { RUNS = 5, OBJECTS = 96, PATH = 96, BYTES = 1 << 16, WRITES = 16, SMALL = 1 << 20 };

static struct {
    char folder[FOLDER], path[FOLDER + 16];
    unsigned char *bytes; /* of the file as it was made */
    size_t size;
    char objects[OBJECTS][PATH]; /* in the order of their names */
    int count;
} fixture;

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

static const char *object(uint8_t number)
{
    return fixture.objects[number % fixture.count];
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
static void replace(hid_t file, const uint8_t edit[EDIT])
{
    hsize_t size[6];
    char runs[PATH];
    const char *path = object(edit[1]), *name = strrchr(path, '/');
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

static void edit_link(hid_t file, const uint8_t edit[EDIT])
{
    char to[2 * PATH];
    const char *path = object(edit[1]), *group = object(edit[2]);
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
        H5Lcreate_external(edit[6] & 1 ? fixture.path : "/nowhere", "results", file, to,
                           H5P_DEFAULT, H5P_DEFAULT);
        break;
    }
}

static void edit_file(struct writes *writes, hid_t file, const uint8_t edit[EDIT])
{
    hid_t at = H5Oopen(file, object(edit[1]), H5P_DEFAULT);
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
        replace(file, edit);
    else if (what == 7)
        edit_link(file, edit);
}

static void put_file(const unsigned char *bytes, size_t size)
{
    int fd = open(fixture.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void make(const uint8_t *edits, size_t length)
{
    struct writes writes = {.count = 0};
    put_file(fixture.bytes, fixture.size);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(fixture.path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    for (; length >= EDIT; edits += EDIT, length -= EDIT)
        edit_file(&writes, file, edits);
    H5Fclose(file);
    int fd = open(fixture.path, O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < writes.count; i++)
        if (pwrite(fd, writes.all[i].value, writes.all[i].bytes, writes.all[i].offset) < 0)
            abort();
    close(fd);
}

/* ---- ways to read it */

/* What stands in a line of a table does. */
static void expect_line(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            abort();
}

static double sum(const double *values, const int *size, int rank)
{
    double result = 0;
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)size[i];
    for (size_t i = 0; i < count; i++)
        result += values[i];
    return result;
}

static enum status look(int row, struct error *err)
{
    struct reader *reader;
    enum status st = reader_open(&reader, fixture.path, err);
    (void)row;
    if (st != OK)
        return st;
    expect_line(reader_name(reader));
    for (int c = 0; c < reader_columns(reader); c++) {
        const struct reader_column *column = reader_column(reader, c);
        expect_line(column->name);
        expect_line(column->unit);
        expect_line(column->about);
        for (int64_t i = 0; i < reader_count(reader); i++)
            if (column->text)
                expect_line(reader_text(reader, c, i));
            else if (isinf(reader_number(reader, c, i)))
                abort();
    }
    for (int64_t i = 0; i < reader_count(reader); i++)
        expect_line(row_status_name(reader_status(reader, i)));
    reader_close(reader);
    return OK;
}

static enum status verify(int row, struct error *err)
{
    struct store_verdict verdict;
    (void)row;
    enum status st = store_verify(&verdict, fixture.path, err);
    if (st == OK)
        free(verdict.damaged);
    return st;
}

static enum status show(int row, struct error *err)
{
    struct detail detail;
    enum status st = store_detail(&detail, fixture.path, row, err);
    if (st != OK)
        return st;
    const char *key, *value;
    char *rest = detail.config;
    for (int c = 0; c < detail.column_count; c++) {
        const struct detail_array *array = &detail.columns[c];
        expect_line(array->name);
        if (isinf(sum(array->values, array->size, array->rank)))
            abort(); /* what is not finite is none */
    }
    for (int t = 0; t < detail.tensor_count; t++)
        expect_line(detail.tensors[t].name);
    while (store_detail_setting(&rest, &key, &value))
        if (strchr(key, '\n') || strchr(value, '\n'))
            abort();
    store_detail_dispose(&detail);
    return OK;
}

static enum status read_all(int row, struct error *err)
{
    struct arrays *arrays;
    (void)row;
    enum status st = arrays_open(&arrays, fixture.path, err);
    if (st != OK)
        return st;
    for (int i = 0; i < arrays_count(arrays) && st == OK; i++) {
        void *values;
        const struct array *array = arrays_at(arrays, i);
        expect_line(array->name);
        st = arrays_read(&values, arrays, i, err);
        if (st != OK)
            break;
        size_t bytes = (size_t)array_elements(array) * (size_t)array_bytes(array->type);
        if (bytes > 0 && hash_xxh64(values, bytes, 0) == 0) /* all of it is there */
            abort();
        arrays_free(values, array);
    }
    arrays_close(arrays);
    return st;
}

static enum status origin(int row, struct error *err)
{
    struct store_origin found;
    (void)row;
    enum status st = store_origin(&found, fixture.path, err);
    if (st == OK)
        store_origin_dispose(&found);
    return st;
}

static enum status go_on(int row, struct error *err)
{
    const struct roster roster = {.runs = RUNS,
                                  .identity = fixture_roster_identity,
                                  .key = fixture_key,
                                  .given = fixture_given,
                                  .column_count = FIXTURE_COLUMNS,
                                  .column = fixture_column_name};
    struct store *store;
    enum status st = writer_open(&store, fixture.path, &roster, OPEN_WRITE | OPEN_JUDGE, err);
    if (st != OK)
        return st;
    size_t bytes = store_weights_bytes(store, row);
    unsigned char *weights = malloc(bytes + 1);
    if (!weights || store_status(store, row) >= ROW_STATUS_COUNT)
        abort();
    if (bytes > 0)
        st = store_weights(weights, store, row, err);
    free(weights);
    store_close(store);
    return st;
}

static enum status carry_over(int row, struct error *err)
{
    struct origins origins = {0};
    const char *const path = fixture.path;
    enum status st = origins_open(&origins, &path, 1, OPEN_JUDGE, err);
    if (st == OK && origins_find(&origins, fixture_identity(row)))
        origin_keep(&origins, origins_find(&origins, fixture_identity(row)));
    origins_dispose(&origins);
    return st;
}

static enum status (*const ways[])(int row, struct error *err) = {
    look, verify, show, read_all, origin, go_on, carry_over};
enum { WAYS = sizeof ways / sizeof *ways };

/* ---- */

static herr_t list(hid_t file, const char *name, const H5L_info_t *info, void *context)
{
    (void)file;
    (void)info;
    (void)context;
    if (fixture.count == OBJECTS || strlen(name) + 2 > PATH)
        abort();
    snprintf(fixture.objects[fixture.count++], PATH, "/%s", name);
    return 0;
}

static void remove_folder(void)
{
    unlink(fixture.path);
    rmdir(fixture.folder);
}

static void load(void)
{
    FILE *file = fopen(fixture.path, "rb");
    fixture.bytes = malloc(BYTES);
    if (!file || !fixture.bytes)
        abort();
    fixture.size = fread(fixture.bytes, 1, BYTES, file);
    fclose(file);
    if (fixture.size == BYTES)
        abort();
    strcpy(fixture.objects[fixture.count++], "/");
    hid_t opened = H5Fopen(fixture.path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (H5Lvisit(opened, H5_INDEX_NAME, H5_ITER_INC, list, NULL) < 0 || H5Fclose(opened) < 0)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (!folder_make(fixture.folder) || atexit(remove_folder) ||
        setenv("PMIX_RANK", "0", 1) != 0) /* a rank starts no child */
        abort();
    snprintf(fixture.path, sizeof fixture.path, "%s/file.h5", fixture.folder);
    fixture_create(fixture.path, RUNS);
    struct store *store = fixture_open(fixture.path, RUNS);
    for (int64_t run = 0; run < RUNS; run++)
        if (fixture_commit(store, run, run == 3 ? ROW_FAILED : ROW_DONE, NULL) != OK)
            abort();
    store_close(store);
    load();
    return 0;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size < 2)
        return;
    make(data + 2, size - 2);
    struct error err = {""};
    enum status st = ways[data[0] % WAYS](data[1] % RUNS, &err);
    expect_one_line(st, &err);
    if (H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) != 0) {
        fprintf(stderr, "something of HDF5 is left open\n");
        abort();
    }
}
