/* From a sweep file to a result file and back: what only a real plan shows. */
#include "test.h"

#include "files.h"
#include "fixture.h"

static const char sweep[] = "name: two-sizes\n"
                            "about: depths, tokens and lengths that differ\n"
                            "set: {train.batch: 16, evaluation.tasks: 16}\n"
                            "grid:\n"
                            "  model.depth: [1, 2]\n"
                            "  train.steps: [100, 200]\n"
                            "  tokens.kind: [joint, separate]\n"
                            "  seed: {count: 2}\n"
                            "when:\n"
                            "  - {if: {train.steps: 200}, set: {train.evaluations: 3}}\n";

static int setup(void **state)
{
    return folder_setup(state);
}

static struct plan *parse(const char *text)
{
    struct plan *plan = NULL;
    struct error err = {""};
    struct plan_options options = {0};
    enum status status = plan_parse(&plan, "sweep.yaml", text, strlen(text), &options, &err);
    if (status != OK)
        print_error("%s\n", err.text);
    assert_int_equal(status, OK);
    return plan;
}

static void the_layout_follows_from_the_plan(void **state)
{
    (void)state;
    struct error err = {""};
    struct layout layout;
    struct plan *plan = parse(sweep);
    assert_int_equal(layout_plan(&layout, plan, NULL, &err), OK);
    assert_int_equal(layout.runs, 16);
    assert_false(layout.same_steps);
    assert_int_equal(layout.class_count, 2); /* depths; all tokens have one width */
    int64_t members = 0;
    for (int c = 0; c < layout.class_count; c++)
        members += layout.classes[c].runs;
    assert_int_equal(members, 16);
    assert_int_equal(layout.axes[AXIS_EVALUATION].length, 51);
    assert_int_equal(layout.swept_count, 5); /* train.evaluations, too */
    assert_true(layout.column_count > 2);
    layout_dispose(&layout);
    plan_destroy(plan);
}

static void a_plan_opens_the_file_that_was_made_from_it(void **state)
{
    const struct folder *folder = *state;
    struct error err = {""};
    struct store *store = NULL;
    struct store_origin origin;
    struct plan *plan = parse(sweep);
    assert_int_equal(store_create(folder->file, plan, &fixture_provenance, &err), OK);
    assert_int_equal(store_origin(&origin, folder->file, &err), OK);
    struct plan *again = parse(origin.sweep);
    store_origin_dispose(&origin);
    assert_int_equal(store_open(&store, folder->file, again, false, &err), OK);
    for (int64_t i = 0; i < 16; i++)
        assert_int_equal(store_commit(store, i, ROW_DONE, NULL, 0, &fixture_log, &err), OK);
    store_close(store);
    assert_int_equal(store_open(&store, folder->file, plan, false, &err), OK);
    int64_t count;
    store_damaged(store, &count);
    assert_int_equal(count, 0); /* what the plan gives is what was created */
    assert_int_equal(store_status(store, 15), ROW_DONE);
    store_close(store);
    plan_destroy(again);
    plan_destroy(plan);
}

static void the_record_of_a_real_model_finds_its_datasets(void **state)
{
    const struct folder *folder = *state;
    struct store *store = NULL;
    struct plan *plan = parse(sweep);
    struct run_config config;
    static struct model model;
    assert_int_equal(store_create(folder->file, plan, &fixture_provenance, NULL), OK);
    assert_int_equal(store_open(&store, folder->file, plan, false, NULL), OK);
    for (int64_t run = 0; run < 16; run++) {
        plan_config(plan, run, &config);
        assert_int_equal(run_check(&config, &model, NULL), OK);
        struct record record = {calloc(1 << 20, 1), 1 << 20, 0};
        float *weights = calloc(model.parameters, sizeof *weights);
        for (int t = 0; t < model.tensor_count; t++) {
            const struct tensor *tensor = &model.tensors[t];
            int32_t shape[3] = {tensor->shape[0], tensor->rank > 1 ? tensor->shape[1] : 1, 1};
            weights[0] = (float)(100 * run + t);
            record_put(&record, PART_TENSOR, t, shape, weights, tensor->count * sizeof *weights);
        }
        assert_int_equal(
            store_commit(store, run, ROW_DONE, record.memory, record.used, &fixture_log, NULL), OK);
        assert_int_equal(store_turn(store, NULL), OK);
        struct place place = writer_place(store, run);
        for (int t = 0; t < model.tensor_count; t++) {
            const struct map_column *column = &place.class->tensors.columns[t];
            float *row = malloc(column->row);
            const char *slash = strrchr(column->name, '/');
            assert_string_equal(slash ? slash + 1 : column->name, model.tensors[t].name);
            assert_int_equal(map_read(store->fd, row, column, place.weights_row, 1), 0);
            assert_true(row[0] == (float)(100 * run + t));
            free(row);
        }
        free(weights);
        free(record.memory);
    }
    store_close(store);
    plan_destroy(plan);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_layout_follows_from_the_plan),
        TEST(a_plan_opens_the_file_that_was_made_from_it),
        TEST(the_record_of_a_real_model_finds_its_datasets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
