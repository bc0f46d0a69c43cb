#include "test.h"

#include <fcntl.h>

#include "files.h"
#include "fixture.h"

enum { RUNS = 12 };

/* Nothing here is about power loss. */
int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

/* Every run done except 8 (failed), 9 (diverged), 10 (running), 11 (pending). */
static int setup(void **state)
{
    int result = folder_setup(state);
    const char *file = ((struct folder *)*state)->file;
    fixture_create(file, RUNS);
    struct store *store = fixture_open(file, RUNS);
    for (int64_t i = 0; i < 10; i++)
        assert_int_equal(fixture_commit(store, i,
                                        i == 8   ? ROW_FAILED
                                        : i == 9 ? ROW_DIVERGED
                                                 : ROW_DONE,
                                        NULL),
                         OK);
    assert_int_equal(store_drain(store, NULL), OK);
    store_close(store);
    return result;
}

static void flip(const char *file, int64_t at, int bit)
{
    int fd = open(file, O_RDWR);
    unsigned char byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = (unsigned char)(byte ^ (1 << bit));
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void write_bytes(const char *file, int64_t at, const void *data, size_t size)
{
    int fd = open(file, O_RDWR);
    assert_int_equal(pwrite(fd, data, size, at), size);
    close(fd);
}

/* Offset of a byte of a row: column "ratio", or tensor "2.layer" of the class of the run. */
static int64_t place_of(const char *file, const char *column, int tensor, int64_t run, int64_t byte)
{
    struct store *store = fixture_open(file, RUNS);
    struct place place = writer_place(store, run);
    const struct map_column *c =
        column ? map_find(&store->map.results, column) : &place.class->tensors.columns[tensor];
    assert_non_null(c);
    int64_t at = c->offset + (column ? run : place.weights_row) * (int64_t)c->row + byte;
    assert_in_range(byte, 0, c->row - 1);
    store_close(store);
    return at;
}

static void whole_rows_stay_as_they_were(void **state)
{
    const struct folder *folder = *state;
    int64_t damaged;
    struct store *store = fixture_open(folder->file, RUNS);
    for (int64_t i = 0; i < RUNS; i++)
        assert_int_equal(store_status(store, i), i < 8    ? ROW_DONE
                                                 : i == 8 ? ROW_FAILED
                                                 : i == 9 ? ROW_DIVERGED
                                                          : ROW_PENDING);
    store_damaged(store, &damaged);
    assert_int_equal(damaged, 0);
    store_close(store);
}

static void a_flipped_bit_anywhere_in_a_row_makes_it_pending(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        const char *column;
        int tensor;
        int64_t run, byte;
    } cases[] = {
        {"train_loss", 0, 0, 0},   {"train_loss", 0, 0, 19}, {"test_loss", 0, 1, 7},
        {"ratio", 0, 2, 3},        {"steps_done", 0, 3, 0},  {"probe_r2", 0, 0, 0},
        {"probe_r2", 0, 0, 95},    {"model.depth", 0, 2, 0}, {"train.rate", 0, 3, 7},
        {"model.shared", 0, 2, 0}, {"seed", 0, 2, 6},        {"weights_row", 0, 4, 0},
        {"checksum", 0, 3, 5},     {NULL, 0, 0, 0},          {NULL, 1, 2, 95},
        {NULL, 4, 1, 11},          {NULL, 3, 3, 50},         {"ratio", 0, 9, 1},
        {"train_loss", 0, 1, 17}, /* beyond the run's own length, where there is NaN */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t run = cases[i].run, count;
        flip(folder->file,
             place_of(folder->file, cases[i].column, cases[i].tensor, run, cases[i].byte),
             (int)(i % 7));
        struct store *store = fixture_open(folder->file, RUNS);
        const int64_t *damaged = store_damaged(store, &count);
        if (count != 1)
            print_error("not noticed: case %zu\n", i);
        assert_int_equal(count, 1);
        assert_int_equal(damaged[0], run);
        assert_int_equal(store_status(store, run), ROW_PENDING);
        assert_int_equal(fixture_commit(store, run, run == 9 ? ROW_DIVERGED : ROW_DONE, NULL), OK);
        store_close(store);
    }
}

static void keys_that_were_flipped_are_made_good(void **state)
{
    const struct folder *folder = *state;
    int32_t depth;
    flip(folder->file, place_of(folder->file, "model.depth", 0, 2, 0), 4);
    struct store *store = fixture_open(folder->file, RUNS);
    assert_int_equal(
        map_read(store->fd, &depth, map_find(&store->map.results, "model.depth"), 2, 1), 0);
    assert_int_equal(depth, 1);
    store_close(store);
}

