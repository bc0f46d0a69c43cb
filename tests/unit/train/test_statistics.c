/* Statistics of the losses of a set. */
#include "train/statistics.h"

#include <math.h>

#include "test.h"

static void of_four_losses(void **state)
{
    (void)state;
    double losses[] = {4, 1, 3, 2};
    struct loss_statistics s = loss_statistics(losses, 4);
    assert_true(s.mean == 2.5 && s.median == 2.5 && s.trimmed == 2.5);
    assert_true(fabs(s.error - sqrt(5. / 3 / 4)) < 1e-15);
    assert_true(losses[0] == 1 && losses[3] == 4);
}

static void the_worst_in_a_thousand_is_not_in_the_trimmed_mean(void **state)
{
    (void)state;
    double losses[2000];
    for (int i = 0; i < 2000; i++)
        losses[i] = 1;
    losses[7] = 1e9;
    losses[1200] = NAN;
    struct loss_statistics s = loss_statistics(losses, 2000);
    assert_true(s.trimmed == 1 && s.median == 1);
    assert_true(isnan(s.mean) && isnan(s.error));
}

static void one_loss_has_no_error(void **state)
{
    (void)state;
    double loss = 3;
    struct loss_statistics s = loss_statistics(&loss, 1);
    assert_true(s.mean == 3 && s.median == 3 && s.trimmed == 3 && isnan(s.error));
}

/* Far from zero, where a sum of squares would have no digit left: 6e-16 of what is added, 64 times.
 */
static void an_error_that_runs_along_is_that_of_the_whole(void **state)
{
    (void)state;
    double losses[64];
    struct running_error running = {0};
    for (int i = 0; i < 64; i++) {
        assert_true(isnan(running_error_of_mean(&running)) == (i < 2));
        losses[i] = 1e9 + i * i % 17;
        running_error_add(&running, losses[i]);
    }
    struct loss_statistics s = loss_statistics(losses, 64);
    assert_true(running.count == 64 && fabs(running.mean - s.mean) < 64 * 1e9 * 6e-16);
    assert_true(fabs(running_error_of_mean(&running) - s.error) < 1e-6 * s.error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_four_losses),
        cmocka_unit_test(the_worst_in_a_thousand_is_not_in_the_trimmed_mean),
        cmocka_unit_test(one_loss_has_no_error),
        cmocka_unit_test(an_error_that_runs_along_is_that_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
