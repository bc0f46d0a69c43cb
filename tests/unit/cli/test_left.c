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
    const struct left_run runs[] = {{1, 3, none}, {3, 5, none},    {2, none, 1},
                                    {2, none, 9}, {4, none, none}, {0, 0, none}};
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
    const struct left_run runs[] = {{1, 2, none}, {1, 2, none},    {1, none, 0},
                                    {1, none, 0}, {1, none, none}, {1, none, none}};
    struct left left = left_of(runs, COUNT(runs));
    assert_near(left.seconds, 4);
    assert_near(left.low, 4); /* equal seconds: no spread */
    assert_near(left.high, 4);
}

static void nobody_can_tell_without_work_or_results(void **state)
{
    (void)state;
    const struct left_run idle[] = {{1, 2, none}, {1, none, none}};
    const struct left_run fresh[] = {{1, none, 1}, {1, none, none}};
    assert_true(isnan(left_of(idle, COUNT(idle)).seconds));
    assert_true(isnan(left_of(fresh, COUNT(fresh)).seconds));
    assert_true(isnan(left_of(NULL, 0).high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_spread_over_the_ranks_at_work),
        cmocka_unit_test(many_short_runs_are_surer_than_one),
        cmocka_unit_test(nobody_can_tell_without_work_or_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
