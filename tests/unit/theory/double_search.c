/* The line search against brute force. */
#include "near.h"

#include <math.h>

#include "sample.h"
#include "theory/descent.h"

#include "../../../src/theory/minimise.h"

static double parabola(const void *context, double x)
{
    (void)context;
    return (x - 3) * (x - 3) + 2;
}

static double corner(const void *context, double x)
{
    (void)context;
    return fabs(x + 1.5);
}

static double wall(const void *context, double x)
{
    (void)context;
    return x > 1 ? NAN : -x; /* falls up to a wall of numbers that are not finite */
}

static double quartic(const void *context, double x)
{
    (void)context;
    return pow(x - .5, 4);
}

/* To 1e-7 relative where the value shows it; a quartic is flat to (2^-53)^(1/4) = 1e-4, and a wall
 * has no tangent. */
static const struct {
    double (*value)(const void *, double);
    struct bracket start;
    double place, tolerance;
} functions[] = {
    {parabola, {0, 1, 2}, 3, 1e-6},   {parabola, {100, 101, 102}, 3, 1e-6},
    {parabola, {-4, 1, 90}, 3, 1e-6}, {corner, {10, 12, 13}, -1.5, 1e-6},
    {quartic, {-4, 1, 3}, .5, 1e-2},  {wall, {0, .5, 2}, 1, 1e-6},
};

static void finds_minima_from_brackets_that_may_not_hold_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(functions); i++) {
        struct function f = {functions[i].value, NULL};
        struct bracket bracket = functions[i].start;
        bracket_enclose(&bracket, &f);
        assert_true(bracket.low < bracket.middle && bracket.middle < bracket.high);
        assert_near(minimise(&bracket, &f), functions[i].place, functions[i].tolerance);
    }
}

static double loss_at(const struct regression_set *set, struct descent descent, double rate)
{
    double *scratch = malloc(sizeof(double) * descent_scratch(set->d, set->N, set->O));
    descent.rate = rate;
    double loss = descent_loss(NULL, set, &descent, scratch);
    free(scratch);
    return loss;
}

static double search(const struct regression_set *set, const struct descent *descent)
{
    double *scratch = malloc(sizeof(double) * descent_scratch(set->d, set->N, set->O));
    double rate = descent_search(set, descent, scratch);
    free(scratch);
    return rate;
}

static const double start[] = {.3, -.7, 1.1, -.2, .05, .9};

static const struct {
    const struct task_config *task;
    struct descent descent;
} cases[] = {
    {&paper_task, {.steps = 1}},
    {&paper_task, {.steps = 1, .clip = .5}},
    {&paper_task, {.steps = 2}},
    {&paper_task, {.steps = 5}},
    {&paper_task, {.steps = 5, .clip = 1}},
    {&paper_task, {.steps = 12, .clip = 10}},
    {&odd_task, {.steps = 1, .W0 = start}},
    {&odd_task, {.steps = 3, .W0 = start}},
};

/* No rate of a fine grid does better, and neither does a small step to either side: the loss found
 * is within 1e-9 relative of the minimum. */
static void nothing_on_a_fine_grid_is_better(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct regression_set set = sample_set(cases[k].task, 700, k); /* more than it scans */
        double rate = search(&set, &cases[k].descent);
        double least = loss_at(&set, cases[k].descent, rate);
        double bound = least * (1 - 1e-9);
        for (int i = -10; i <= 50; i++)
            assert_true(loss_at(&set, cases[k].descent, rate * i / 20) >= bound);
        assert_true(loss_at(&set, cases[k].descent, rate * 1.0001) >= bound);
        assert_true(loss_at(&set, cases[k].descent, rate * .9999) >= bound);
        assert_true(rate > 0);
        free(set.at);
    }
}

/* Statements 3 and 4 of science.md; the rate of a set of 10,000 was seen to differ by
 * about 1 %. */
static void one_step_rate_is_near_its_expectation(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 10000, 11);
    assert_near(search(&set, &(struct descent){.steps = 1}), .606061, .02);
    assert_near(search(&set, &(struct descent){.steps = 2}), .597, .02);
    free(set.at);
}

static void labels_turned_round_turn_the_rate_round(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 600, 12);
    double up = search(&set, &(struct descent){.steps = 1});
    for (int g = 0; g < regression_groups(&set); g++)
        for (int b = 0; b < LANES; b++)
            set.at[((g + 1) * 11 * 11 - 1) * LANES + b] *= -1; /* the query's label comes last */
    assert_near(search(&set, &(struct descent){.steps = 1}), -up, 1e-12);
    struct descent two = {.steps = 2};
    double rate = search(&set, &two);
    assert_true(rate < 0);
    for (int i = -50; i <= 200; i++)
        assert_true(loss_at(&set, two, rate * i / 100) >= loss_at(&set, two, rate) * (1 - 1e-9));
    free(set.at);
}

static void a_set_with_nothing_to_learn_or_no_numbers_gives_0(void **state)
{
    (void)state;
    struct task_config blank = paper_task;
    blank.weight_scale = 0;
    struct regression_set set = sample_set(&blank, 20, 1);
    assert_near(search(&set, &(struct descent){.steps = 1}), 0, 0);
    assert_near(search(&set, &(struct descent){.steps = 3}), 0, 0);
    set.at[5] = NAN;
    assert_near(search(&set, &(struct descent){.steps = 3}), 0, 0);
    free(set.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_minima_from_brackets_that_may_not_hold_them),
        cmocka_unit_test(nothing_on_a_fine_grid_is_better),
        cmocka_unit_test(one_step_rate_is_near_its_expectation),
        cmocka_unit_test(labels_turned_round_turn_the_rate_round),
        cmocka_unit_test(a_set_with_nothing_to_learn_or_no_numbers_gives_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
