/* Sampling of linear regression: values, moments, and what a task may depend on. */
#include "sample.h"

static const struct kernels *best(void)
{
    return kernels_at(0);
}

static void joint_tokens_are_pairs_and_the_query_with_zero(void **state)
{
    (void)state;
    struct sample *s = draw(&paper, TOKENS_JOINT, 0);
    assert_int_equal(s->task.shape.tokens, 11);
    assert_int_equal(s->task.shape.context, 10);
    assert_int_equal(s->task.shape.width, 11);
    assert_int_equal(s->task.shape.first_token, 10);
    assert_int_equal(s->task.shape.first_channel, 10);
    assert_int_equal(s->task.shape.sign, -1);
    for (int i = 0; i < 11 * 11 * LANES; i++)
        assert_true(isfinite(s->tokens[i]));
    assert_true(isnan(s->tokens[11 * 11 * LANES]));
    assert_true(s->tokens[(2 * 11 + 10) * LANES + 5] == y_at(s, 2, 0, 5));
    for (int b = 0; b < LANES; b++)
        assert_true(s->tokens[(10 * 11 + 10) * LANES + b] == 0);
    free(s);
}

static void separate_tokens_have_x_then_y_and_zeros_elsewhere(void **state)
{
    (void)state;
    struct task_config config = paper;
    config.outputs = 3;
    struct sample *s = draw(&config, TOKENS_SEPARATE, 0);
    assert_int_equal(s->task.shape.tokens, 21);
    assert_int_equal(s->task.shape.context, 20);
    assert_int_equal(s->task.shape.width, 13);
    assert_int_equal(s->task.shape.first_token, 20);
    for (int t = 0; t < 21; t++)
        for (int c = 0; c < 13; c++) {
            real value = s->tokens[(t * 13 + c) * LANES + 9];
            bool is_x = c < 10, wants_x = t % 2 == 0;
            assert_true(is_x == wants_x ? value != 0 : value == 0);
        }
    assert_true(isnan(s->tokens[21 * 13 * LANES]));
    free(s);
}

static void published_separate_tokens_have_y_in_their_last_channels(void **state)
{
    (void)state;
    struct tokens_config published = {.kind = TOKENS_SEPARATE, .readout = READOUT_PUBLISHED};
    struct task_config config = paper;
    config.outputs = 3;
    struct sample *s = draw_tokens(&config, &published, 0);
    struct sample *clean = draw(&config, TOKENS_SEPARATE, 0);
    assert_int_equal(s->task.shape.tokens, 21);
    assert_int_equal(s->task.shape.width, 10);
    assert_int_equal(s->task.shape.first_token, 20);
    assert_int_equal(s->task.shape.first_channel, CHANNELS_LAST);
    assert_int_equal(s->task.shape.sign, -1);
    for (int b = 0; b < LANES; b++)
        for (int t = 0; t < 21; t++)
            for (int c = 0; c < 10; c++) {
                real value = s->tokens[(t * 10 + c) * LANES + b];
                if (t % 2 == 0)
                    assert_true(value == x_at(clean, t / 2, c, b));
                else
                    assert_true(value == (c < 7 ? 0 : y_at(clean, t / 2, c - 7, b)));
            }
    free(s);
    free(clean);
}

static void a_published_prediction_is_the_end_of_the_stream(void **state)
{
    (void)state;
    struct tokens_config published = {.kind = TOKENS_JOINT, .readout = READOUT_PUBLISHED};
    struct sample *s = draw_tokens(&paper, &published, 0), *clean = draw(&paper, TOKENS_JOINT, 0);
    assert_int_equal(s->task.shape.first_channel, CHANNELS_LAST);
    assert_int_equal(s->task.shape.width, 11);
    assert_memory_equal(s->tokens, clean->tokens, sizeof(real) * 11 * 11 * LANES);
    free(s);
    free(clean);
    struct task task;
    struct error err;
    struct task_config config = paper;
    config.outputs = 11;
    published.kind = TOKENS_SEPARATE;
    assert_int_equal(task_init(&task, &config, &published, &err), ERR_CONFIG);
    assert_string_equal(err.text, "tokens.readout: published tokens of 10 channels do not hold 11 "
                                  "outputs; use clean");
    config.kind = TASK_LINEAR_DYNAMICS;
    published.kind = TOKENS_RAW;
    assert_int_equal(task_init(&task, &config, &published, &err), ERR_CONFIG);
    assert_string_equal(err.text, "tokens.readout: tokens.kind raw is read at its first channels, "
                                  "leave it at clean");
}

