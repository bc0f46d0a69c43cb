/* A result file that another program has changed through HDF5: whole to the library, and wrong to
 * us. It is read in each way that a command reads one, without the child that reads first, and each
 * ends with all of it or one line. (tools/fuzz --files changes the bytes under HDF5 itself.) */
#include <hdf5.h>
#include <unistd.h>

#include "../unit/store/fixture.h"
#include "arrays_inside.h"
#include "base/hash.h"
#include "file_edits.h"
#include "folder.h"
#include "fuzz.h"
#include "origins.h"

static struct {
    char folder[FOLDER], path[FOLDER + 16];
    struct original original;
} fixture;

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

static void remove_folder(void)
{
    unlink(fixture.path);
    rmdir(fixture.folder);
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
    original_load(&fixture.original, fixture.path);
    return 0;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size < 2)
        return;
    original_write(&fixture.original, data + 2, size - 2);
    struct error err = {""};
    enum status st = ways[data[0] % WAYS](data[1] % RUNS, &err);
    expect_one_line(st, &err);
    if (H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) != 0) {
        fprintf(stderr, "something of HDF5 is left open\n");
        abort();
    }
}
