/* Without this a job would go on for hours with a file that has lost its name, and end with code 0.
 */
#include "test.h"

#include <sys/stat.h>

#include "files.h"
#include "fixture.h"

static int setup(void **state)
{
    int result = folder_setup(state);
    fixture_create(((struct folder *)*state)->file, 12);
    return result;
}

static void moved_to(char name[256], const struct folder *folder)
{
    snprintf(name, 256, "%.200s.moved", folder->file);
}

static void remove_it(const struct folder *folder)
{
    assert_int_equal(unlink(folder->file), 0);
}

static void rename_it(const struct folder *folder)
{
    char name[256];
    moved_to(name, folder);
    assert_int_equal(rename(folder->file, name), 0);
}

static void replace_it(const struct folder *folder)
{
    rename_it(folder);
    fixture_create(folder->file, 12);
}

static void cut_it(const struct folder *folder)
{
    assert_int_equal(truncate(folder->file, 1000), 0);
}

static const struct {
    void (*happens)(const struct folder *folder);
    const char *line;
} cases[] = {
    {remove_it, "was removed or renamed while runs were written to it; this job stops"},
    {rename_it, "was removed or renamed while runs were written to it; this job stops"},
    {replace_it, "another file took its place while runs were written to it; this job stops"},
    {cut_it, "was cut off while runs were written to it; this job stops: 1000 of"},
};

static void a_file_that_lost_its_place_is_not_written_any_more(void **state)
{
    const struct folder *folder = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[512];
        struct error err = {""};
        struct store *store = fixture_open(folder->file, 12);
        assert_int_equal(store_turn(store, NULL), OK);
        cases[i].happens(folder);
        assert_int_equal(fixture_commit(store, 0, ROW_DONE, NULL), OK);
        store->looked = 0; /* a second later */
        assert_int_equal(store_turn(store, &err), ERR_IO);
        snprintf(line, sizeof line, "%s: %s", folder->file, cases[i].line);
        assert_memory_equal(err.text, line, strlen(line));
        assert_int_equal(store_turn(store, &err), ERR_IO);
        store_close(store);
        folder_files(folder, 1);
        fixture_create(folder->file, 12);
    }
}

/* The rows of the end are in the file, wherever that is; but the job must not say that all is well.
 */
static void a_file_that_lost_its_place_is_noticed_at_the_end(void **state)
{
    const struct folder *folder = *state;
    char name[256];
    struct error err = {""};
    struct store *store = fixture_open(folder->file, 12);
    assert_int_equal(fixture_commit(store, 0, ROW_DONE, NULL), OK);
    rename_it(folder);
    assert_int_equal(store_drain(store, &err), ERR_IO);
    store_close(store);
    moved_to(name, folder);
    store = fixture_open(name, 12);
    assert_int_equal(store_status(store, 0), ROW_DONE);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_lost_its_place_is_not_written_any_more, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_lost_its_place_is_noticed_at_the_end, setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
