/* Analyses of weights that were trained before: the same bits as at the end of training. */
#include "run/run.h"

#include "setup.h"

enum { WEIGHTS = 4096 };

/* The tensors of a record, one behind the other. */
static size_t weights_of(float weights[WEIGHTS], const struct record *record)
{
    size_t count = 0, at = 0;
    const struct part *part;
    while ((part = record_next(record->memory, record->used, &at)))
        if (part->kind == PART_TENSOR) {
            assert_true(count + (size_t)part->bytes / sizeof(float) <= WEIGHTS);
            memcpy(weights + count, part_data(part), (size_t)part->bytes);
            count += (size_t)part->bytes / sizeof(float);
        }
    return count;
}

static void analyses_of_kept_weights_have_the_bits_of_the_run(void **state)
{
    (void)state;
    static const char *const kinds[][4] = {
        {NULL},
        {"model.depth=2", "model.heads=2"},
        {"model.depth=3", "model.weights=shared"},
        {"model.depth=2", "keep.weights=at 2 7"},
        {"tokens.kind=separate", "model.depth=2", "model.layers=softmax linear"}};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct run_config config = CONFIG(TINY, kinds[i][0], kinds[i][1], kinds[i][2]);
        struct done done = execute(&config, ALL_ANALYSES, NULL);
        float weights[WEIGHTS];
        size_t count = weights_of(weights, &done.record);
        struct record later = {malloc(done.record.size), done.record.size, 0};
        struct error err = {""};
        if (run_analyse(&later, &config, ALL_ANALYSES, weights, count, &err) != OK)
            fail_msg("%s", err.text);
        for (int c = 0; c < run_columns(); c++) {
            const struct part *a = part_of(&done.record, PART_COLUMN, c);
            const struct part *b = part_of(&later, PART_COLUMN, c);
            assert_true((b != NULL) == (a && run_column_analysis(c) >= 0));
            if (b) {
                assert_int_equal(a->bytes, b->bytes);
                assert_memory_equal(part_data(a), part_data(b), (size_t)a->bytes);
            }
        }
        assert_null(part_of(&later, PART_TENSOR, 0));
        free(later.memory);
        done_dispose(&done);
    }
}

/* What several of them compare with is found once, by whichever is first. */
static void analyses_have_the_same_bits_alone_and_together(void **state)
{
    (void)state;
    static const char *const kinds[][2] = {{"model.depth=1"},
                                           {"model.depth=2", "model.weights=shared"}};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct run_config config = CONFIG(TINY, kinds[i][0], kinds[i][1]);
        struct done done = execute(&config, ALL_ANALYSES, NULL);
        float weights[WEIGHTS];
        size_t count = weights_of(weights, &done.record);
        struct record alone = {malloc(done.record.size), done.record.size, 0};
        double costs = 0;
        for (int a = 0; a < run_analyses(); a++) {
            struct error err = {""};
            assert_int_equal(run_analyse(&alone, &config, UINT64_C(1) << a, weights, count, &err),
                             OK);
            costs += run_analysis_cost(&config, UINT64_C(1) << a);
            for (int c = 0; c < run_columns(); c++) {
                const struct part *one = part_of(&alone, PART_COLUMN, c);
                const struct part *of_all = part_of(&done.record, PART_COLUMN, c);
                if (one)
                    assert_memory_equal(part_data(one), part_data(of_all), (size_t)one->bytes);
            }
        }
        assert_true(run_analysis_cost(&config, ALL_ANALYSES) < costs);
        free(alone.memory);
        done_dispose(&done);
    }
}

static void weights_of_another_model_are_refused(void **state)
{
    (void)state;
    static const float weights[WEIGHTS];
    struct run_config config = CONFIG(TINY);
    struct record record = {0};
    struct error err = {""};
    assert_int_equal(run_analyse(&record, &config, ALL_ANALYSES, weights, 7, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "7 weights were kept where the model has "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(analyses_of_kept_weights_have_the_bits_of_the_run),
        cmocka_unit_test(analyses_have_the_same_bits_alone_and_together),
        cmocka_unit_test(weights_of_another_model_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
