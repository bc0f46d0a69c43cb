/* A file whose sweep changes: what it holds is never lost, and a kill leaves the old file or the
 * new. */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "files.h"
#include "fixture.h"

#define SWEEP(depths, seeds, more)                                                                 \
    "name: grown\nset: {train: {batch: 16, steps: 100, evaluations: 3}, evaluation.tasks: 16}\n"   \
    "grid:\n  model.depth: " depths "\n  seed: {count: " seeds "}\nanalyses: [gd]\n" more

static struct plan *parse(const char *text)
{
    struct plan *plan = NULL;
    struct error err = {""};
    enum status status =
        plan_parse(&plan, "sweep.yaml", text, strlen(text), &(struct plan_options){0}, &err);
    if (status != OK)
        print_error("%s\n", err.text);
    assert_int_equal(status, OK);
    return plan;
}

static float value_of(uint64_t identity, int place)
{
    return (float)((identity >> 16) % 65536) + (float)place;
}

/* A record with weights and a curve that tell the run. */
static enum status commit(struct store *store, const struct plan *plan, int64_t run,
                          enum row_status status)
{
    static struct model model;
    struct run_config config;
    plan_config(plan, run, &config);
    assert_int_equal(run_check(&config, &model, NULL), OK);
    struct record record = {calloc(1 << 20, 1), 1 << 20, 0};
    float *data = calloc(model.parameters + 3, sizeof *data);
    uint64_t identity = plan_identity(plan, run);
    for (int i = 0; i < 3; i++)
        data[i] = value_of(identity, i);
    record_put(&record, PART_COLUMN, 1, (const int32_t[]){3, 1, 1}, data, 3 * sizeof *data);
    for (int t = 0; t < model.tensor_count; t++) {
        const struct tensor *tensor = &model.tensors[t];
        int32_t shape[3] = {tensor->shape[0], tensor->rank > 1 ? tensor->shape[1] : 1, 1};
        data[0] = value_of(identity, 100 + t);
        record_put(&record, PART_TENSOR, t, shape, data, tensor->count * sizeof *data);
    }
    enum status result =
        store_commit(store, run, status, record.memory, record.used, &fixture_log, NULL);
    free(data);
    free(record.memory);
    return result;
}

/* Creates the file of the plan; run i ends as statuses[i % count]. */
static void make(const char *file, const struct plan *plan, const enum row_status *statuses,
                 int count)
{
    struct store *store;
    assert_int_equal(store_create(file, plan, &fixture_provenance, NULL), OK);
    assert_int_equal(store_open(&store, file, plan, false, NULL), OK);
    for (int64_t run = 0; run < plan_count(plan); run++)
        if (statuses[run % count] != ROW_PENDING)
            assert_int_equal(commit(store, plan, run, statuses[run % count]), OK);
    store_close(store);
}

static void check_row(const struct store *store, int64_t row)
{
    float curve[3], tensor[4096];
    const struct map_column *losses = map_find(&store->map.results, "test_loss");
    struct place place = writer_place(store, row);
    assert_int_equal(map_read(store->fd, curve, losses, row, 1), 0);
    for (int i = 0; i < 3; i++)
        assert_true(curve[i] == value_of(store->identity[row], i));
    assert_non_null(place.class);
    for (int t = 0; t < place.class->tensors.count; t++) {
        const struct map_column *column = &place.class->tensors.columns[t];
        assert_true(column->row <= sizeof tensor);
        assert_int_equal(map_read(store->fd, tensor, column, place.weights_row, 1), 0);
        assert_true(tensor[0] == value_of(store->identity[row], 100 + t));
    }
}

/* Rows of the file by their status, after a look at every checksum and every result. */
struct tally {
    int64_t of[ROW_STATUS_COUNT];
};
static struct tally check_file(const char *file)
{
    struct tally tally = {{0}};
    struct store *store;
    struct error err = {""};
    int64_t damaged;
    if (writer_open_file(&store, file, OPEN_JUDGE, &err) != OK)
        print_error("%s\n", err.text);
    assert_string_equal(err.text, "");
    store_damaged(store, &damaged);
    assert_int_equal(damaged, 0);
    for (int64_t row = 0; row < store->map.runs; row++) {
        enum row_status status = writer_status(store, row);
        tally.of[status]++;
        if (status == ROW_DONE || status == ROW_DIVERGED || status == ROW_RETIRED)
            check_row(store, row);
    }
    store_close(store);
    return tally;
}

static const enum row_status done[] = {ROW_DONE};

