/* A run from configuration to record. */
#include "run/run.h"

#include <math.h>

#include "setup.h"

static void a_done_run_fills_exactly_the_record_that_was_announced(void **state)
{
    (void)state;
    static const char *const kinds[][4] = {
        {NULL},
        {"model.depth=2", "model.heads=2"},
        {"tokens.kind=separate", "model.depth=2", "model.layers=softmax linear"},
        {"keep.weights=none"}};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct run_config config = CONFIG(TINY, kinds[i][0], kinds[i][1], kinds[i][2]);
        struct done done = execute(&config, ALL_ANALYSES, NULL);
        assert_int_equal(done.outcome, RUN_DONE);
        assert_int_equal(done.record.used, done.record.size);
        for (int c = 0; c < run_columns(); c++)
            assert_true(run_column_applies(&config, ALL_ANALYSES, c) ==
                        (part_of(&done.record, PART_COLUMN, c) != NULL));
        bool kept = run_keep(&config).weights;
        assert_true(kept == (part_of(&done.record, PART_TENSOR, 0) != NULL));
        done_dispose(&done);
    }
}

static void the_final_figures_are_those_of_the_curve(void **state)
{
    (void)state;
    struct run_config config = CONFIG(TINY);
    struct done done = execute(&config, 0, NULL);
    const struct part *test = part_of(&done.record, PART_COLUMN, column_named("test_loss"));
    const float *curve = part_data(test);
    assert_int_equal(test->shape[0], 3);
    const double *error =
        part_data(part_of(&done.record, PART_COLUMN, column_named("test_loss_error")));
    const double *median =
        part_data(part_of(&done.record, PART_COLUMN, column_named("test_loss_median")));
    const double *trimmed =
        part_data(part_of(&done.record, PART_COLUMN, column_named("test_loss_trimmed")));
    const int32_t *steps =
        part_data(part_of(&done.record, PART_COLUMN, column_named("steps_done")));
    assert_int_equal(*steps, 10);
    /* 40 tasks: nothing is trimmed; float rounds by 6e-8. Losses are positive and skewed, so the
     * median is below the mean, and the error of the mean below the mean. */
    assert_true(fabs(*trimmed - curve[2]) <= 1e-7 * curve[2]);
    assert_true(*median > 0 && *median < curve[2]);
    assert_true(*error > 0 && *error < curve[2]);
    done_dispose(&done);
}

static void tensors_have_the_shapes_of_the_model(void **state)
{
    (void)state;
    struct run_config config = CONFIG(TINY, "model.depth=2", "model.heads=2", "model.key_size=3");
    static struct model model;
    assert_int_equal(run_check(&config, &model, NULL), OK);
    struct done done = execute(&config, 0, NULL);
    for (int i = 0; i < model.tensor_count; i++) {
        const struct part *part = part_of(&done.record, PART_TENSOR, i);
        assert_non_null(part);
        assert_int_equal(part->shape[0], model.tensors[i].shape[0]);
        assert_int_equal(part->bytes, model.tensors[i].count * sizeof(float));
        const float *values = part_data(part);
        for (size_t j = 0; j < model.tensors[i].count; j++)
            assert_true(isfinite(values[j]) && fabsf(values[j]) < 10);
    }
    assert_null(part_of(&done.record, PART_TENSOR, model.tensor_count));
    done_dispose(&done);
}

static void the_same_run_gives_the_same_bytes(void **state)
{
    (void)state;
    struct run_config config = CONFIG(TINY, "model.depth=2");
    struct done a = execute(&config, ALL_ANALYSES, NULL), b = execute(&config, ALL_ANALYSES, NULL);
    assert_int_equal(a.record.used, b.record.used);
    assert_memory_equal(a.record.memory, b.record.memory, a.record.used);
    config.seed = 1;
    struct done c = execute(&config, ALL_ANALYSES, NULL);
    assert_memory_not_equal(a.record.memory, c.record.memory, a.record.used);
    done_dispose(&a);
    done_dispose(&b);
    done_dispose(&c);
}

static void analyses_change_no_bit_of_the_training(void **state)
{
    (void)state;
    struct run_config config = CONFIG(TINY);
    struct done with = execute(&config, ALL_ANALYSES, NULL), without = execute(&config, 0, NULL);
    size_t at = 0;
    const struct part *part;
    while ((part = record_next(without.record.memory, without.record.used, &at))) {
        const struct part *other = part_of(&with.record, (enum part_kind)part->kind, part->index);
        assert_non_null(other);
        assert_memory_equal(part, other, sizeof *part + (size_t)part->bytes);
    }
    done_dispose(&with);
    done_dispose(&without);
}