static void both_constructions_hold_the_same_tasks(void **state)
{
    (void)state;
    struct task_config config = paper;
    config.outputs = 2;
    config.noise = .3;
    struct sample *joint = draw(&config, TOKENS_JOINT, 32);
    struct sample *separate = draw(&config, TOKENS_SEPARATE, 32);
    for (int b = 0; b < LANES; b++)
        for (int i = 0; i <= config.context; i++) {
            for (int c = 0; c < config.dimension; c++)
                assert_true(x_at(joint, i, c, b) == x_at(separate, i, c, b));
            for (int o = 0; o < config.outputs; o++)
                assert_true(y_at(joint, i, o, b) == y_at(separate, i, o, b));
        }
    free(joint);
    free(separate);
}

static void a_task_depends_on_its_index_and_not_on_its_lane(void **state)
{
    (void)state;
    struct sample *a = draw(&paper, TOKENS_JOINT, 0), *b = draw(&paper, TOKENS_JOINT, 5);
    for (int i = 0; i < 11 * 11; i++)
        for (int lane = 0; lane + 5 < LANES; lane++)
            assert_true(a->tokens[i * LANES + lane + 5] == b->tokens[i * LANES + lane]);
    assert_true(a->target[5] == b->target[0]);
    assert_true(a->target[0] != b->target[0]);
    free(a);
    free(b);
}

static void sources_that_differ_in_anything_give_other_tasks(void **state)
{
    (void)state;
    struct sample *s = draw(&paper, TOKENS_JOINT, 0);
    static const struct task_source others[] = {{8, STREAM_TRAIN, 3},
                                                {7, STREAM_EVALUATION, 3},
                                                {7, STREAM_TRAIN, 4},
                                                {7 + (UINT64_C(1) << 32), STREAM_TRAIN, 3}};
    real before = s->target[0];
    for (size_t i = 0; i < COUNT(others); i++) {
        task_draw(s->tokens, s->target, &s->task, best(), &others[i], 0, s->scratch);
        assert_true(s->target[0] != before);
    }
    free(s);
}

/* One dimension: y / x is the task's weight for every pair and the query. Division and product
 * round once each, so two quotients differ by at most 2 ulp; more outputs must have other weights.
 */
static void labels_are_one_weight_times_x(void **state)
{
    (void)state;
    struct task_config config = paper;
    config.dimension = 1;
    config.outputs = 2;
    struct sample *s = draw(&config, TOKENS_JOINT, 0);
    for (int b = 0; b < LANES; b++) {
        double w0 = (double)y_at(s, 0, 0, b) / x_at(s, 0, 0, b);
        double w1 = (double)y_at(s, 0, 1, b) / x_at(s, 0, 0, b);
        for (int i = 1; i <= config.context; i++) {
            double x = x_at(s, i, 0, b);
            assert_true(fabs(y_at(s, i, 0, b) / x - w0) <= 0x1.01p-23 * fabs(w0));
            assert_true(fabs(y_at(s, i, 1, b) / x - w1) <= 0x1.01p-23 * fabs(w1));
        }
        assert_true(fabs(w0 - w1) > 1e-6);
    }
    free(s);
}