static struct store_change change(const char *file, const struct plan *plan)
{
    struct store_change seen, made;
    struct error err = {""};
    if (store_compare(&seen, file, plan, &err) != OK ||
        store_change(&made, file, plan, &fixture_provenance, false, &err) != OK)
        print_error("%s\n", err.text);
    assert_string_equal(err.text, "");
    assert_int_equal(seen.same, made.same);
    return made;
}

static void a_sweep_of_another_name_is_refused(void **state)
{
    const struct folder *folder = *state;
    struct error err = {""};
    char message[512];
    struct store_change seen;
    struct plan *plan = parse(SWEEP("[1]", "2", ""));
    make(folder->file, plan, done, 1);
    plan_destroy(plan);
    plan = parse("name: other\nset: {evaluation.tasks: 16}\n");
    assert_int_equal(store_compare(&seen, folder->file, plan, &err), ERR_FILE);
    snprintf(message, sizeof message,
             "%s: holds another sweep ('grown', this is 'other'); give this one its own file with "
             "-o",
             folder->file);
    assert_string_equal(err.text, message);
    plan_destroy(plan);
}

static void a_file_that_is_written_is_refused(void **state)
{
    const struct folder *folder = *state;
    struct error err = {""};
    struct store *store;
    struct store_change made;
    struct plan *plan = parse(SWEEP("[1]", "2", "")), *more = parse(SWEEP("[1]", "3", ""));
    make(folder->file, plan, done, 1);
    assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
    assert_int_equal(store_change(&made, folder->file, more, &fixture_provenance, false, &err),
                     ERR_FILE);
    assert_non_null(strstr(err.text, " writes it"));
    store_close(store);
    assert_int_equal(change(folder->file, plan).same, true);
    plan_destroy(plan);
    plan_destroy(more);
}

static void a_grown_sweep_keeps_its_results(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse(SWEEP("[2]", "4", "")), *more = parse(SWEEP("[1, 2]", "5", ""));
    make(folder->file, plan,
         (const enum row_status[]){ROW_DONE, ROW_DIVERGED, ROW_FAILED, ROW_PENDING}, 4);
    struct store_change made = change(folder->file, more);
    assert_false(made.same);
    assert_int_equal(made.kept, 2);
    assert_int_equal(made.left, 8); /* with the one that failed */
    assert_int_equal(made.retired + made.dropped, 0);
    struct tally tally = check_file(folder->file);
    assert_int_equal(tally.of[ROW_DONE], 1);
    assert_int_equal(tally.of[ROW_DIVERGED], 1);
    assert_int_equal(tally.of[ROW_FAILED], 1);
    assert_int_equal(tally.of[ROW_PENDING], 7);
    assert_true(change(folder->file, more).same);
    assert_int_equal(folder_files(folder, 0), 1);
    plan_destroy(plan);
    plan_destroy(more);
}

static void retired_rows_are_kept_and_come_back_as_they_were(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse(SWEEP("[1, 2]", "3", "")), *less = parse(SWEEP("[2]", "2", ""));
    make(folder->file, plan, (const enum row_status[]){ROW_DONE, ROW_DIVERGED, ROW_DONE}, 3);
    struct store_change made = change(folder->file, less);
    assert_int_equal(made.kept, 2);
    assert_int_equal(made.retired, 4);
    struct tally tally = check_file(folder->file);
    assert_int_equal(tally.of[ROW_DONE] + tally.of[ROW_DIVERGED], 2);
    assert_int_equal(tally.of[ROW_RETIRED], 4);
    struct store *store; /* the rows of the plan are those in front */
    assert_int_equal(store_open(&store, folder->file, less, false, NULL), OK);
    store_close(store);
    made = change(folder->file, plan);
    assert_int_equal(made.kept, 6);
    assert_int_equal(made.retired + made.left, 0);
    tally = check_file(folder->file);
    assert_int_equal(tally.of[ROW_DONE], 4);
    assert_int_equal(tally.of[ROW_DIVERGED], 2);
    plan_destroy(plan);
    plan_destroy(less);
}

static void rows_without_a_result_go_with_their_runs(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse(SWEEP("[1]", "4", "")), *less = parse(SWEEP("[1]", "1", ""));
    make(folder->file, plan, (const enum row_status[]){ROW_DONE, ROW_FAILED, ROW_PENDING}, 3);
    struct store_change made = change(folder->file, less);
    assert_int_equal(made.kept, 1);
    assert_int_equal(made.retired, 1);
    assert_int_equal(made.dropped, 1);
    plan_destroy(plan);
    plan_destroy(less);
}

