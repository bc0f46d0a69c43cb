#include "test.h"

#include "files.h"
#include "fixture.h"

enum { RUNS = 12 };

static int setup(void **state)
{
    int result = folder_setup(state);
    const char *file = ((struct folder *)*state)->file;
    fixture_create(file, RUNS);
    struct store *store = fixture_open(file, RUNS);
    struct row_log log = fixture_log;
    log.error = "killed by signal 9";
    assert_int_equal(fixture_commit(store, 0, ROW_DONE, NULL), OK);
    assert_int_equal(fixture_commit(store, 1, ROW_DONE, NULL), OK);
    assert_int_equal(store_commit(store, 2, ROW_FAILED, NULL, 0, &log, NULL), OK);
    store_close(store);
    return result;
}

static int find(const struct reader *reader, const char *name)
{
    for (int c = 0; c < reader_columns(reader); c++)
        if (strcmp(reader_column(reader, c)->name, name) == 0)
            return c;
    return -1;
}

static void columns_are_keys_then_figures_then_the_log(void **state)
{
    const struct folder *folder = *state;
    static const char *const names[] = {"model.depth", "train.rate", "tokens.kind", "model.shared",
                                        "seed",        "test_loss",  "ratio",       "steps_done",
                                        "attempt",     "seconds",    "rank",        "started",
                                        "finished",    "host",       "error"};
    struct reader *reader;
    assert_int_equal(reader_open(&reader, folder->file, NULL), OK);
    assert_int_equal(reader_columns(reader), COUNT(names));
    for (int c = 0; c < reader_columns(reader); c++) {
        const struct reader_column *column = reader_column(reader, c);
        assert_string_equal(column->name, names[c]);
        assert_int_equal(column->origin, c < 5 ? READ_SWEPT : c < 8 ? READ_RESULT : READ_LOG);
        assert_int_equal(column->text, c == 2 || c > 12);
    }
    assert_string_equal(reader_column(reader, 0)->unit, "layers");
    assert_string_equal(reader_column(reader, 6)->about, "ratio of losses");
    reader_close(reader);
}

static void values_are_those_of_the_rows(void **state)
{
    const struct folder *folder = *state;
    struct reader *reader;
    assert_int_equal(reader_open(&reader, folder->file, NULL), OK);
    assert_int_equal(reader_count(reader), RUNS);
    assert_string_equal(reader_name(reader), "depth – Tiefe");
    assert_true(reader_identity(reader, 7) == fixture_identity(7));
    assert_int_equal(reader_status(reader, 1), ROW_DONE);
    assert_int_equal(reader_status(reader, 2), ROW_FAILED);
    assert_int_equal(reader_status(reader, 3), ROW_PENDING);
    assert_true(reader_number(reader, find(reader, "model.depth"), 3) == 2);
    assert_true(reader_number(reader, find(reader, "model.shared"), 4) == 1);
    assert_true(reader_number(reader, find(reader, "train.rate"), 4) == 0.005);
    assert_string_equal(reader_text(reader, find(reader, "tokens.kind"), 3), "séparé");
    int loss = find(reader, "test_loss");
    assert_true(reader_number(reader, loss, 0) == fixture_value(0, TEST_LOSS, EVALUATIONS - 1));
    assert_true(reader_number(reader, loss, 1) == fixture_value(1, TEST_LOSS, EVALUATIONS - 2));
    assert_true(isnan(reader_number(reader, loss, 2)));
    assert_true(isnan(reader_number(reader, find(reader, "steps_done"), 3)));
    assert_true(reader_number(reader, find(reader, "rank"), 0) == 3);
    assert_string_equal(reader_text(reader, find(reader, "host"), 0), "node017");
    assert_string_equal(reader_text(reader, find(reader, "host"), 3), "");
    assert_string_equal(reader_text(reader, find(reader, "error"), 2), "killed by signal 9");
    assert_string_equal(reader_text(reader, loss, 0), "");
    assert_true(isnan(reader_number(reader, find(reader, "host"), 0)));
    reader_close(reader);
}

static void a_reader_needs_no_lock(void **state)
{
    const struct folder *folder = *state;
    struct reader *reader;
    struct store *store = fixture_open(folder->file, RUNS);
    assert_int_equal(store_start(store, 5, &fixture_log, NULL), OK);
    assert_int_equal(store_progress(store, 5, &(struct store_point){0, 0, 2, 4}, NULL), OK);
    assert_int_equal(reader_open(&reader, folder->file, NULL), OK);
    assert_int_equal(reader_status(reader, 5), ROW_RUNNING);
    assert_true(reader_number(reader, find(reader, "test_loss"), 5) == 4);
    reader_close(reader);
    store_close(store);
}

static void the_origin_is_what_was_given(void **state)
{
    const struct folder *folder = *state;
    struct store_origin origin;
    assert_int_equal(store_origin(&origin, folder->file, NULL), OK);
    assert_string_equal(origin.name, "depth – Tiefe");
    assert_string_equal(origin.sweep, "name: test\ngrid: {seed: {count: 5}}\n");
    assert_string_equal(origin.overrides, "train.steps=100\n");
    assert_string_equal(origin.points, "{\"seed\": 9}\n");
    assert_true(origin.quick);
    store_origin_dispose(&origin);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(columns_are_keys_then_figures_then_the_log),
        TEST(values_are_those_of_the_rows),
        TEST(a_reader_needs_no_lock),
        TEST(the_origin_is_what_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
