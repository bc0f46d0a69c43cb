#include "test.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "files.h"
#include "fixture.h"

/* The clock of base/clock.h, which goes on when a test says so. */
static double now;

double clock_wall(void)
{
    return now;
}

double clock_monotonic(void)
{
    return now;
}

/* fdatasync of the store, so that a test decides how it ends. */
static _Atomic int syncs, failing_syncs;

int fdatasync(int fd)
{
    (void)fd;
    syncs++;
    if (failing_syncs == 0)
        return 0;
    failing_syncs--;
    errno = EIO;
    return -1;
}

static int setup(void **state)
{
    syncs = failing_syncs = 0;
    now = 1e9;
    int result = folder_setup(state);
    fixture_create(((struct folder *)*state)->file, 12);
    return result;
}

/* The bytes of one row, read past the store. */
static void read_row(void *row, const struct store *store, const char *name, int64_t run)
{
    const struct map_column *column = map_find(&store->map.results, name);
    assert_non_null(column);
    int fd = open(store->path, O_RDONLY);
    assert_int_equal(map_read(fd, row, column, run, 1), 0);
    close(fd);
}

static int status_on_disk(const struct store *store, int64_t run)
{
    signed char status;
    read_row(&status, store, "status", run);
    return status;
}

static void a_status_is_told_only_after_a_good_sync(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    assert_int_equal(store_start(store, 3, &fixture_log, NULL), OK);
    assert_int_equal(status_on_disk(store, 3), ROW_RUNNING);
    assert_int_equal(fixture_commit(store, 3, ROW_DONE, NULL), OK);
    assert_int_equal(store_turn(store, NULL), OK);
    assert_int_equal(status_on_disk(store, 3), ROW_RUNNING);
    assert_int_equal(syncs, 0); /* not yet a second old */
    assert_int_equal(store_drain(store, NULL), OK);
    assert_int_equal(status_on_disk(store, 3), ROW_DONE);
    assert_int_equal(syncs, 2); /* of the record, then of the status */
    assert_int_equal(store_status(store, 3), ROW_DONE);
    store_close(store);
}

static void a_turn_syncs_a_second_after_the_first_record(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    assert_int_equal(fixture_commit(store, 0, ROW_DONE, NULL), OK);
    assert_int_equal(store_turn(store, NULL), OK);
    now += 0.5;
    assert_int_equal(fixture_commit(store, 1, ROW_DONE, NULL), OK);
    now += 0.49;
    assert_int_equal(store_turn(store, NULL), OK);
    assert_int_equal(syncs, 0);
    now += 0.02;
    assert_int_equal(store_turn(store, NULL), OK); /* another thread does it */
    for (int i = 0; i < 20000 && status_on_disk(store, 0) != ROW_DONE; i++) {
        assert_int_equal(store_turn(store, NULL), OK);
        usleep(1000);
    }
    assert_int_equal(status_on_disk(store, 0), ROW_DONE);
    assert_int_equal(status_on_disk(store, 1), ROW_DONE);
    store_close(store);
}

static void parts_lie_at_the_start_of_each_longer_axis(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    for (int64_t run = 6; run < 8; run++) {
        float probe[LAYERS][POSITIONS][TARGETS];
        assert_int_equal(fixture_commit(store, run, ROW_DONE, NULL), OK);
        assert_int_equal(store_turn(store, NULL), OK);
        read_row(probe, store, "probe_r2", run);
        int32_t shape[3];
        fixture_shape(shape, run, PROBE);
        for (int i = 0, j = 0; i < LAYERS; i++)
            for (int k = 0; k < POSITIONS; k++)
                for (int t = 0; t < TARGETS; t++)
                    if (i < shape[0] && k < shape[1] && t < shape[2])
                        assert_true((double)probe[i][k][t] == fixture_value(run, PROBE, j++));
                    else
                        assert_true(isnan(probe[i][k][t]));
    }
    store_close(store);
}

