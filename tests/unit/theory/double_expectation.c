/* Closed forms against the numbers of science.md section 4 and against samples. */
#include "near.h"

#include "sample.h"
#include "theory/descent.h"
#include "theory/expectation.h"
#include "theory/least_squares.h"

static struct task_config at_range(double range)
{
    struct task_config task = paper_task;
    task.input_range = range;
    return task;
}

/* Half a unit of the last digit printed there. */
static void statements_3_5_and_6_have_the_printed_numbers(void **state)
{
    (void)state;
    struct task_config one = at_range(1), two = at_range(2), half = at_range(.5);
    double c = expected_descent_rate(&one);
    assert_near(c, .606061, 5e-7);
    assert_near(expected_descent_loss(&one, c), .206229, 5e-7);
    assert_near(expected_zero_loss(&one), .416667, 5e-7);
    assert_near(expected_descent_rate(&two), .151515, 5e-7);
    assert_near(expected_descent_loss(&two, expected_descent_rate(&two)), .824916, 5e-7);
    assert_near(expected_zero_loss(&two), 1.666667, 5e-7);
    assert_near(expected_descent_loss(&half, c), .08115, 5e-6);
    assert_near(expected_descent_loss(&one, c), .20623, 5e-6);
    assert_near(expected_descent_loss(&two, c), 8.40067, 5e-6);
    assert_near(expected_least_squares_loss(&one), 0, 0);
    one.context = 6;
    assert_near(expected_least_squares_loss(&one), .5 / 12 * 4, 1e-15);
}

static void weight_scale_multiplies_losses_by_its_square(void **state)
{
    (void)state;
    struct task_config one = at_range(1.2), scaled = one;
    scaled.weight_scale = 3;
    double rates[] = {0, .3, 2};
    for (size_t i = 0; i < COUNT(rates); i++)
        assert_near(expected_descent_loss(&scaled, rates[i]),
                    9 * expected_descent_loss(&one, rates[i]), 1e-12);
    assert_near(expected_descent_rate(&scaled), expected_descent_rate(&one), 1e-15);
}

/* |mean of the sample - expectation| <= 4 standard errors of the sample. */
static void assert_is_the_mean(const double *losses, int count, double expected)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++)
        sum += losses[i];
    double mean = sum / count;
    for (int i = 0; i < count; i++)
        squares += (losses[i] - mean) * (losses[i] - mean);
    assert_near(mean, expected, 4 * sqrt(squares / (count - 1) / count));
}

static void sampled_descent_has_the_expected_loss(void **state)
{
    (void)state;
    static const struct task_config noisy = {.dimension = 5,
                                             .context = 20,
                                             .outputs = 2,
                                             .input_range = 1.4,
                                             .weight_scale = .7,
                                             .noise = .8};
    const struct task_config *tasks[] = {&paper_task, &odd_task, &noisy};
    enum { TASKS = 20000 };
    double *losses = malloc(sizeof(double) * TASKS), scratch[10000];
    for (size_t k = 0; k < COUNT(tasks); k++) {
        struct regression_set set = sample_set(tasks[k], TASKS, 40 + k);
        double best = expected_descent_rate(tasks[k]), rates[] = {best, .5 * best, 1.5 * best};
        for (size_t i = 0; i < COUNT(rates); i++) {
            struct descent descent = {.steps = 1, .rate = rates[i]};
            descent_loss(losses, &set, &descent, scratch);
            assert_is_the_mean(losses, TASKS, expected_descent_loss(tasks[k], rates[i]));
        }
        free(set.at);
    }
    free(losses);
}

static void sampled_least_squares_has_the_expected_loss(void **state)
{
    (void)state;
    enum { TASKS = 10000 };
    struct task_config task = paper_task;
    task.context = 6;
    struct regression_set set = sample_set(&task, TASKS, 50);
    double *losses = malloc(sizeof(double) * TASKS), scratch[1000], yhat;
    assert_true(least_squares_scratch(set.d, set.N, set.O) <= COUNT(scratch));
    for (int i = 0; i < TASKS; i++) {
        struct regression group = regression_at(&set, i / LANES);
        least_squares_predict(&yhat, &group, i % LANES, scratch);
        double difference = yhat - group.yq[i % LANES];
        losses[i] = .5 * difference * difference;
    }
    assert_is_the_mean(losses, TASKS, expected_least_squares_loss(&task));
    free(losses);
    free(set.at);
}

/* Without noise and with N > d the answer is the task's own W; the error grows with the condition
 * number of X (below 1e3 here): 1e3 * 2^-53 * a few terms. */
static void least_squares_recovers_labels_without_noise(void **state)
{
    (void)state;
    struct task_config task = odd_task;
    task.noise = 0;
    struct regression_set set = sample_set(&task, LANES, 51);
    struct regression group = regression_at(&set, 0);
    double scratch[100], yhat[2];
    for (int b = 0; b < LANES; b++) {
        least_squares_predict(yhat, &group, b, scratch);
        for (int o = 0; o < 2; o++)
            assert_near(yhat[o], group.yq[o * LANES + b], 1e-11);
    }
    free(set.at);
}

/* With noise and N > d it is the limit of gradient descent, which gets there as (1 - c lam)^steps
 * for the smallest eigenvalue lam of G (x of odd_task: mean lam 5/3, c = .1). */
static void least_squares_is_where_descent_ends(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&odd_task, LANES, 52);
    struct regression group = regression_at(&set, 0);
    double scratch[10000], yhat[2], limit[2 * LANES];
    descent_predict(limit, NULL, &group, &(struct descent){.steps = 20000, .rate = .1}, scratch);
    for (int b = 0; b < LANES; b++) {
        least_squares_predict(yhat, &group, b, scratch);
        for (int o = 0; o < 2; o++)
            assert_near(yhat[o], limit[o * LANES + b], 1e-9);
    }
    free(set.at);
}

static void a_pair_given_twice_changes_nothing(void **state)
{
    (void)state;
    static const double pairs[3][4] = {{1, 2, -1, 1}, {.5, .5, .5, 2}, {1, 2, -1, 1}};
    double x[9 * LANES] = {0}, y[3 * LANES] = {0}, xq[3 * LANES] = {[0] = .3, [LANES] = 1};
    for (int i = 0; i < 3; i++) {
        for (int c = 0; c < 3; c++)
            x[(i * 3 + c) * LANES] = pairs[i][c];
        y[i * LANES] = pairs[i][3];
    }
    struct regression three = {3, 3, 1, x, y, xq, y}, two = {3, 2, 1, x, y, xq, y};
    double scratch[100], of_three, of_two;
    least_squares_predict(&of_three, &three, 0, scratch);
    least_squares_predict(&of_two, &two, 0, scratch);
    assert_near(of_three, of_two, 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_3_5_and_6_have_the_printed_numbers),
        cmocka_unit_test(weight_scale_multiplies_losses_by_its_square),
        cmocka_unit_test(sampled_descent_has_the_expected_loss),
        cmocka_unit_test(sampled_least_squares_has_the_expected_loss),
        cmocka_unit_test(least_squares_recovers_labels_without_noise),
        cmocka_unit_test(least_squares_is_where_descent_ends),
        cmocka_unit_test(a_pair_given_twice_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