static void noise_is_on_the_context_and_not_on_the_target(void **state)
{
    (void)state;
    struct task_config config = paper;
    struct sample *clean = draw(&config, TOKENS_JOINT, 0);
    config.noise = .5;
    struct sample *noisy = draw(&config, TOKENS_JOINT, 0);
    double sum = 0, squares = 0;
    for (int b = 0; b < LANES; b++) {
        assert_true(noisy->target[b] == clean->target[b]);
        for (int i = 0; i < config.context; i++) {
            assert_true(noisy->tokens[(i * 11) * LANES + b] == clean->tokens[(i * 11) * LANES + b]);
            double e = (double)y_at(noisy, i, 0, b) - y_at(clean, i, 0, b);
            sum += e;
            squares += e * e;
        }
    }
    /* 160 draws: mean .5/sqrt(160) = .04, mean square .25 (1 +- sqrt(2/160)); five deviations */
    assert_true(fabs(sum / 160) < 5 * .04);
    assert_true(fabs(squares / 160 - .25) < 5 * .25 * sqrt(2. / 160));
    free(clean);
    free(noisy);
}

/* With a = r/2: E x^2 = a^2/3, E x^4 = a^4/5, E y^2 = k^2 d a^2/3 (science.md 4). Tolerances are
 * five standard errors: of a mean of u over n draws sqrt((E u^2 - (E u)^2) / n); y^2 has variance
 * (3 E|x|^4 / (E|x|^2)^2 - 1) (E y^2)^2 = 2.24 (E y^2)^2, taken as 3. */
static void moments_are_those_of_the_papers_task(void **state)
{
    (void)state;
    struct task_config config = paper;
    config.input_range = 2;
    config.weight_scale = 1.5;
    double x1 = 0, x2 = 0, x4 = 0, y2 = 0;
    int tasks = 64 * LANES, xs = tasks * 110;
    for (int g = 0; g < 64; g++) {
        struct sample *s = draw(&config, TOKENS_JOINT, (uint64_t)g * LANES);
        for (int b = 0; b < LANES; b++) {
            for (int i = 0; i <= 10; i++)
                for (int c = 0; c < 10; c++) {
                    double x = x_at(s, i, c, b);
                    assert_true(x >= -1 && x <= 1);
                    x1 += x;
                    x2 += x * x;
                    x4 += x * x * x * x;
                }
            y2 += (double)s->target[b] * s->target[b];
        }
        free(s);
    }
    double s2 = 1. / 3, m4 = 1. / 5, m8 = 1. / 9, sy = 1.5 * 1.5 * 10 * s2;
    assert_true(fabs(x1 / xs) < 5 * sqrt(s2 / xs));
    assert_true(fabs(x2 / xs - s2) < 5 * sqrt((m4 - s2 * s2) / xs));
    assert_true(fabs(x4 / xs - m4) < 5 * sqrt((m8 - m4 * m4) / xs));
    assert_true(fabs(y2 / tasks - sy) < 5 * sqrt(3 * sy * sy / tasks));
}

static void every_instruction_set_draws_the_same_bits(void **state)
{
    (void)state;
    struct sample *s = draw(&paper, TOKENS_SEPARATE, 0);
    struct task_source source = {7, STREAM_TRAIN, 3};
    for (int k = 1; kernels_at(k); k++) {
        static real tokens[REALS], target[LANES], scratch[REALS];
        task_draw(tokens, target, &s->task, kernels_at(k), &source, 0, scratch);
        size_t bytes = (size_t)(21 * 11 * LANES) * sizeof(real);
        assert_memory_equal(tokens, s->tokens, bytes);
        assert_memory_equal(target, s->target, sizeof target);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joint_tokens_are_pairs_and_the_query_with_zero),
        cmocka_unit_test(separate_tokens_have_x_then_y_and_zeros_elsewhere),
        cmocka_unit_test(published_separate_tokens_have_y_in_their_last_channels),
        cmocka_unit_test(a_published_prediction_is_the_end_of_the_stream),
        cmocka_unit_test(both_constructions_hold_the_same_tasks),
        cmocka_unit_test(a_task_depends_on_its_index_and_not_on_its_lane),
        cmocka_unit_test(sources_that_differ_in_anything_give_other_tasks),
        cmocka_unit_test(labels_are_one_weight_times_x),
        cmocka_unit_test(noise_is_on_the_context_and_not_on_the_target),
        cmocka_unit_test(moments_are_those_of_the_papers_task),
        cmocka_unit_test(every_instruction_set_draws_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
