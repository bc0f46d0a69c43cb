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
    struct stat info;
    assert_int_equal(stat(folder->file, &info), 0);
    assert_int_equal(truncate(folder->file, info.st_size - 1000), 0);
    refuses(folder, "is cut off: %lld of %lld bytes are there; copy it again",
            (long long)info.st_size - 1000, (long long)info.st_size);
    assert_int_equal(truncate(folder->file, 50), 0);
    refuses(folder, "is cut off: 50 of %lld bytes are there; copy it again",
            (long long)info.st_size);
}

static void patch(const char *path, const char *from, const char *to, size_t size)
{
    FILE *file = fopen(path, "r+");
    char *data = malloc(1 << 20), *at = NULL;
    size_t bytes = fread(data, 1, 1 << 20, file);
    at = memmem(data, bytes, from, size);
    assert_non_null(at);
    fseek(file, at - data, SEEK_SET);
    fwrite(to, 1, size, file);
    fclose(file);
    free(data);
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
    patch(folder->file, "9e3779b97f4a7c15", "9e3779b97f4a7c16", 16);
    assert_int_equal(fixture_try_open(&store, folder->file, RUNS, &err), ERR_FILE);
    snprintf(message, sizeof message,
             "%s: holds another sweep (depth – Tiefe; row 0 is run 9e3779b97f4a7c16 there, "
             "9e3779b97f4a7c15 here); give this one its own file with -o",
             folder->file);
    assert_string_equal(err.text, message);
    assert_int_equal(folder_files(folder, 0), 1);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
