/* Tasks of the engine, as theory reads them out of tokens. */
#include "near.h"

#include <stdlib.h>

#include "theory/descent.h"
#include "theory/expectation.h"
#include "theory/least_squares.h"

/* Tasks 0 .. count-1 of a fixed source, by way of this token construction; free(set.at). */
static struct regression_set draw(const struct task_config *config, int kind, int count)
{
    struct error err = {""};
    struct tokens_config tokens_config = {.kind = kind};
    struct task task;
    const struct kernels *kernels;
    assert_int_equal(task_init(&task, config, &tokens_config, &err), OK);
    assert_int_equal(kernels_best(&kernels, &err), OK);
    struct arena arena = arena_measure();
    struct regression_set set = regression_create(&arena, &task, count);
    set.at = malloc(arena.used);
    size_t rows = (size_t)(task.shape.tokens * task.shape.width);
    real *tokens = aligned_alloc(64, sizeof(real) * rows * LANES);
    real *target = aligned_alloc(64, sizeof(real) * (size_t)config->outputs * LANES);
    real *scratch = aligned_alloc(64, sizeof(real) * (size_t)task_scratch(&task) * LANES);
    struct task_source source = {9, STREAM_EVALUATION, 0};
    for (int g = 0; g < regression_groups(&set); g++) {
        task_draw(tokens, target, &task, kernels, &source, (uint64_t)(g * LANES), scratch);
        regression_read(&set, g, tokens, target, &task);
    }
    free(scratch);
    free(target);
    free(tokens);
    return set;
}

static const struct task_config paper = {
    .dimension = 10, .context = 10, .outputs = 1, .input_range = 1, .weight_scale = 1};
static const struct task_config odd = {
    .dimension = 3, .context = 7, .outputs = 2, .input_range = 2, .weight_scale = 1.5};

static void tasks_do_not_depend_on_the_token_construction(void **state)
{
    (void)state;
    enum { TASKS = 20, NUMBERS = 8 * 5 * LANES };
    struct regression_set joint = draw(&odd, TOKENS_JOINT, TASKS);
    struct regression_set separate = draw(&odd, TOKENS_SEPARATE, TASKS);
    assert_memory_equal(joint.at, separate.at, 2 * NUMBERS * sizeof(double));
    assert_true(joint.at[0] != 0 && joint.at[NUMBERS] != 0);
    for (int row = 0; row < NUMBERS / LANES; row++)
        for (int b = TASKS - LANES; b < LANES; b++) /* beyond the count */
            assert_true(joint.at[NUMBERS + row * LANES + b] == 0);
    free(separate.at);
    free(joint.at);
}

/* y = W x exactly, so least squares with N > d finds each query's label from the context: that
 * pairs and query are where they belong. Labels are floats (2^-24 of sums of 3 terms below 8), and
 * the condition of X is below 100. */
static void labels_are_linear_in_inputs(void **state)
{
    (void)state;
    struct regression_set set = draw(&odd, TOKENS_SEPARATE, LANES);
    struct regression group = regression_at(&set, 0);
    double scratch[100], yhat[2];
    for (int b = 0; b < LANES; b++) {
        least_squares_predict(yhat, &group, b, scratch);
        for (int o = 0; o < 2; o++)
            assert_near(yhat[o], group.yq[o * LANES + b], 100 * 24 * 0x1p-24);
    }
    free(set.at);
}

/* Statement 3 on the engine's own tasks, within 4 standard errors. */
static void descent_on_sampled_tasks_has_the_expected_loss(void **state)
{
    (void)state;
    enum { TASKS = 10000 };
    const struct task_config *tasks[] = {&paper, &odd};
    double *losses = malloc(sizeof(double) * TASKS), *scratch = malloc(sizeof(double) * 10000);
    for (size_t k = 0; k < COUNT(tasks); k++) {
        struct regression_set set = draw(tasks[k], TOKENS_JOINT, TASKS);
        struct descent descent = {.steps = 1, .rate = expected_descent_rate(tasks[k])};
        double mean = descent_loss(losses, &set, &descent, scratch), squares = 0;
        for (int i = 0; i < TASKS; i++)
            squares += (losses[i] - mean) * (losses[i] - mean);
        assert_near(mean, expected_descent_loss(tasks[k], descent.rate),
                    4 * sqrt(squares / (TASKS - 1) / TASKS));
        free(set.at);
    }
    free(scratch);
    free(losses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_do_not_depend_on_the_token_construction),
        cmocka_unit_test(labels_are_linear_in_inputs),
        cmocka_unit_test(descent_on_sampled_tasks_has_the_expected_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