static void a_diverged_run_keeps_its_curves_and_nothing_else(void **state)
{
    (void)state;
    struct run_config config =
        CONFIG(TINY, "model.depth=3", "train.optimiser=sgd", "train.rate=100", "train.clip_norm=0");
    struct done done = execute(&config, ALL_ANALYSES, NULL);
    assert_int_equal(done.outcome, RUN_DIVERGED);
    const float *curve = part_data(part_of(&done.record, PART_COLUMN, column_named("test_loss")));
    assert_true(isfinite(curve[0]) && isnan(curve[2]));
    const int32_t *steps =
        part_data(part_of(&done.record, PART_COLUMN, column_named("steps_done")));
    assert_true(*steps >= 1 && *steps < 10);
    assert_null(part_of(&done.record, PART_COLUMN, column_named("test_loss_median")));
    assert_null(part_of(&done.record, PART_TENSOR, 0));
    done_dispose(&done);
}

struct heard {
    int points, asked;
    float train[3], test[3];
};

static void hear(void *context, int evaluation, float train_loss, float test_loss)
{
    struct heard *heard = context;
    assert_int_equal(evaluation, heard->points++);
    heard->train[evaluation] = train_loss;
    heard->test[evaluation] = test_loss;
}

static bool stop_at_7(void *context)
{
    struct heard *heard = context;
    return ++heard->asked == 7;
}

static void the_host_hears_the_curves_that_are_stored(void **state)
{
    (void)state;
    struct run_config config = CONFIG(TINY);
    struct heard heard = {0};
    struct run_host host = {.context = &heard, .progress = hear};
    struct done done = execute(&config, 0, &host);
    assert_int_equal(heard.points, 3);
    const struct part *train = part_of(&done.record, PART_COLUMN, column_named("train_loss"));
    const struct part *test = part_of(&done.record, PART_COLUMN, column_named("test_loss"));
    assert_memory_equal(part_data(train), heard.train, sizeof heard.train);
    assert_memory_equal(part_data(test), heard.test, sizeof heard.test);
    done_dispose(&done);
}

static void a_stopped_run_leaves_an_empty_record(void **state)
{
    (void)state;
    struct run_config config = CONFIG(TINY);
    struct heard heard = {0};
    struct run_host host = {.context = &heard, .progress = hear, .stop = stop_at_7};
    struct done done = execute(&config, 0, &host);
    assert_int_equal(done.outcome, RUN_STOPPED);
    assert_int_equal(heard.asked, 7);
    assert_int_equal(done.record.used, 0);
    done_dispose(&done);
}

/* A host that keeps what a run saves. */
struct keeper {
    struct heard heard;
    unsigned char bytes[20000];
    size_t size;
    int saves, asked, stop_after; /* times asked; 0: never */
    char refused[80];
};

static void keeper_hears(void *context, int evaluation, float train_loss, float test_loss)
{
    hear(&((struct keeper *)context)->heard, evaluation, train_loss, test_loss);
}

static bool keeper_stops(void *context)
{
    struct keeper *keeper = context;
    return ++keeper->asked == keeper->stop_after;
}

static size_t keeper_restores(void *context, unsigned char *bytes, size_t size)
{
    struct keeper *keeper = context;
    memcpy(bytes, keeper->bytes, keeper->size < size ? keeper->size : size);
    return keeper->size;
}

static void keeper_is_refused(void *context, const char *why)
{
    struct keeper *keeper = context;
    snprintf(keeper->refused, sizeof keeper->refused, "%s", why);
}

/* After every second step, and at a stop. */
static bool keeper_is_due(void *context, double share, bool stopping)
{
    const struct keeper *keeper = context;
    assert_true(share > 0 && share <= 1);
    return keeper->asked % 2 == 0 || stopping;
}

static void keeper_saves(void *context, const unsigned char *bytes, size_t size)
{
    struct keeper *keeper = context;
    assert_true(size <= sizeof keeper->bytes);
    memcpy(keeper->bytes, bytes, size);
    keeper->size = size;
    keeper->saves++;
}

static struct run_host host_of(struct keeper *keeper)
{
    return (struct run_host){.context = keeper,
                             .progress = keeper_hears,
                             .stop = keeper_stops,
                             .identity = 77,
                             .restore = keeper_restores,
                             .refuse = keeper_is_refused,
                             .due = keeper_is_due,
                             .save = keeper_saves};
}

