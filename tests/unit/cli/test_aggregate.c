#include "aggregate.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "test.h"

static void student_s_t_is_that_of_the_tables(void **state)
{
    (void)state;
    static const struct {
        int freedom;
        double t; /* scipy.stats.t.ppf(0.975, freedom) */
    } cases[] = {
        {1, 12.706204736432095},    {2, 4.302652729911275},   {3, 3.182446305284263},
        {4, 2.7764451051977987},    {9, 2.2621571627409915},  {30, 2.0422724563012373},
        {100, 1.9839715184496334},  {101, 1.983731002623281}, {1000, 1.9623390808264078},
        {1000000, 1.9599663568141},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double t = aggregate_student95(cases[i].freedom);
        assert_true(fabs(t - cases[i].t) < 1e-8 * cases[i].t);
    }
}

static double of(enum aggregate wanted, const double *given, int count)
{
    double values[8];
    memcpy(values, given, (size_t)count * sizeof *values);
    return aggregate(wanted, values, count);
}

static void aggregates_are_their_definitions(void **state)
{
    (void)state;
    const double nothing = (double)NAN;
    const double values[] = {4, 1, nothing, 3, 8};
    /* of 1, 3, 4, 8: mean 4, squares of the differences 9 + 1 + 0 + 16 = 26 */
    assert_true(of(AGGREGATE_MEAN, values, 5) == 4);
    assert_true(of(AGGREGATE_MEDIAN, values, 5) == 3.5);
    assert_true(of(AGGREGATE_MEDIAN, values, 4) == 3);
    assert_true(of(AGGREGATE_MIN, values, 5) == 1);
    assert_true(of(AGGREGATE_MAX, values, 5) == 8);
    assert_true(of(AGGREGATE_COUNT, values, 5) == 4);
    double deviation = of(AGGREGATE_STD, values, 5), half = of(AGGREGATE_CI95, values, 5);
    assert_true(fabs(deviation - sqrt(26. / 3)) < 1e-14);
    assert_true(fabs(half - 3.182446305284263 * sqrt(26. / 3) / 2) < 1e-7);
}

static void equal_values_have_no_spread(void **state)
{
    (void)state;
    const double values[] = {0.1, 0.1, 0.1};
    assert_true(of(AGGREGATE_MEAN, values, 3) == 0.1);
    assert_true(of(AGGREGATE_STD, values, 3) == 0);
}

static void what_has_no_value_is_none(void **state)
{
    (void)state;
    const double nothing[] = {(double)NAN, (double)INFINITY}, one[] = {7};
    for (enum aggregate a = 0; a < AGGREGATES; a++) {
        bool counts = a == AGGREGATE_COUNT, spread = a == AGGREGATE_CI95 || a == AGGREGATE_STD;
        assert_true(counts ? of(a, nothing, 2) == 0 : isnan(of(a, nothing, 2)));
        assert_true(spread ? isnan(of(a, one, 1)) : of(a, one, 1) == (counts ? 1 : 7));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student_s_t_is_that_of_the_tables),
        cmocka_unit_test(aggregates_are_their_definitions),
        cmocka_unit_test(equal_values_have_no_spread),
        cmocka_unit_test(what_has_no_value_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
