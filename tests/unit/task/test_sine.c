/* Sines (science.md 1.6): the labels are what the formula says, of amplitudes and phases that are
 * uniform. */
#include <string.h>

#include "math/elementary.h"
#include "sample.h"

static const struct task_config sine = {.kind = TASK_SINE,
                                        .dimension = 1,
                                        .context = 10,
                                        .outputs = 1,
                                        .input_range = 10,
                                        .weight_scale = 1};

static void more_than_a_number_is_refused(void **state)
{
    (void)state;
    struct task task;
    struct error err;
    struct tokens_config joint = {.kind = TOKENS_JOINT}, raw = {.kind = TOKENS_RAW};
    struct task_config config = sine;
    config.dimension = 10;
    assert_int_equal(task_init(&task, &config, &joint, &err), ERR_CONFIG);
    assert_string_equal(err.text, "task.dimension: 10 is not for task.kind sine, whose x is a "
                                  "number; set it to 1");
    config.dimension = 1;
    config.outputs = 2;
    assert_int_equal(task_init(&task, &config, &joint, &err), ERR_CONFIG);
    assert_string_equal(err.text, "task.outputs: 2 is not for task.kind sine, whose y is a number; "
                                  "set it to 1");
    assert_int_equal(task_init(&task, &sine, &raw, &err), ERR_CONFIG);
    assert_string_equal(err.text,
                        "tokens.kind: raw is not for task.kind sine, allowed are joint, separate");
}

static void tokens_are_pairs_of_numbers_and_the_query_with_zero(void **state)
{
    (void)state;
    struct sample *s = draw(&sine, TOKENS_JOINT, 0);
    assert_int_equal(s->task.shape.tokens, 11);
    assert_int_equal(s->task.shape.width, 2);
    for (int b = 0; b < LANES; b++) {
        for (int i = 0; i <= 10; i++) {
            assert_true(fabs((double)x_at(s, i, 0, b)) <= 5);
            assert_true(s->tokens[2 * i * LANES + b] == x_at(s, i, 0, b));
            if (i < 10)
                assert_true(s->tokens[(2 * i + 1) * LANES + b] == y_at(s, i, 0, b));
        }
        assert_true(s->tokens[21 * LANES + b] == 0);
    }
    free(s);
}

/* |x + phase| < 16 is rounded once, by 2^-21 at most; then the sine's error and a product. */
static void labels_are_the_sines_that_the_stream_names(void **state)
{
    (void)state;
    struct sample *s = draw(&sine, TOKENS_JOINT, 48);
    struct random_lanes random;
    real a[LANES], p[LANES];
    random_seed(&random, 7, STREAM_TRAIN, 3, 48);
    kernels_at(0)->uniform(a, &random, 1, (real).1, (real).5);
    kernels_at(0)->uniform(p, &random, 1, 0, (real)M_PI);
    for (int b = 0; b < LANES; b++)
        for (int i = 0; i <= 10; i++) {
            double y = (double)a[b] * sin((double)x_at(s, i, 0, b) + (double)p[b]);
            double tolerance = (double)a[b] * (0x1p-21 + (SIN_ULP + 1) * 0x1p-24);
            assert_true(fabs((double)y_at(s, i, 0, b) - y) <= tolerance);
        }
    free(s);
}

/* E y^2 = E a^2 / 2 = .31/6, twice the loss .025833 of no answer; E y^4 = 3/8 E a^4, E a^4 =
 * (.5^5 - .1^5) / 2. One number a task; five deviations. */
static void no_answer_has_the_papers_loss(void **state)
{
    (void)state;
    int tasks = 64 * LANES;
    double square = 0, expected = .31 / 6;
    double variance = .375 * (pow(.5, 5) - pow(.1, 5)) / 2 - expected * expected;
    for (int first = 0; first < tasks; first += LANES) {
        struct sample *s = draw(&sine, TOKENS_JOINT, (uint64_t)first);
        for (int b = 0; b < LANES; b++)
            square += pow((double)s->target[b], 2) / tasks;
        free(s);
    }
    assert_true(fabs(square - expected) < 5 * sqrt(variance / tasks));
}

static void the_scale_is_of_the_amplitude_and_the_disturbances_are_of_the_context(void **state)
{
    (void)state;
    struct task_config config = sine;
    struct sample *clean = draw(&sine, TOKENS_JOINT, 0);
    config.weight_scale = 2;
    struct sample *twice = draw(&config, TOKENS_SEPARATE, 0);
    config.weight_scale = 1;
    config.noise = .1;
    config.noisy_labels = 3;
    struct sample *noisy = draw(&config, TOKENS_JOINT, 0);
    for (int b = 0; b < LANES; b++)
        for (int i = 0; i <= 10; i++) {
            assert_true(x_at(clean, i, 0, b) == x_at(twice, i, 0, b));
            assert_true(x_at(clean, i, 0, b) == x_at(noisy, i, 0, b));
            assert_true(2 * y_at(clean, i, 0, b) == y_at(twice, i, 0, b));
            assert_true((y_at(clean, i, 0, b) == y_at(noisy, i, 0, b)) == (i == 10));
        }
    free(clean);
    free(twice);
    free(noisy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_a_number_is_refused),
        cmocka_unit_test(tokens_are_pairs_of_numbers_and_the_query_with_zero),
        cmocka_unit_test(labels_are_the_sines_that_the_stream_names),
        cmocka_unit_test(no_answer_has_the_papers_loss),
        cmocka_unit_test(the_scale_is_of_the_amplitude_and_the_disturbances_are_of_the_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
