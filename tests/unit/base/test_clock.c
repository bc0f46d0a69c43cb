#include "test.h"

#include <time.h>

#include "base/clock.h"

static void monotonic_time_counts_seconds(void **state)
{
    (void)state;
    double before = clock_monotonic();
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    double slept = clock_monotonic() - before;
    assert_true(slept >= .02); /* a sleep is never shorter than asked for */
    assert_true(slept < 10);
}

static void wall_time_counts_from_1970(void **state)
{
    (void)state;
    time_t now = time(NULL);
    double wall = clock_wall();
    assert_true(wall >= (double)now - 1 && wall <= (double)now + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_time_counts_seconds),
        cmocka_unit_test(wall_time_counts_from_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
