/* Rows that are written together: each must get what is its own, and none a call of its own. */
#include "test.h"

#include <sys/syscall.h>

#include "files.h"
#include "fixture.h"

static _Atomic int writes;

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    writes++;
    return syscall(SYS_pwrite64, fd, data, bytes, offset);
}

enum { RUNS = 60, STEPS = 4 };

static const char sweep[] = "name: batch\n"
                            "analyses: []\n"
                            "set:\n"
                            "  train: {steps: 3, batch: 16, evaluations: 4}\n"
                            "grid:\n"
                            "  model.depth: [1, 2]\n"
                            "  seed: {count: 30}\n";

static struct plan *parse(void)
{
    struct plan *plan;
    struct plan_options none = {0};
    assert_int_equal(plan_parse(&plan, "batch", sweep, strlen(sweep), &none, NULL), OK);
    return plan;
}

static float value(int64_t run, int step)
{
    return (float)(10 * run + step);
}

/* A loss and a first tensor that tell the run. */
static void commit(struct store *store, int64_t run, enum row_status status)
{
    struct record record = {calloc(1, 1 << 20), 1 << 20, 0};
    struct place place = writer_place(store, run);
    const struct map_column *tensor = &place.class->tensors.columns[0];
    float loss[STEPS], *weights = calloc(1, tensor->row);
    for (int step = 0; step < STEPS; step++)
        loss[step] = value(run, step);
    weights[0] = value(run, 9);
    record_put(&record, PART_COLUMN, 0, (int32_t[3]){STEPS, 1, 1}, loss, sizeof loss);
    int32_t shape[3] = {tensor->size[0], tensor->rank > 1 ? tensor->size[1] : 1, 1};
    record_put(&record, PART_TENSOR, 0, shape, weights, tensor->row);
    bool result = status == ROW_DONE || status == ROW_DIVERGED;
    assert_int_equal(store_commit(store, run, status, result ? record.memory : NULL,
                                  result ? record.used : 0, &fixture_log, NULL),
                     OK);
    free(weights);
    free(record.memory);
}

static enum row_status status_of(int64_t run)
{
    return run % 7 == 3 ? ROW_FAILED : run % 5 == 2 ? ROW_DIVERGED : ROW_DONE;
}

static void check(const struct store *store, int64_t run)
{
    float loss[STEPS], weight;
    struct place place = writer_place(store, run);
    const struct map_column *column = map_find(&store->map.results, run_column(0)->name);
    struct map_column first = place.class->tensors.columns[0];
    int64_t at = first.offset + place.weights_row * (int64_t)first.row;
    assert_int_equal(store_status(store, run), status_of(run));
    assert_int_equal(map_read(store->fd, loss, column, run, 1), 0);
    assert_int_equal(pread(store->fd, &weight, sizeof weight, at), sizeof weight);
    if (status_of(run) == ROW_FAILED) {
        assert_true(isnan(loss[0]) && isnan(weight));
        return;
    }
    for (int step = 0; step < STEPS; step++)
        assert_true(loss[step] == value(run, step));
    assert_true(weight == value(run, 9));
}

static void each_row_gets_its_own_whatever_the_order(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse();
    struct store *store;
    int64_t damaged;
    assert_int_equal(store_create(folder->file, plan, &fixture_provenance, NULL), OK);
    assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
    for (int64_t i = 0; i < RUNS; i++) {
        int64_t run = i * 7 % RUNS; /* all of them, none behind its neighbour */
        commit(store, run, i % 4 == 0 ? ROW_STOPPED : status_of(run));
        if (i % 4 == 0) /* a later attempt, while the first one is still kept */
            commit(store, run, status_of(run));
    }
    assert_int_equal(store_drain(store, NULL), OK);
    store_close(store);

    assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
    store_damaged(store, &damaged);
    assert_int_equal(damaged, 0);
    for (int64_t run = 0; run < RUNS; run++)
        check(store, run);
    store_close(store);
    plan_destroy(plan);
}

static void neighbours_share_their_calls(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse();
    struct store *store;
    int calls[2];
    assert_int_equal(store_create(folder->file, plan, &fixture_provenance, NULL), OK);
    assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
    for (int many = 0; many < 2; many++) {
        writes = 0;
        for (int64_t run = 0; run < (many ? 30 : 1); run++)
            commit(store, run, ROW_DONE);
        assert_int_equal(store_drain(store, NULL), OK);
        calls[many] = writes;
    }
    assert_int_equal(calls[1], calls[0]); /* thirty rows of one class as one row */
    store_close(store);
    plan_destroy(plan);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_row_gets_its_own_whatever_the_order),
        TEST(neighbours_share_their_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
