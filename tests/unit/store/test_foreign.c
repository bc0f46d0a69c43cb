/* Files that are not what they should be: one line each, and nothing is touched. */
#include "test.h"

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_is_not_there),
        TEST(text),
        TEST(an_empty_file),
        TEST(a_file_that_is_cut_off),
        TEST(another_sweep_is_named_and_its_file_left_alone),
        TEST(a_flipped_bit_outside_the_rows_is_refused_by_the_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
