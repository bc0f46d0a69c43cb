/* Few-shot streams (science.md 2.8): every y is the rotation of the x before it, one rotation a
 * task, and it is what the token of that x has to predict. */
#include <string.h>

#include "sample.h"

enum { D = 10, N = 6 };

static const struct task_config shots = {.kind = TASK_FEW_SHOT,
                                         .dimension = D,
                                         .context = N,
                                         .outputs = 1,
                                         .input_range = 2,
                                         .weight_scale = 1,
                                         .state_clip = 10,
                                         .tasks = 2};

/* Number c of raw token t. */
static double token_at(const struct sample *s, int t, int c, int b)
{
    return (double)s->tokens[(t * D + c) * LANES + b];
}

static double target_at(const struct sample *s, int i, int c, int b)
{
    return (double)s->target[(i * D + c) * LANES + b];
}

static void several_tasks_are_for_few_shot_alone(void **state)
{
    (void)state;
    struct task task;
    struct error err;
    struct task_config config = shots;
    struct tokens_config raw = {.kind = TOKENS_RAW}, joint = {.kind = TOKENS_JOINT};
    config.kind = TASK_LINEAR_DYNAMICS;
    assert_int_equal(task_init(&task, &config, &raw, &err), ERR_CONFIG);
    assert_string_equal(err.text, "task.tasks: task.kind linear_dynamics has one task in a "
                                  "sequence, leave it at 1");
    assert_int_equal(task_init(&task, &shots, &joint, &err), ERR_CONFIG);
    assert_string_equal(err.text, "tokens.kind: joint is not for task.kind few_shot, allowed are "
                                  "constructed, raw");
}

static void the_token_of_each_x_predicts_the_y_behind_it(void **state)
{
    (void)state;
    struct sample *s = draw(&shots, TOKENS_RAW, 0);
    const struct token_shape *shape = &s->task.shape;
    assert_int_equal(shape->tokens, 4 * N - 1);
    assert_int_equal(shape->context, 4 * N - 1);
    assert_int_equal(shape->width, D);
    assert_int_equal(shape->first_token, 0);
    assert_int_equal(shape->output_gap, 1);
    assert_int_equal(shape->output_tokens, 2 * N);
    assert_int_equal(shape->outputs, D);
    assert_int_equal(shape->sign, 1);
    for (int b = 0; b < LANES; b++)
        for (int c = 0; c < D; c++) {
            for (int i = 0; i < 2 * N - 1; i++)
                assert_true(target_at(s, i, c, b) == token_at(s, 2 * i + 1, c, b));
            assert_true(isfinite(target_at(s, 2 * N - 1, c, b)));
        }
    assert_true(isnan(s->target[2 * N * D * LANES]));
    free(s);
}

static double product(const struct sample *s, double (*at)(const struct sample *, int, int, int),
                      int i, int j, int b)
{
    double sum = 0;
    for (int c = 0; c < D; c++)
        sum += at(s, i, c, b) * at(s, j, c, b);
    return sum;
}

/* A rotation keeps the products of all x of its task, of length at most sqrt D: y has D + 2
 * roundings of numbers below sqrt D in each channel, so a product of two errs by 2 sqrt D (D + 2)
 * sqrt D 2^-24 at most, and rows are orthogonal to a few more. Another task has another rotation.
 */
static void every_task_rotates_in_its_own_way(void **state)
{
    (void)state;
    struct sample *s = draw(&shots, TOKENS_RAW, 0);
    const double tolerance = 4 * D * (D + 2) * 0x1p-24;
    for (int b = 0; b < LANES; b++) {
        double apart = 0;
        for (int i = 0; i < 2 * N; i++)
            for (int j = 0; j < 2 * N; j++) {
                double error =
                    fabs(product(s, target_at, i, j, b) - product(s, token_at, 2 * i, 2 * j, b));
                if (i / N == j / N)
                    assert_true(error <= tolerance);
                else
                    apart += error;
            }
        assert_true(apart > 1);
    }
    free(s);
}

/* Numbers of x: variance 1/3, that of the square 1/5 - 1/9. Noise: its mean square has the relative
 * deviation sqrt(2/n). Five deviations. */
static void inputs_are_uniform_and_noise_is_on_every_y(void **state)
{
    (void)state;
    struct task_config config = shots;
    config.noise = .1;
    double square = 0, noise = 0, n = 32 * LANES * 2 * N * D;
    for (int first = 0; first < 32 * LANES; first += LANES) {
        struct sample *noisy = draw(&config, TOKENS_RAW, (uint64_t)first);
        struct sample *clean = draw(&shots, TOKENS_RAW, (uint64_t)first);
        for (int b = 0; b < LANES; b++)
            for (int i = 0; i < 2 * N; i++)
                for (int c = 0; c < D; c++) {
                    double x = token_at(clean, 2 * i, c, b);
                    assert_true(x >= -1 && x <= 1 && x == token_at(noisy, 2 * i, c, b));
                    square += x * x;
                    noise += pow(target_at(noisy, i, c, b) - target_at(clean, i, c, b), 2);
                }
        free(noisy);
        free(clean);
    }
    assert_true(fabs(square / n - 1. / 3) < 5 * sqrt((1. / 5 - 1. / 9) / n));
    assert_true(fabs(noise / n - .01) < 5 * .01 * sqrt(2 / n));
}

static void constructed_tokens_hold_the_same_streams(void **state)
{
    (void)state;
    struct sample *raw = draw(&shots, TOKENS_RAW, 3), *s = draw(&shots, TOKENS_CONSTRUCTED, 3);
    assert_memory_equal(raw->target, s->target, sizeof(real) * 2 * N * D * LANES);
    assert_int_equal(s->task.shape.output_gap, 1);
    for (int b = 0; b < LANES; b++)
        for (int t = 0; t < 4 * N - 1; t++)
            for (int c = 0; c < D; c++) {
                const real *token = s->tokens + (t * 4 * D + c) * LANES + b;
                assert_true((double)token[2 * D * LANES] == token_at(raw, t, c, b));
                assert_true((double)token[3 * D * LANES] ==
                            (t > 0 ? token_at(raw, t - 1, c, b) : 0));
            }
    free(raw);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_tasks_are_for_few_shot_alone),
        cmocka_unit_test(the_token_of_each_x_predicts_the_y_behind_it),
        cmocka_unit_test(every_task_rotates_in_its_own_way),
        cmocka_unit_test(inputs_are_uniform_and_noise_is_on_every_y),
        cmocka_unit_test(constructed_tokens_hold_the_same_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
