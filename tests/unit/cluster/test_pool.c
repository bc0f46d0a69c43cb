#include "test.h"

#include <math.h>

#include "pool.h"

enum { RUNS = 40 };

static void make(struct pool *pool, struct run_slot *slots)
{
    pool_init(pool, slots);
    for (int i = 0; i < RUNS; i++) {
        slots[i] = (struct run_slot){.cost = 1e6 * pow(2, i / 4), .rank = -1};
        pool_class(pool, i);
        pool_push(pool, i);
    }
}

static void estimates_follow_the_nearest_measurement(void **state)
{
    (void)state;
    static struct pool pool;
    struct run_slot slots[RUNS];
    make(&pool, slots);
    assert_false(pool.measured);
    assert_true(fabs(pool_estimate(&pool, 0) - 1e6 * POOL_FIRST_RATE) < 1e-12);
    pool_measure(&pool, 0, 1.0);         /* 1e-6 s a unit at 1e6 */
    pool_measure(&pool, RUNS - 1, 5120); /* 1e-5 s a unit at 5.12e8 */
    assert_true(pool_measured(&pool, 1) && !pool_measured(&pool, 10));
    assert_true(fabs(pool_estimate(&pool, 4) - 2) < 1e-9);     /* 2e6: near the first */
    assert_true(fabs(pool_estimate(&pool, 32) - 2560) < 1e-6); /* 2.56e8: near the last */
}

static void a_class_that_is_slower_than_its_cost_says_goes_first(void **state)
{
    (void)state;
    static struct pool pool;
    struct run_slot slots[RUNS];
    make(&pool, slots);
    pool_measure(&pool, 4, 1e6); /* a cheap class that takes for ever; ... */
    pool_measure(&pool, 8, 1);   /* ... its neighbour above does not */
    pool_measure(&pool, 0, 1);
    pool_refresh(&pool);
    for (int i = 0; i < 4; i++)
        assert_in_range(pool_take(&pool, INFINITY), 4, 7);
    assert_in_range(pool_take(&pool, INFINITY), RUNS - 4, RUNS - 1);
}

static void the_sum_of_seconds_is_that_of_the_waiting_runs(void **state)
{
    (void)state;
    static struct pool pool;
    struct run_slot slots[RUNS];
    make(&pool, slots);
    pool_measure(&pool, 20, 1);
    pool_refresh(&pool);
    for (int left = RUNS; left > 0; left--) {
        double sum = 0;
        for (int c = 0; c < POOL_CLASSES; c++)
            for (int32_t r = pool.classes[c].waiting.first; r >= 0; r = slots[r].next)
                sum += pool_estimate(&pool, r);
        /* one rounding of 2^-53 for each of at most 80 additions of terms below the first sum */
        assert_true(fabs(pool.seconds - sum) < 80 * 0x1p-53 * 4000);
        assert_int_equal(pool.waiting, left);
        assert_true(pool_take(&pool, INFINITY) >= 0);
    }
    assert_int_equal(pool_take(&pool, INFINITY), -1);
}

static void what_takes_too_long_is_passed_over(void **state)
{
    (void)state;
    static struct pool pool;
    struct run_slot slots[RUNS];
    make(&pool, slots);
    pool_measure(&pool, 0, 1); /* 1 s, 2 s, 4 s, ... */
    assert_in_range(pool_take(&pool, 5), 8, 11);
    assert_int_equal(pool_take(&pool, 0.5), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_follow_the_nearest_measurement),
        cmocka_unit_test(a_class_that_is_slower_than_its_cost_says_goes_first),
        cmocka_unit_test(the_sum_of_seconds_is_that_of_the_waiting_runs),
        cmocka_unit_test(what_takes_too_long_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
