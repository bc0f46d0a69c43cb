/* Files that are not what they should be: one line each, and nothing is touched. */
#include "test.h"

#include <hdf5_hl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "files.h"
#include "fixture.h"

enum { RUNS = 6 };

static int setup(void **state)
{
    int result = folder_setup(state);
    fixture_create(((struct folder *)*state)->file, RUNS);
    return result;
}

/* Every door refuses with the same line. */
PRINTF_LIKE(2, 3)
static void refuses(const struct folder *folder, const char *format, ...)
{
    char message[600];
    va_list arguments;
    int length = snprintf(message, sizeof message, "%s: ", folder->file);
    va_start(arguments, format);
    vsnprintf(message + length, sizeof message - (size_t)length, format, arguments);
    va_end(arguments);
    struct error err = {""};
    struct store *store = NULL;
    struct reader *reader = NULL;
    struct store_origin origin;
    assert_int_equal(fixture_try_open(&store, folder->file, RUNS, &err), ERR_FILE);
    assert_string_equal(err.text, message);
    assert_null(store);
    assert_int_equal(reader_open(&reader, folder->file, &err), ERR_FILE);
    assert_string_equal(err.text, message);
    assert_null(reader);
    assert_int_equal(store_origin(&origin, folder->file, &err), ERR_FILE);
    assert_string_equal(err.text, message);
}

static void a_file_that_is_not_there(void **state)
{
    const struct folder *folder = *state;
    unlink(folder->file);
    refuses(folder, "can not open: No such file or directory");
    assert_int_equal(folder_files(folder, 0), 0); /* no lock either */
}

static void text(void **state)
{
    const struct folder *folder = *state;
    FILE *file = fopen(folder->file, "w");
    fputs("name: a sweep, not a result\n", file);
    fclose(file);
    refuses(folder, "is no result file (not HDF5)");
}

static void an_empty_file(void **state)
{
    const struct folder *folder = *state;
    fclose(fopen(folder->file, "w"));
    refuses(folder, "is no result file (not HDF5)");
}

static void a_file_that_is_cut_off(void **state)
{
    const struct folder *folder = *state;
    long long end = 0; /* bytes that HDF5 knows; the seal follows them */
    FILE *file = fopen(folder->file, "r");
    assert_int_equal(pread(fileno(file), &end, sizeof end, 40), sizeof end);
    fclose(file);
    assert_int_equal(truncate(folder->file, end - 1), 0);
    refuses(folder, "is cut off: %lld of %lld bytes are there; copy it again", end - 1, end);
    assert_int_equal(truncate(folder->file, 50), 0);
    refuses(folder, "is cut off: 50 of %lld bytes are there; copy it again", end);
}

static uint64_t other_identity(const void *context, int64_t run)
{
    (void)context;
    return fixture_identity(run) + 1;
}

static void another_sweep_is_named_and_its_file_left_alone(void **state)
{
    const struct folder *folder = *state;
    char message[512];
    struct error err = {""};
    struct store *store;
    assert_int_equal(fixture_try_open(&store, folder->file, RUNS + 1, &err), ERR_FILE);
    snprintf(message, sizeof message,
             "%s: holds another sweep (depth – Tiefe; 6 runs there, 7 here); give this one its own "
             "file with -o",
             folder->file);
    assert_string_equal(err.text, message);
    struct roster roster = {.runs = RUNS, .identity = other_identity, .key = fixture_key};
    assert_int_equal(writer_open(&store, folder->file, &roster, OPEN_ALL, &err), ERR_FILE);
    snprintf(message, sizeof message,
             "%s: holds another sweep (depth – Tiefe; row 0 is run 9e3779b97f4a7c15 there, "
             "9e3779b97f4a7c16 here); give this one its own file with -o",
             folder->file);
    assert_string_equal(err.text, message);
    assert_int_equal(folder_files(folder, 0), 1);
}

/* HDF5 1.10 crashes on some of these, so the seal must be looked at before. */
static void a_flipped_bit_outside_the_rows_is_refused_by_the_seal(void **state)
{
    const struct folder *folder = *state;
    struct stat info;
    char message[512];
    int refused = 0, looked = 0;
    assert_int_equal(stat(folder->file, &info), 0);
    unsigned char *data = malloc((size_t)info.st_size);
    FILE *file = fopen(folder->file, "r+");
    assert_int_equal(fread(data, 1, (size_t)info.st_size, file), info.st_size);
    snprintf(message, sizeof message,
             "%s: is damaged outside its rows, or was changed by another program; go back to a "
             "copy, or begin a new file with -o",
             folder->file);
    for (long at = 0; at < info.st_size - 8; at += 131, looked++) {
        struct error err = {""};
        struct reader *reader = NULL;
        unsigned char wrong = (unsigned char)(data[at] ^ (1 << at % 8));
        assert_int_equal(pwrite(fileno(file), &wrong, 1, at), 1);
        enum status status = reader_open(&reader, folder->file, &err);
        reader_close(reader);
        if (status != OK) {
            refused++;
            assert_int_equal(status, ERR_FILE);
            assert_string_equal(err.text, message);
        }
        assert_int_equal(pwrite(fileno(file), data + at, 1, at), 1);
    }
    assert_true(refused > looked / 2); /* of this small file, most is no row */
    fclose(file);
    free(data);
}

