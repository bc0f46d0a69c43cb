#include "left.h"

#include <math.h>

#include "test.h"

static const double none = (double)NAN;

static void assert_near(double value, double wanted)
{
    assert_true(fabs(value - wanted) <= 1e-12 * fabs(wanted));
}

static void work_is_spread_over_the_ranks_at_work(void **state)
{
    (void)state;
    /* 3 and 5 s for costs 1 and 3: 2 s a unit; single runs have 3 and 5/3, which differ from it by
     * 1 and 1/3: s^2 = 10/9 */
    const struct left_run runs[] = {{1, 3, none, 0}, {3, 5, none, 0},    {2, none, 1, 0},
                                    {2, none, 9, 0}, {4, none, none, 0}, {0, 0, none, 0}};
    struct left left = left_of(runs, COUNT(runs));
    /* 4 - 1, nothing, 8: 11 s on two ranks, but 8 s for the last run */
    assert_near(left.seconds, 8);
    double spread = 1.96 * sqrt(10. / 9) * sqrt(4 + 4 + 16 + 64. / 2) / 2;
    assert_near(left.high, 8 + spread);
    assert_true(left.low == fmax(8 - spread, 0));
}

static void many_short_runs_are_surer_than_one(void **state)
{
    (void)state;
    const struct left_run runs[] = {{1, 2, none, 0}, {1, 2, none, 0},    {1, none, 0, 0},
                                    {1, none, 0, 0}, {1, none, none, 0}, {1, none, none, 0}};
    struct left left = left_of(runs, COUNT(runs));
    assert_near(left.seconds, 4);
    assert_near(left.low, 4); /* equal seconds: no spread */
    assert_near(left.high, 4);
}

static void runs_at_work_tell_what_is_left_before_any_is_done(void **state)
{
    (void)state;
    /* 30 s and 10 s for 1/4 and 1/2 of cost 4: 90 s and 10 s are left, with nothing to guess */
    const struct left_run alone[] = {{4, none, 30, .25}, {4, none, 10, .5}};
    struct left left = left_of(alone, COUNT(alone));
    assert_near(left.seconds, 90);
    assert_near(left.low, 90);
    assert_near(left.high, 90);
    /* two more wait: 40 s for cost 3 are 160 / 3 s each; the two at work took 30 and 5 s a unit */
    const struct left_run more[] = {
        {4, none, 30, .25}, {4, none, 10, .5}, {4, none, none, 0}, {4, none, none, 0}};
    left = left_of(more, COUNT(more));
    double rate = 40. / 3, deviation = sqrt(pow(30 - rate, 2) + pow(5 - rate, 2));
    assert_near(left.seconds, (90 + 10 + 8 * rate) / 2);
    assert_near(left.high, left.seconds + 1.96 * deviation * sqrt(32 + 64. / 2) / 2);
}

static void nobody_can_tell_without_work_or_results(void **state)
{
    (void)state;
    const struct left_run idle[] = {{1, 2, none, 0}, {1, none, none, 0}};
    const struct left_run fresh[] = {{1, none, 1, 0}, {1, none, none, 0}};
    assert_true(isnan(left_of(idle, COUNT(idle)).seconds));
    assert_true(isnan(left_of(fresh, COUNT(fresh)).seconds));
    assert_true(isnan(left_of(NULL, 0).high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_spread_over_the_ranks_at_work),
        cmocka_unit_test(many_short_runs_are_surer_than_one),
        cmocka_unit_test(runs_at_work_tell_what_is_left_before_any_is_done),
        cmocka_unit_test(nobody_can_tell_without_work_or_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
