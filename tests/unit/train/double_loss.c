/* The loss of a group and its gradient in double, against the definition. */
#include "train/loss.h"

#include <math.h>

#include "test.h"

enum { I = 3, O = 2, N = I * O * LANES };

static const double token_weights[I] = {1, 0, .25};

static void values(double outputs[N], double target[N])
{
    for (int i = 0; i < N; i++) {
        outputs[i] = sin(i + 1);
        target[i] = cos(2 * i);
    }
}

static void one_token_and_no_weights_is_half_the_squared_error(void **state)
{
    (void)state;
    double outputs[LANES] = {3, -1}, target[LANES] = {1, 1}, losses[LANES];
    loss_value(losses, outputs, target, &(struct loss){1, 1, NULL});
    assert_true(losses[0] == 2 && losses[1] == 2 && losses[2] == 0);
}

static void loss_is_the_weighted_sum_over_tokens_and_outputs(void **state)
{
    (void)state;
    double outputs[N], target[N], losses[LANES];
    values(outputs, target);
    loss_value(losses, outputs, target, &(struct loss){I, O, token_weights});
    for (int b = 0; b < LANES; b++) {
        double sum = 0;
        for (int i = 0; i < I; i++)
            for (int o = 0; o < O; o++)
                sum += .5 * token_weights[i] *
                       pow(outputs[(i * O + o) * LANES + b] - target[(i * O + o) * LANES + b], 2);
        assert_true(fabs(losses[b] - sum) <= 8 * 1.1e-16 * sum);
    }
}

static void without_weights_it_is_the_mean_over_tokens(void **state)
{
    (void)state;
    static const double thirds[I] = {1. / 3, 1. / 3, 1. / 3};
    double outputs[N], target[N], losses[LANES], expected[LANES];
    values(outputs, target);
    loss_value(losses, outputs, target, &(struct loss){I, O, NULL});
    loss_value(expected, outputs, target, &(struct loss){I, O, thirds});
    assert_memory_equal(losses, expected, sizeof losses);
}

/* The loss is a parabola in each output, so a central difference is exact but for rounding: the sum
 * (at most 10) rounds to 1e-15, divided by 2h = .25 of a batch of 20. */
static void gradient_is_the_derivative_of_the_mean_over_the_batch(void **state)
{
    (void)state;
    double outputs[N], target[N], gradient[N], up[LANES], down[LANES], h = .125;
    struct loss loss = {I, O, token_weights};
    values(outputs, target);
    loss_gradient(gradient, outputs, target, &loss, 20, 13);
    for (int i = 0; i < N; i++) {
        int b = i % LANES;
        double at = outputs[i];
        outputs[i] = at + h;
        loss_value(up, outputs, target, &loss);
        outputs[i] = at - h;
        loss_value(down, outputs, target, &loss);
        outputs[i] = at;
        double expected = b < 13 ? (up[b] - down[b]) / (2 * h) / 20 : 0;
        assert_true(fabs(gradient[i] - expected) <= 1e-14);
        assert_true(b < 13 || gradient[i] == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_token_and_no_weights_is_half_the_squared_error),
        cmocka_unit_test(loss_is_the_weighted_sum_over_tokens_and_outputs),
        cmocka_unit_test(without_weights_it_is_the_mean_over_tokens),
        cmocka_unit_test(gradient_is_the_derivative_of_the_mean_over_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