static void what_is_no_file(void **state)
{
    const struct folder *folder = *state;
    unlink(folder->file);
    assert_int_equal(mkfifo(folder->file, 0600), 0); /* to open one waits for a writer */
    refuses(folder, "is no file");
    unlink(folder->file);
    assert_int_equal(mkdir(folder->file, 0700), 0);
    refuses(folder, "is no file");
    rmdir(folder->file);
}

/* ---- HDF5 crashes */

static int deadly; /* signal that ends the child which reads first; 0: none */

/* In place of the system's, which only the child calls that reads first. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
    (void)resource;
    (void)limits;
    if (deadly)
        raise(deadly);
    return 0;
}

static void a_file_on_which_its_reader_dies_is_damaged(void **state)
{
    const struct folder *folder = *state;
    static const int signals[] = {SIGSEGV, SIGABRT, SIGFPE, SIGXCPU};
    for (size_t i = 0; i < COUNT(signals); i++) {
        deadly = signals[i];
        refuses(folder,
                "is damaged: reading it ends by signal %d (%s); go back to a copy, or begin a new "
                "file with -o",
                deadly, strsignal(deadly));
    }
    deadly = 0;
    assert_int_equal(folder_files(folder, 0), 1); /* no lock either */
}

/* As the kernel does when memory is short. */
static void a_reader_that_is_killed_says_nothing_of_the_file(void **state)
{
    deadly = SIGKILL;
    refuses(*state, "reading it was ended by signal 9 (Killed), probably for want of memory: try "
                    "again with more, or go back to a copy");
    deadly = 0;
}

static void an_interrupt_says_nothing_of_the_file(void **state)
{
    const struct folder *folder = *state;
    struct reader *reader;
    struct error err = {""};
    deadly = SIGTERM;
    assert_int_equal(reader_open(&reader, folder->file, &err), OK);
    reader_close(reader);
    deadly = 0;
}

/* ---- files whose metadata others have changed */

/* In place of a column of the file one of another type or shape, attached as it was. */
static void replace(const char *path, const char *name, hid_t type, int rank, const hsize_t *size)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t results = H5Gopen2(file, "results", H5P_DEFAULT);
    hid_t space = H5Screate_simple(rank, size, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
    assert_true(H5Ldelete(results, name, H5P_DEFAULT) >= 0);
    hid_t column = H5Dcreate2(results, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    hid_t run = H5Dopen2(results, "run", H5P_DEFAULT);
    assert_true(column >= 0 && H5DSattach_scale(column, run, 0) >= 0);
    hid_t all[] = {column, run};
    for (size_t i = 0; i < COUNT(all); i++)
        H5Dclose(all[i]);
    H5Pclose(list);
    H5Sclose(space);
    H5Gclose(results);
    assert_true(H5Fclose(file) >= 0);
}

static void columns_of_another_type_or_shape(void **state)
{
    const struct folder *folder = *state;
    int64_t code = 0;
    hid_t wide = H5Tenum_create(H5T_STD_I64LE), text = H5Tcopy(H5T_C_S1);
    H5Tenum_insert(wide, "pending", &code);
    H5Tset_size(text, H5T_VARIABLE);
    H5Tset_cset(text, H5T_CSET_UTF8);
    const struct {
        const char *name;
        hid_t type;
        int rank;
        hsize_t size[2];
        const char *message;
    } cases[] = {
        {"status", wide, 1, {RUNS}, "status: unknown type or shape"},
        {"analysed", H5T_STD_U64LE, 2, {RUNS, 4}, "analysed: is missing or of another type"},
        {"ratio", H5T_IEEE_F64LE, 2, {RUNS, 0}, "ratio: of no size, or larger than the file"},
        {"ratio", H5T_IEEE_F64LE, 1, {RUNS - 1}, "ratio: unknown type or shape"},
    };
    struct store *store;
    struct error err = {""};
    char message[512];
    for (size_t i = 0; i < COUNT(cases); i++) {
        unlink(folder->file);
        fixture_create(folder->file, RUNS);
        replace(folder->file, cases[i].name, cases[i].type, cases[i].rank, cases[i].size);
        assert_int_equal(fixture_try_open(&store, folder->file, RUNS, &err), ERR_FILE);
        snprintf(message, sizeof message, "%s: is damaged: %s", folder->file, cases[i].message);
        assert_string_equal(err.text, message);
    }
    unlink(folder->file);
    fixture_create(folder->file, RUNS);
    replace(folder->file, "weights_class", text, 2, (hsize_t[]){RUNS, 3});
    assert_int_equal(fixture_try_open(&store, folder->file, RUNS, &err), ERR_FILE);
    H5Tclose(wide);
    H5Tclose(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_is_not_there),
        TEST(text),
        TEST(an_empty_file),
        TEST(a_file_that_is_cut_off),
        TEST(another_sweep_is_named_and_its_file_left_alone),
        TEST(what_is_no_file),
        TEST(a_file_on_which_its_reader_dies_is_damaged),
        TEST(a_reader_that_is_killed_says_nothing_of_the_file),
        TEST(an_interrupt_says_nothing_of_the_file),
        TEST(columns_of_another_type_or_shape),
        TEST(a_flipped_bit_outside_the_rows_is_refused_by_the_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