static void a_record_of_nothing_empties_the_row(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    float loss[EVALUATIONS];
    int32_t steps_done;
    assert_int_equal(fixture_commit(store, 2, ROW_DONE, NULL), OK);
    assert_int_equal(store_commit(store, 2, ROW_FAILED, NULL, 0, &fixture_log, NULL), OK);
    assert_int_equal(store_drain(store, NULL), OK);
    read_row(loss, store, "train_loss", 2);
    read_row(&steps_done, store, "steps_done", 2);
    assert_true(isnan(loss[0]));
    assert_int_equal(steps_done, -1);
    assert_int_equal(status_on_disk(store, 2), ROW_FAILED);
    store_close(store);
}

static void progress_reaches_running_rows_only_and_survives_a_stop(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    static const struct store_point early = {0, 0, 9, 8}, point = {1, 25, 9, 8};
    static const struct store_point beyond = {EVALUATIONS, 125, 7, 7};
    float loss[EVALUATIONS];
    int32_t steps;
    assert_int_equal(store_progress(store, 1, &early, NULL), OK);
    read_row(loss, store, "train_loss", 1);
    read_row(&steps, store, "steps_done", 1);
    assert_true(isnan(loss[0]) && steps == -1);
    assert_int_equal(store_start(store, 1, &fixture_log, NULL), OK);
    assert_int_equal(store_progress(store, 1, &beyond, NULL), OK);
    assert_int_equal(store_progress(store, 1, &point, NULL), OK);
    assert_int_equal(store_commit(store, 1, ROW_STOPPED, NULL, 0, &fixture_log, NULL), OK);
    assert_int_equal(store_drain(store, NULL), OK);
    read_row(loss, store, "train_loss", 1);
    assert_true(isnan(loss[0]) && loss[1] == 9);
    read_row(loss, store, "test_loss", 1);
    assert_true(loss[1] == 8);
    read_row(loss, store, "train_loss", 2); /* nothing of the point beyond the row's end */
    assert_true(isnan(loss[0]));
    read_row(&steps, store, "steps_done", 1);
    assert_int_equal(steps, 25);
    store_close(store);
    store = fixture_open(folder->file, 12);
    assert_int_equal(store_status(store, 1), ROW_STOPPED);
    store_close(store);
}

static void a_later_attempt_overtakes_what_is_queued(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    assert_int_equal(store_commit(store, 5, ROW_FAILED, NULL, 0, &fixture_log, NULL), OK);
    assert_int_equal(store_start(store, 5, &fixture_log, NULL), OK);
    assert_int_equal(store_drain(store, NULL), OK);
    assert_int_equal(status_on_disk(store, 5), ROW_RUNNING);
    store_close(store);
}

