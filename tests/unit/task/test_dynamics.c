/* Without these, paper 2's sequences could be of the wrong distribution, or tokens could hold the
 * wrong state. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "task/task.h"

enum { D = 10, T = 50 };

static const struct task_config paper = {.kind = TASK_LINEAR_DYNAMICS,
                                         .dimension = D,
                                         .context = T,
                                         .outputs = 1,
                                         .input_range = 2,
                                         .weight_scale = 1,
                                         .noise = .01,
                                         .state_clip = 10};

struct group {
    real tokens[T * 4 * D * LANES], target[T * D * LANES];
};

static void draw(struct group *g, const struct task_config *config, int tokens, bool masked,
                 uint64_t first)
{
    static real scratch[8192 * LANES];
    struct tokens_config construction = {.kind = tokens, .masked = masked};
    struct task task;
    assert_int_equal(task_init(&task, config, &construction, NULL), OK);
    assert_true((size_t)task_scratch(&task) * LANES <= COUNT(scratch));
    struct task_source source = {7, STREAM_TRAIN, 0};
    task_draw(g->tokens, g->target, &task, kernels_at(0), &source, first, scratch);
}

static struct group a, b;

static real at(const real *x, int row, int lane)
{
    return x[row * LANES + lane];
}

static void a_construction_of_pairs_is_refused(void **state)
{
    (void)state;
    struct task task;
    struct error err;
    struct tokens_config joint = {.kind = TOKENS_JOINT}, raw = {.kind = TOKENS_RAW};
    assert_int_equal(task_init(&task, &paper, &joint, &err), ERR_CONFIG);
    assert_string_equal(
        err.text,
        "tokens.kind: joint is not for task.kind linear_dynamics, allowed are constructed, raw");
    struct task_config regression = paper;
    regression.kind = TASK_LINEAR_REGRESSION;
    assert_int_equal(task_init(&task, &regression, &raw, &err), ERR_CONFIG);
    assert_string_equal(
        err.text,
        "tokens.kind: raw is not for task.kind linear_regression, allowed are joint, separate");
}

static void tokens_hold_the_states_that_they_name(void **state)
{
    (void)state;
    draw(&a, &paper, TOKENS_CONSTRUCTED, false, 0);
    draw(&b, &paper, TOKENS_RAW, false, 0);
    for (int lane = 0; lane < LANES; lane++)
        for (int t = 0; t < T; t++)
            for (int i = 0; i < D; i++) {
                real s = at(b.tokens, t * D + i, lane);
                real before = t ? at(b.tokens, (t - 1) * D + i, lane) : 0;
                assert_true(at(a.tokens, t * 4 * D + i, lane) == 0);
                assert_true(at(a.tokens, t * 4 * D + D + i, lane) == s);
                assert_true(at(a.tokens, t * 4 * D + 2 * D + i, lane) == s);
                assert_true(at(a.tokens, t * 4 * D + 3 * D + i, lane) == before);
                if (t + 1 < T)
                    assert_true(at(a.target, t * D + i, lane) ==
                                at(b.tokens, (t + 1) * D + i, lane));
            }
    draw(&b, &paper, TOKENS_CONSTRUCTED, true, 0);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < D * LANES; i++) {
            assert_true(b.tokens[(t * 4 + 1) * D * LANES + i] == 0);
            assert_true(b.tokens[(t * 4 + 2) * D * LANES + i] ==
                        a.tokens[(t * 4 + 2) * D * LANES + i]);
        }
}

/* The first layer leaves out what the shape calls zero: it may name no channel that ever is not,
 * and one that it does not name costs time. */
static void channels_that_are_always_zero_are_named(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        struct tokens_config tokens = {.kind = TOKENS_CONSTRUCTED, .masked = masked};
        struct task task;
        assert_int_equal(task_init(&task, &paper, &tokens, NULL), OK);
        draw(&a, &paper, TOKENS_CONSTRUCTED, masked, 0);
        for (int channel = 0; channel < 4 * D; channel++) {
            bool zero = true;
            for (int t = 0; t < T; t++)
                for (int lane = 0; lane < LANES; lane++)
                    zero = zero && at(a.tokens, t * 4 * D + channel, lane) == 0;
            assert_int_equal(zero, channel < task.shape.zero_channels);
        }
    }
}

/* |s_t|^2 changes by the noise alone: |s_51|^2 - |s_1|^2 has mean T d .01^2 = .05 and deviation
 * sqrt(4 * 3.33 * T * 1e-4) < .26; five of them is the tolerance. */
static void rotations_keep_lengths(void **state)
{
    (void)state;
    draw(&a, &paper, TOKENS_RAW, false, 0);
    for (int lane = 0; lane < LANES; lane++) {
        double first = 0, last = 0;
        for (int i = 0; i < D; i++) {
            first += pow(at(a.tokens, i, lane), 2);
            last += pow(at(a.target, (T - 1) * D + i, lane), 2);
        }
        assert_true(fabs(last - first) < .05 + 5 * .26);
    }
}

/* Without noise s_{t+1} = W s_t exactly linear: E (u' W u)^2 = 1/d for Haar (science.md section 4,
 * 9) and E u' W u = 0, with u = s_1/|s_1|. (u'Wu)^2 has mean .1 and deviation < .13 (that of a
 * squared coordinate on the sphere, sqrt(3/(d(d+2)) - 1/d^2)); 4 standard errors over 16 x 128
 * tasks. */
static void rotations_are_haar(void **state)
{
    (void)state;
    struct task_config quiet = paper;
    quiet.noise = 0;
    enum { TASKS = 16 * 128 };
    double sum = 0, square = 0;
    for (int first = 0; first < TASKS; first += LANES) {
        draw(&a, &quiet, TOKENS_RAW, false, (uint64_t)first);
        for (int lane = 0; lane < LANES; lane++) {
            double dot = 0, norm = 0;
            for (int i = 0; i < D; i++) {
                dot += (double)at(a.tokens, i, lane) * at(a.target, i, lane);
                norm += pow(at(a.tokens, i, lane), 2);
            }
            sum += dot / norm;
            square += pow(dot / norm, 2);
        }
    }
    assert_true(fabs(sum / TASKS) < 4 * sqrt(.1 / TASKS));
    assert_true(fabs(square / TASKS - .1) < 4 * .13 / sqrt(TASKS));
}

static void states_are_limited(void **state)
{
    (void)state;
    struct task_config tight = paper;
    tight.state_clip = .5;
    draw(&a, &tight, TOKENS_RAW, false, 0);
    int limited = 0;
    for (int i = 0; i < T * D * LANES; i++) {
        assert_true(fabs((double)a.target[i]) <= .5);
        limited += fabs((double)a.target[i]) == .5;
    }
    assert_true(limited > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_construction_of_pairs_is_refused),
        cmocka_unit_test(tokens_hold_the_states_that_they_name),
        cmocka_unit_test(channels_that_are_always_zero_are_named),
        cmocka_unit_test(rotations_keep_lengths),
        cmocka_unit_test(rotations_are_haar),
        cmocka_unit_test(states_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