static void what_was_saved_is_refused_when_damaged_or_of_another_run(void **state)
{
    (void)state;
    static const struct {
        const char *damage, *why;
    } cases[] = {
        {"cut", "checkpoint: cut short, 9 bytes"},
        {"bit", "checkpoint: damaged, its checksum does not match"},
        {"run", "checkpoint: of another run"},
        {"long", "checkpoint: "},
    };
    struct run_config config = CONFIG(TINY);
    struct done calm = execute(&config, 0, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct keeper keeper = {.stop_after = 7};
        struct run_host host = host_of(&keeper);
        struct done stopped = execute(&config, 0, &host);
        assert_int_equal(stopped.outcome, RUN_STOPPED);
        done_dispose(&stopped);
        if (*cases[i].damage == 'c')
            keeper.size = 9;
        else if (*cases[i].damage == 'b')
            keeper.bytes[keeper.size / 2] ^= 1;
        else if (*cases[i].damage == 'r')
            host.identity++;
        else
            keeper.size++;
        keeper.heard.points = keeper.asked = keeper.stop_after = 0;
        struct done done = execute(&config, 0, &host);
        assert_memory_equal(keeper.refused, cases[i].why, strlen(cases[i].why));
        assert_int_equal(keeper.asked, 10);
        assert_int_equal(done.record.used, calm.record.used);
        assert_memory_equal(done.record.memory, calm.record.memory, calm.record.used);
        done_dispose(&done);
    }
    done_dispose(&calm);
}

static void goes_on_from_any_step(const char *keep)
{
    struct run_config config = CONFIG(TINY, "model.depth=2", "train.clip_value=10", keep);
    struct done calm = execute(&config, ALL_ANALYSES, NULL);
    for (int step = 1; step <= 10; step++) {
        struct keeper keeper = {.stop_after = step};
        struct run_host host = host_of(&keeper);
        struct done stopped = execute(&config, ALL_ANALYSES, &host);
        assert_int_equal(stopped.outcome, RUN_STOPPED);
        assert_int_equal(keeper.saves, (step + 1) / 2);
        done_dispose(&stopped);
        keeper.heard.points = keeper.asked = keeper.stop_after = 0;
        struct done done = execute(&config, ALL_ANALYSES, &host);
        assert_int_equal(done.outcome, RUN_DONE);
        assert_int_equal(keeper.asked, 10 - step);
        assert_int_equal(keeper.heard.points, 3); /* the points before the stop are told again */
        assert_string_equal(keeper.refused, "");
        assert_int_equal(done.record.used, calm.record.used);
        assert_memory_equal(done.record.memory, calm.record.memory, calm.record.used);
        done_dispose(&done);
    }
    done_dispose(&calm);
}

static void a_run_that_goes_on_from_any_step_ends_with_the_same_bits(void **state)
{
    (void)state;
    goes_on_from_any_step("keep.weights=final");
    goes_on_from_any_step("keep.weights=at 0 3 4 10");
}

static void more_work_costs_more(void **state)
{
    (void)state;
    struct run_config small = CONFIG("model.depth=2"), config = small;
    double cost = run_cost(&small, 0);
    assert_true(cost > 0 && run_memory(&small, 0) > 0);
    config.train.steps *= 2;
    assert_true(run_cost(&config, 0) > 1.5 * cost);
    config = small;
    config.model.depth = 4;
    assert_true(run_cost(&config, 0) > 1.5 * cost);
    config = small;
    config.evaluation.tasks *= 100;
    assert_true(run_cost(&config, 0) > 2 * cost);
    assert_true(run_memory(&config, 0) > run_memory(&small, 0));
    assert_true(run_cost(&small, ALL_ANALYSES) >= cost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_done_run_fills_exactly_the_record_that_was_announced),
        cmocka_unit_test(the_final_figures_are_those_of_the_curve),
        cmocka_unit_test(tensors_have_the_shapes_of_the_model),
        cmocka_unit_test(the_same_run_gives_the_same_bytes),
        cmocka_unit_test(analyses_change_no_bit_of_the_training),
        cmocka_unit_test(a_diverged_run_keeps_its_curves_and_nothing_else),
        cmocka_unit_test(the_host_hears_the_curves_that_are_stored),
        cmocka_unit_test(a_stopped_run_leaves_an_empty_record),
        cmocka_unit_test(what_was_saved_is_refused_when_damaged_or_of_another_run),
        cmocka_unit_test(a_run_that_goes_on_from_any_step_ends_with_the_same_bits),
        cmocka_unit_test(more_work_costs_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