static void malformed_records_are_refused_and_nothing_is_written(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    struct record good = fixture_record(0);
    struct part *first = (struct part *)good.memory;
    static const struct {
        int kind, index, shape, bytes; /* of the first part: train_loss [5] */
        const char *message;
    } cases[] = {
        {0, 0, 6, 24, "malformed record: train_loss does not fit its column"},
        {0, 0, -1, 20, "malformed record: train_loss does not fit its column"},
        {0, 0, 5, 16, "malformed record: train_loss does not fit its column"},
        {0, 99, 5, 20, "malformed record: part 0.99"},
        {1, 2, 5, 20, "malformed record: part 1.2"}, /* class A has two tensors */
        {0, 0, 5, 1 << 30, "malformed record: 0 of 520 bytes make sense"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {""};
        float loss[EVALUATIONS];
        *first =
            (struct part){cases[i].kind, cases[i].index, {cases[i].shape, 1, 1}, cases[i].bytes};
        assert_int_equal(
            store_commit(store, 0, ROW_DONE, good.memory, good.used, &fixture_log, &err), ERR_FILE);
        assert_string_equal(err.text, cases[i].message);
        read_row(loss, store, "test_loss", 0);
        assert_true(isnan(loss[0]));
    }
    free(good.memory);
    store_close(store);
}

static void text_is_cut_at_the_end_of_a_character(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    char error[256], stored[LOG_ERROR_LETTERS];
    memset(error, 'x', sizeof error);
    strcpy(error + LOG_ERROR_LETTERS - 1, "é!");
    struct row_log log = fixture_log;
    log.error = error;
    assert_int_equal(store_commit(store, 0, ROW_FAILED, NULL, 0, &log, NULL), OK);
    assert_int_equal(store_turn(store, NULL), OK);
    const struct map_column *column = map_find(&store->map.log, "error");
    assert_int_equal(map_read(store->fd, stored, column, 0, 1), 0);
    assert_int_equal(stored[LOG_ERROR_LETTERS - 2], 'x');
    assert_int_equal(stored[LOG_ERROR_LETTERS - 1], 0);
    store_close(store);
}

/* The kernel drops what it could not write: everything since the last good sync is written again.
 */
static void one_failed_sync_is_made_good(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    float loss[EVALUATIONS] = {0};
    assert_int_equal(fixture_commit(store, 0, ROW_DONE, NULL), OK);
    assert_int_equal(store_turn(store, NULL), OK);
    const struct map_column *column = map_find(&store->map.results, "train_loss");
    assert_int_equal(map_write(store->fd, loss, column, 0), 0); /* lost by the "disk" */
    failing_syncs = 1;
    assert_int_equal(store_drain(store, NULL), OK);
    read_row(loss, store, "train_loss", 0);
    assert_true((double)loss[0] == fixture_value(0, TRAIN_LOSS, 0));
    assert_int_equal(status_on_disk(store, 0), ROW_DONE);
    store_close(store);
    store = fixture_open(folder->file, 12);
    assert_int_equal(store_status(store, 0), ROW_DONE);
    store_close(store);
}

static void a_second_failed_sync_ends_the_sweep_with_its_rows_pending(void **state)
{
    const struct folder *folder = *state;
    char message[512];
    struct error err = {""};
    struct store *store = fixture_open(folder->file, 12);
    assert_int_equal(fixture_commit(store, 0, ROW_DONE, NULL), OK);
    assert_int_equal(store_drain(store, NULL), OK);
    assert_int_equal(fixture_commit(store, 1, ROW_DONE, NULL), OK);
    failing_syncs = 2;
    assert_int_equal(store_drain(store, &err), ERR_IO);
    snprintf(message, sizeof message,
             "%s: can not write to disk: Input/output error; runs since the last good write are "
             "pending, resume when there is room",
             folder->file);
    assert_string_equal(err.text, message);
    assert_int_equal(status_on_disk(store, 0), ROW_DONE);
    assert_int_equal(status_on_disk(store, 1), ROW_PENDING);
    assert_int_equal(store_turn(store, &err), ERR_IO);
    assert_int_equal(fixture_commit(store, 2, ROW_DONE, &err), ERR_IO);
    store_close(store);
    store = fixture_open(folder->file, 12);
    assert_int_equal(store_status(store, 0), ROW_DONE);
    assert_int_equal(store_status(store, 1), ROW_PENDING);
    store_close(store);
}

static void the_summary_has_status_and_last_figures(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, 12);
    assert_int_equal(fixture_commit(store, 7, ROW_DIVERGED, NULL), OK);
    assert_int_equal(store_drain(store, NULL), OK);
    unsigned char row[256];
    const struct map *map = &store->map;
    struct map_column table = {.row = map->summary.row, .offset = map->summary.offset};
    assert_int_equal(map_read(store->fd, row, &table, 7, 1), 0);
    double figures[3];
    memcpy(figures, row + map->summary.figures, sizeof figures);
    assert_memory_equal(row + map->summary.status, "diverged", 8);
    assert_true(figures[0] == fixture_value(7, TEST_LOSS, EVALUATIONS - 2)); /* run 7 is shorter */
    assert_true(figures[1] == fixture_value(7, RATIO, 0));
    assert_true(figures[2] == fixture_value(7, STEPS_DONE, 0));
    store_close(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_status_is_told_only_after_a_good_sync),
        TEST(a_turn_syncs_a_second_after_the_first_record),
        TEST(parts_lie_at_the_start_of_each_longer_axis),
        TEST(a_record_of_nothing_empties_the_row),
        TEST(progress_reaches_running_rows_only_and_survives_a_stop),
        TEST(a_later_attempt_overtakes_what_is_queued),
        TEST(malformed_records_are_refused_and_nothing_is_written),
        TEST(text_is_cut_at_the_end_of_a_character),
        TEST(one_failed_sync_is_made_good),
        TEST(a_second_failed_sync_ends_the_sweep_with_its_rows_pending),
        TEST(the_summary_has_status_and_last_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
