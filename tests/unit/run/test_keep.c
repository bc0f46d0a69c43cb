/* What a run keeps of its weights: the value of the key, and the snapshots in the record. */
#include "run/keep.h"

#include "setup.h"

static void what_is_no_list_of_steps_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "all",
                                        "at",
                                        "at ",
                                        "at x",
                                        "at 5 5",
                                        "at -1",
                                        "at 10 500 20",
                                        "at 5,6",
                                        "final 500",
                                        "at 05",
                                        "at 10000000000",
                                        "at 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"};
    struct keep keep = {.count = 7};
    struct error err = {""};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(keep_read(&keep, wrong[i], &err), ERR_CONFIG);
        assert_int_equal(keep.count, 7);
    }
    assert_int_equal(keep_read(&keep, "last", &err), ERR_CONFIG);
    assert_string_equal(err.text, "'last' is no way to keep weights, allowed are final, none, and "
                                  "up to 16 steps in rising order as in {at: [500, 1000]}");
    struct run_config config = CONFIG(TINY, "keep.weights=at 5 11");
    assert_int_equal(run_check(&config, NULL, &err), ERR_CONFIG);
    assert_string_equal(err.text, "keep.weights: step 11 is behind the end of training, "
                                  "train.steps is 10");
}

static void texts_are_read_and_printed(void **state)
{
    (void)state;
    static const char *const texts[] = {"none", "final", "at 0", "at 0 500 100000000"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct keep keep;
        struct key_text text;
        assert_int_equal(keep_read(&keep, texts[i], NULL), OK);
        assert_int_equal(keep.weights, i > 0);
        assert_int_equal(keep.count, i < 2 ? 0 : 2 * i - 3);
        assert_true(keep_print(&text, &keep));
        assert_string_equal(text.text, texts[i]);
    }
}

static const float *tensor(const struct done *done, int index, const int32_t shape[3])
{
    const struct part *part = part_of(&done->record, PART_TENSOR, index);
    assert_non_null(part);
    assert_memory_equal(part->shape, shape, sizeof part->shape);
    return part_data(part);
}

/* The rate is constant and batches are a function of the step, so a shorter training is the
 * beginning of a longer one. */
static void a_snapshot_has_the_weights_of_a_training_that_ended_there(void **state)
{
    (void)state;
    struct run_config config = CONFIG(TINY, "model.depth=2", "keep.weights=at 4 10");
    struct run_config shorter = CONFIG(TINY, "model.depth=2", "train.steps=4");
    static struct model model;
    assert_int_equal(run_check(&config, &model, NULL), OK);
    struct done done = execute(&config, ALL_ANALYSES, NULL);
    struct done early = execute(&shorter, ALL_ANALYSES, NULL);
    assert_int_equal(done.record.used, done.record.size);
    for (int t = 0; t < model.tensor_count; t++) {
        const struct tensor *row = &model.tensors[t];
        int32_t shape[3] = {row->shape[0], row->rank > 1 ? row->shape[1] : 1, 1};
        int32_t snapshots[3] = {2, shape[0], shape[1]};
        const float *both = tensor(&done, model.tensor_count + t, snapshots);
        size_t bytes = row->count * sizeof(float);
        assert_memory_equal(both, tensor(&early, t, shape), bytes);
        assert_memory_equal(both + row->count, tensor(&done, t, shape), bytes);
    }
    const int32_t *steps =
        part_data(part_of(&done.record, PART_COLUMN, column_named("snapshot_step")));
    assert_int_equal(steps[0], 4);
    assert_int_equal(steps[1], 10);
    assert_null(part_of(&early.record, PART_COLUMN, column_named("snapshot_step")));
    done_dispose(&done);
    done_dispose(&early);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_list_of_steps_is_refused),
        cmocka_unit_test(texts_are_read_and_printed),
        cmocka_unit_test(a_snapshot_has_the_weights_of_a_training_that_ended_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