/* Rows of /weights are steps_done, never looked up: other runs' weights are safe. */
static void a_flipped_weights_row_touches_no_other_run(void **state)
{
    const struct folder *folder = *state;
    int64_t count;
    flip(folder->file, place_of(folder->file, "weights_row", 0, 2, 0), 0);
    struct store *store = fixture_open(folder->file, RUNS);
    assert_int_equal(fixture_commit(store, 2, ROW_DONE, NULL), OK);
    store_close(store);
    store = fixture_open(folder->file, RUNS);
    store_damaged(store, &count);
    assert_int_equal(count, 0);
    store_close(store);
}

static void a_status_that_was_flipped_is_not_believed(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        int64_t run;
        unsigned char status;
    } cases[] = {
        {0, ROW_DIVERGED}, /* done */
        {8, ROW_DONE},     /* failed */
        {11, ROW_DONE},    /* pending */
        {1, 77},           /* done; no status at all */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t count;
        write_bytes(folder->file, place_of(folder->file, "status", 0, cases[i].run, 0),
                    &cases[i].status, 1);
        struct store *store = fixture_open(folder->file, RUNS);
        assert_int_equal(store_damaged(store, &count)[0], cases[i].run);
        assert_int_equal(count, 1);
        assert_int_equal(store_status(store, cases[i].run), ROW_PENDING);
        store_close(store);
    }
}

static void rows_that_became_pending_are_empty(void **state)
{
    const struct folder *folder = *state;
    flip(folder->file, place_of(folder->file, "ratio", 0, 3, 2), 1);
    struct store *store = fixture_open(folder->file, RUNS);
    float loss[EVALUATIONS], query[24];
    struct place place = writer_place(store, 3);
    assert_int_equal(map_read(store->fd, loss, map_find(&store->map.results, "train_loss"), 3, 1),
                     0);
    assert_int_equal(
        map_read(store->fd, query, &place.class->tensors.columns[0], place.weights_row, 1), 0);
    assert_true(isnan(loss[0]) && isnan(query[0]) && isnan(query[23]));
    store_close(store);
}

static void running_rows_are_pending_again_without_being_called_damaged(void **state)
{
    const struct folder *folder = *state;
    struct store *store = fixture_open(folder->file, RUNS);
    int64_t count;
    assert_int_equal(store_start(store, 10, &fixture_log, NULL), OK);
    assert_int_equal(store_progress(store, 10, &(struct store_point){0, 0, 1, 1}, NULL), OK);
    store_close(store); /* as a killed writer leaves it: nothing was queued */
    store = fixture_open(folder->file, RUNS);
    store_damaged(store, &count);
    assert_int_equal(count, 0);
    assert_int_equal(store_status(store, 10), ROW_PENDING);
    store_close(store);
}

static void copies_of_the_status_are_rebuilt(void **state)
{
    const struct folder *folder = *state;
    char text[STATE_LETTERS];
    unsigned char row[256];
    write_bytes(folder->file, place_of(folder->file, "state", 0, 2, 0), "pending", 7);
    struct store *store = fixture_open(folder->file, RUNS);
    struct map_column table = {.row = store->map.summary.row, .offset = store->map.summary.offset};
    assert_int_equal(map_read(store->fd, text, map_find(&store->map.results, "state"), 2, 1), 0);
    assert_memory_equal(text, "done\0\0\0\0", 8);
    int64_t at = table.offset + 2 * (int64_t)table.row + (int64_t)store->map.summary.figures;
    store_close(store);
    flip(folder->file, at + 3, 3);
    store = fixture_open(folder->file, RUNS);
    double figure;
    assert_int_equal(map_read(store->fd, row, &table, 2, 1), 0);
    memcpy(&figure, row + store->map.summary.figures, sizeof figure);
    assert_true(figure == fixture_value(2, TEST_LOSS, EVALUATIONS - 1));
    store_close(store);
}

static void a_pending_row_has_no_figures_whatever_was_left_in_it(void **state)
{
    const struct folder *folder = *state;
    static const float left[EVALUATIONS] = {1, 2, 3};
    write_bytes(folder->file, place_of(folder->file, "test_loss", 0, 11, 0), left, sizeof left);
    struct store *store = fixture_open(folder->file, RUNS);
    struct map_column table = {.row = store->map.summary.row, .offset = store->map.summary.offset};
    unsigned char row[256];
    double figure;
    assert_int_equal(map_read(store->fd, row, &table, 11, 1), 0);
    memcpy(&figure, row + store->map.summary.figures, sizeof figure);
    assert_true(isnan(figure));
    store_close(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(whole_rows_stay_as_they_were),
        TEST(a_flipped_bit_anywhere_in_a_row_makes_it_pending),
        TEST(keys_that_were_flipped_are_made_good),
        TEST(a_flipped_weights_row_touches_no_other_run),
        TEST(a_status_that_was_flipped_is_not_believed),
        TEST(rows_that_became_pending_are_empty),
        TEST(running_rows_are_pending_again_without_being_called_damaged),
        TEST(copies_of_the_status_are_rebuilt),
        TEST(a_pending_row_has_no_figures_whatever_was_left_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
