/* The learning rate of each step, against the formula with the C library's cosine. */
#include "train/schedule.h"

#include <math.h>

#include "test.h"

static const struct train_config cosine = {.schedule = SCHEDULE_COSINE,
                                           .steps = 20000,
                                           .rate = 8e-4,
                                           .warmup = 1000,
                                           .decay_steps = 15000,
                                           .final_rate = 1e-5};

static void constant_is_constant_from_the_first_step(void **state)
{
    (void)state;
    struct train_config c = {.schedule = SCHEDULE_CONSTANT, .rate = 1e-3, .steps = 10};
    assert_true(schedule_rate(&c, 0) == 1e-3);
    assert_true(schedule_rate(&c, 9) == 1e-3);
}

static void warm_up_is_linear_from_zero_and_reaches_the_peak(void **state)
{
    (void)state;
    assert_true(schedule_rate(&cosine, 0) == 0);
    assert_true(schedule_rate(&cosine, 250) == 8e-4 * .25);
    assert_true(schedule_rate(&cosine, 999) < 8e-4);
    assert_true(schedule_rate(&cosine, 1000) == 8e-4);
}

/* The polynomial is within 3e-16; the formula around it rounds three times more: 1e-15 of the peak.
 */
static void cosine_is_the_formula(void **state)
{
    (void)state;
    for (int64_t step = 1000; step <= 15000; step++) {
        double t = (double)(step - 1000) / 14000;
        double expected = 1e-5 + (8e-4 - 1e-5) * .5 * (1 + cos(acos(-1) * t));
        assert_true(fabs(schedule_rate(&cosine, step) - expected) <= 1e-15 * 8e-4);
    }
    assert_true(schedule_rate(&cosine, 8000) > schedule_rate(&cosine, 8001));
}

static void after_its_end_the_final_rate_stays(void **state)
{
    (void)state;
    assert_true(schedule_rate(&cosine, 15000) == 1e-5);
    assert_true(schedule_rate(&cosine, 19999) == 1e-5);
}

static void the_cosine_ends_with_the_training_unless_told(void **state)
{
    (void)state;
    struct train_config c = cosine;
    c.decay_steps = 0;
    assert_int_equal(schedule_end(&c), 20000);
    assert_int_equal(schedule_end(&cosine), 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_is_constant_from_the_first_step),
        cmocka_unit_test(warm_up_is_linear_from_zero_and_reaches_the_peak),
        cmocka_unit_test(cosine_is_the_formula),
        cmocka_unit_test(after_its_end_the_final_rate_stays),
        cmocka_unit_test(the_cosine_ends_with_the_training_unless_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