static void a_damaged_row_runs_again(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse(SWEEP("[1]", "3", "")), *more = parse(SWEEP("[1]", "4", ""));
    struct store *store;
    make(folder->file, plan, done, 1);
    assert_int_equal(writer_open_file(&store, folder->file, OPEN_WRITE, NULL), OK);
    const struct map_column *losses = map_find(&store->map.results, "test_loss");
    assert_int_equal(map_write(store->fd, (const float[]){0, 0, 0}, losses, 1), 0);
    store_close(store);
    assert_int_equal(change(folder->file, more).damaged, 1);
    struct tally tally = check_file(folder->file);
    assert_int_equal(tally.of[ROW_DONE], 2);
    assert_int_equal(tally.of[ROW_PENDING], 2);
    plan_destroy(plan);
    plan_destroy(more);
}

static void weights_that_are_there_stay_and_others_are_kept_as_the_sweep_says(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse(SWEEP("[1]", "2", "")),
                *none = parse(SWEEP("[1]", "4", "quick: {keep.weights: none}\n"));
    struct plan_options quick = {.quick = true};
    const char *text = SWEEP("[1]", "4", "quick: {keep.weights: none}\n");
    plan_destroy(none);
    assert_int_equal(plan_parse(&none, "sweep.yaml", text, strlen(text), &quick, NULL), OK);
    make(folder->file, plan, done, 1);
    assert_int_equal(change(folder->file, none).kept, 2);
    struct store *store;
    assert_int_equal(store_open(&store, folder->file, none, false, NULL), OK);
    for (int64_t run = 0; run < 4; run++)
        assert_int_equal(store->class[run] >= 0, run < 2);
    store_close(store);
    assert_int_equal(check_file(folder->file).of[ROW_DONE], 2);
    assert_true(change(folder->file, none).same);
    plan_destroy(plan);
    plan_destroy(none);
}

/* ---- several files */

static void parts_are_merged_and_results_that_differ_are_named(void **state)
{
    const struct folder *folder = *state;
    char names[2][200], out[200], message[600];
    const char *const parts[] = {names[0], names[1]};
    struct plan *plan = parse(SWEEP("[1, 2]", "3", ""));
    struct store_change merged;
    struct error err = {""};
    for (int i = 0; i < 2; i++)
        snprintf(names[i], sizeof names[i], "%s/part%d.h5", folder->path, i);
    snprintf(out, sizeof out, "%s/out.h5", folder->path);
    make(names[0], plan, (const enum row_status[]){ROW_DONE, ROW_PENDING, ROW_DONE}, 3);
    make(names[1], plan, (const enum row_status[]){ROW_PENDING, ROW_DONE, ROW_DONE}, 3);
    assert_int_equal(store_merge(&merged, out, plan, parts, 2, &fixture_provenance, &err), OK);
    assert_int_equal(merged.kept, 6);
    assert_int_equal(check_file(out).of[ROW_DONE], 6);
    assert_int_equal(store_merge(&merged, out, plan, parts, 2, &fixture_provenance, &err),
                     ERR_FILE);
    unlink(out);
    unlink(names[1]);
    make(names[1], plan, (const enum row_status[]){ROW_PENDING, ROW_DONE, ROW_DIVERGED}, 3);
    assert_int_equal(store_merge(&merged, out, plan, parts, 2, &fixture_provenance, &err),
                     ERR_FILE);
    snprintf(message, sizeof message,
             "%s: run %016llx has another status than in %s; leave one of the files out", names[1],
             (unsigned long long)plan_identity(plan, 2), names[0]);
    const char *other = strstr(err.text, " has another status than in ");
    assert_non_null(other);
    assert_string_equal(other, strstr(message, " has another status than in "));
    assert_int_equal(folder_files(folder, 0), 2); /* nothing half made, no lock */
    plan_destroy(plan);
}

/* ---- analyses that are added */

/* The bits of two analyses, and a record of the columns of the second. */
enum { GD = 1, ALIGNMENT = 2 };

static struct record alignment_of(uint64_t identity)
{
    struct record record = {calloc(1, 4096), 4096, 0};
    for (int c = 0; c < run_columns(); c++) {
        double value = (double)value_of(identity, c);
        if (run_column_analysis(c) == 1)
            record_put(&record, PART_COLUMN, c, (const int32_t[]){1, 1, 1}, &value, sizeof value);
    }
    return record;
}

static enum status amend(struct store *store, int64_t run)
{
    struct record record = alignment_of(store->identity[run]);
    enum status status = store_amend(store, run, record.memory, record.used, NULL);
    free(record.memory);
    return status;
}

