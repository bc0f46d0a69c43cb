/* Without these, "nearest step" could be another step, or the nearest by another measure. */
#include "near.h"
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "theory/one_step.h"

enum { d = 3, T = 6, PARTS = 4, LAST_LANES = 5, STATES = (T + 1) * d * LANES };

/* Sequences s_0 = 0, s_1 ... s_T; of the last group most lanes are 0. */
static double states[PARTS][STATES];
/* [target][group][T][d][LANES] */
static double said[ONE_STEP_TARGETS][PARTS][T * d * LANES];

static const double truth_W0[d * d] = {.3, -.2, .1, .7, .05, -.4, -.6, .25, .15};
static const double truth_eta = .037;

/* The definition: Phi = W0 + eta sum (s_i - W0 s_i-1) s_i-1', prediction Phi s_t. */
static void predict(double prediction[d], const double *sequence, int t, int lane, double eta,
                    const double W0[d * d])
{
    double Phi[d * d];
    memcpy(Phi, W0, sizeof Phi);
    for (int i = 1; i <= t; i++) {
        const double *now = sequence + i * d * LANES + lane, *before = now - d * LANES;
        for (int o = 0; o < d; o++) {
            double rest = now[o * LANES];
            for (int c = 0; c < d; c++)
                rest -= W0[o * d + c] * before[c * LANES];
            for (int c = 0; c < d; c++)
                Phi[o * d + c] += eta * rest * before[c * LANES];
        }
    }
    for (int o = 0; o < d; o++) {
        prediction[o] = 0;
        for (int c = 0; c < d; c++)
            prediction[o] += Phi[o * d + c] * sequence[(t * d + c) * LANES + lane];
    }
}

/* Target 0 is that step, target 1 anything. */
static void draw(void)
{
    uint64_t seed = 3;
    for (int at = 0; at < PARTS * STATES; at++) {
        int group = at / STATES, row = at % STATES / LANES, lane = at % LANES;
        bool counts = row >= d && (group < PARTS - 1 || lane < LAST_LANES);
        states[group][at % STATES] = counts ? sample_normal(&seed) : 0;
    }
    for (int g = 0; g < PARTS; g++)
        for (int t = 1; t <= T; t++)
            for (int b = 0; b < (g < PARTS - 1 ? LANES : LAST_LANES); b++) {
                double step[d];
                predict(step, states[g], t, b, truth_eta, truth_W0);
                for (int o = 0; o < d; o++) {
                    int at = ((t - 1) * d + o) * LANES + b;
                    said[0][g][at] = step[o];
                    said[1][g][at] = sample_normal(&seed);
                }
            }
}

static void lay_out(struct one_step_sums *sums, double **scratch, struct arena *arena)
{
    *sums = one_step_create(arena, d);
    *scratch = ARENA_TAKE(arena, double, one_step_scratch(d));
}

static struct arena setup(struct one_step_sums *sums, double **scratch)
{
    struct arena arena = arena_measure();
    lay_out(sums, scratch, &arena);
    size_t size = arena.used;
    assert_int_equal(arena_create(&arena, size, NULL), OK);
    lay_out(sums, scratch, &arena);
    draw();
    for (int g = 0; g < PARTS; g++) {
        one_step_begin(sums);
        for (int t = 1; t <= T; t++) {
            one_step_state(sums, states[g] + t * d * LANES);
            for (int k = 0; k < ONE_STEP_TARGETS; k++)
                one_step_target(sums, k, said[k][g] + (t - 1) * d * LANES);
        }
    }
    return arena;
}

static double distance(int target, double eta, const double W0[d * d])
{
    double sum = 0;
    for (int g = 0; g < PARTS; g++)
        for (int at = 0; at < T * LANES; at++) {
            double step[d];
            int t = at / LANES, b = at % LANES;
            predict(step, states[g], t + 1, b, eta, W0);
            for (int o = 0; o < d; o++) {
                double apart = said[target][g][(t * d + o) * LANES + b] - step[o];
                sum += apart * apart;
            }
        }
    return sum;
}

/* eta is found to 1e-7 of itself; near the minimum the distance is known to about 1e-13 of the sum
 * of squares, of which eta and W0 feel the root. */
static void a_step_is_found_again(void **state)
{
    (void)state;
    struct one_step_sums sums;
    double *scratch, W0[d * d];
    struct arena arena = setup(&sums, &scratch);
    struct one_step step = {.W0 = W0};
    one_step_fit(&step, &sums, 0, scratch);
    assert_near(step.eta, truth_eta, 1e-6);
    for (int i = 0; i < d * d; i++)
        assert_near(W0[i], truth_W0[i], 1e-5);
    double square = one_step_square(&sums, 0);
    assert_near(square, distance(0, 0, (double[d * d]){0}), 1e-12 * square);
    assert_near(one_step_distance(&step, &sums, 0, scratch), 0, 1e-11 * square);
    arena_destroy(&arena);
}

/* Of anything, no step nearby is nearer; sums of about a thousand products agree to 1e-12. */
static void no_step_is_nearer(void **state)
{
    (void)state;
    struct one_step_sums sums;
    double *scratch, W0[d * d];
    struct arena arena = setup(&sums, &scratch);
    struct one_step step = {.W0 = W0};
    one_step_fit(&step, &sums, 1, scratch);
    double least = distance(1, step.eta, W0);
    assert_near(one_step_distance(&step, &sums, 1, scratch), least, 1e-12 * least);
    for (int sign = -1; sign <= 1; sign += 2) {
        assert_true(distance(1, step.eta + sign * 1e-3, W0) > least);
        for (int i = 0; i < d * d; i++) {
            double kept = W0[i];
            W0[i] += sign * 1e-3;
            assert_true(distance(1, step.eta, W0) > least);
            W0[i] = kept;
        }
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_found_again),
        cmocka_unit_test(no_step_is_nearer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