static void a_row_gets_the_analyses_that_it_lacks(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse(SWEEP("[1]", "3", ""));
    make(folder->file, plan, (const enum row_status[]){ROW_DONE, ROW_DIVERGED, ROW_DONE}, 3);
    plan_set_analyses(plan, GD | ALIGNMENT);
    struct store_change made = change(folder->file, plan);
    assert_int_equal(made.analyses, ALIGNMENT);
    assert_int_equal(made.kept, 3);
    struct store *store;
    assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
    assert_int_equal(store_lacks(store, 0), ALIGNMENT);
    assert_int_equal(store_lacks(store, 1), 0); /* of what diverged nothing can be said */
    size_t bytes = store_weights_bytes(store, 0);
    float *weights = malloc(bytes);
    assert_int_equal(store_weights((unsigned char *)weights, store, 0, NULL), OK);
    assert_true(weights[0] == value_of(plan_identity(plan, 0), 100));
    free(weights);
    assert_int_equal(amend(store, 0), OK);
    assert_int_equal(store_lacks(store, 0), 0);
    store_close(store);
    assert_int_equal(check_file(folder->file).of[ROW_DONE], 2);
    assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
    assert_int_equal(store_lacks(store, 0), 0);
    assert_int_equal(store_lacks(store, 2), ALIGNMENT);
    store_close(store);
    assert_true(change(folder->file, plan).same);
    plan_destroy(plan);
}

/* A kill after the columns, and one between the checksum and the bits of the analyses. */
static void a_row_stays_done_wherever_its_writer_was_killed(void **state)
{
    const struct folder *folder = *state;
    struct plan *plan = parse(SWEEP("[1]", "2", ""));
    make(folder->file, plan, done, 1);
    plan_set_analyses(plan, GD | ALIGNMENT);
    change(folder->file, plan);
    for (int moment = 0; moment < 2; moment++) {
        struct store *store;
        assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
        assert_int_equal(store_lacks(store, 0), ALIGNMENT);
        assert_int_equal(amend(store, 0), OK);
        if (moment == 0)
            store->given_up = true; /* nothing follows the columns */
        store_close(store);
        if (moment == 1) {
            assert_int_equal(writer_open_file(&store, folder->file, OPEN_WRITE, NULL), OK);
            const struct map_column *analysed = map_find(&store->map.results, "analysed");
            assert_int_equal(map_write(store->fd, &(uint64_t){GD}, analysed, 0), 0);
            store_close(store);
        }
        assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
        int64_t damaged;
        store_damaged(store, &damaged);
        assert_int_equal(damaged, 0);
        assert_int_equal(store_status(store, 0), ROW_DONE);
        assert_int_equal(store_lacks(store, 0), moment == 0 ? ALIGNMENT : 0);
        store_close(store);
    }
    plan_destroy(plan);
}

/* ---- kill -9 in the middle */

enum { SEEDS = 150, LIVES = 30 };

static void change_until_killed(const char *file, const struct plan *const plans[2])
{
    struct store_change made;
    for (int i = 0;; i++)
        if (store_change(&made, file, plans[i % 2], &fixture_provenance, false, NULL) != OK)
            _exit(1);
}

static void a_kill_leaves_the_old_file_or_the_new_one(void **state)
{
    const struct folder *folder = *state;
    struct plan *plans[2] = {parse(SWEEP("[1, 2]", "150", "")), parse(SWEEP("[2, 3]", "150", ""))};
    unsigned random = (unsigned)getpid();
    int code;
    make(folder->file, plans[0], done, 1);
    for (int life = 0; life < LIVES; life++) {
        pid_t pid = fork();
        if (pid == 0)
            change_until_killed(folder->file, (const struct plan *const *)plans);
        random = random * 1664525u + 1013904223u;
        usleep(1000 + (random >> 8) % 100000);
        kill(pid, SIGKILL);
        waitpid(pid, &code, 0);
        assert_true(WIFSIGNALED(code));
        struct tally tally = check_file(folder->file);
        assert_int_equal(tally.of[ROW_DONE] + tally.of[ROW_RETIRED], 2 * SEEDS);
    }
    for (int i = 0; i < 2; i++) /* one of them has nothing to do, and so removes nothing */
        change(folder->file, plans[i]);
    assert_int_equal(folder_files(folder, 0), 1); /* what the dead left is removed */
    plan_destroy(plans[0]);
    plan_destroy(plans[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_sweep_of_another_name_is_refused),
        TEST(a_file_that_is_written_is_refused),
        TEST(a_grown_sweep_keeps_its_results),
        TEST(retired_rows_are_kept_and_come_back_as_they_were),
        TEST(rows_without_a_result_go_with_their_runs),
        TEST(a_damaged_row_runs_again),
        TEST(weights_that_are_there_stay_and_others_are_kept_as_the_sweep_says),
        TEST(parts_are_merged_and_results_that_differ_are_named),
        TEST(a_row_gets_the_analyses_that_it_lacks),
        TEST(a_row_stays_done_wherever_its_writer_was_killed),
        TEST(a_kill_leaves_the_old_file_or_the_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
