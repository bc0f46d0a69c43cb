/* Regression on features: descent and ridge, against what defines them. */
#include "near.h"

#include <stdlib.h>

#include "sample.h"
#include "theory/descent.h"
#include "theory/kernel.h"
#include "theory/least_squares.h"

enum { MOST = 12, O = 2 };

struct drawn {
    double phi[(MOST + 1) * MOST], y[MOST * O];
    struct features task;
};

static void draw(struct drawn *drawn, int N, int F)
{
    uint64_t seed = (uint64_t)(N * 100 + F);
    for (int i = 0; i < (N + 1) * F; i++)
        drawn->phi[i] = sample_normal(&seed);
    for (int i = 0; i < N * O; i++)
        drawn->y[i] = sample_normal(&seed);
    drawn->task = (struct features){N, F, O, drawn->phi, drawn->y};
}

/* W [O][F] of a ridge regression by descent on what it minimises, until nothing moves: the Hessian
 * lies between `strength` and strength + |Phi|^2, so 4,000 steps of 1 / (strength + |Phi|^2) leave
 * (1 - 1/100)^4000 < 1e-17. */
static void descend(double *W, const struct features *task, double strength)
{
    double squares = strength;
    int F = task->F;
    for (int i = 0; i < task->N * F; i++)
        squares += task->phi[i] * task->phi[i];
    assert_true(strength / squares > .01);
    for (int step = 0; step < 4000; step++)
        for (int o = 0; o < O; o++) {
            double g[MOST];
            for (int f = 0; f < F; f++)
                g[f] = strength * W[o * F + f];
            for (int i = 0; i < task->N; i++) {
                double rest = -task->y[i * O + o];
                for (int f = 0; f < F; f++)
                    rest += W[o * F + f] * task->phi[i * F + f];
                for (int f = 0; f < F; f++)
                    g[f] += rest * task->phi[i * F + f];
            }
            for (int f = 0; f < F; f++)
                W[o * F + f] -= g[f] / squares;
        }
}

/* Few pairs, as many, and more than features. Condition numbers below 100, sums of 12: 1e-13. */
static void ridge_is_what_its_loss_is_least_at(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {3, 7}, {5, 5}, {12, 4}, {12, 1}};
    for (size_t k = 0; k < COUNT(sizes); k++) {
        struct drawn drawn;
        int N = sizes[k][0], F = sizes[k][1];
        double W[O * MOST] = {0}, prediction[O], scratch[MOST * MOST + MOST];
        draw(&drawn, N, F);
        assert_true(kernel_ridge_scratch(N, F) <= COUNT(scratch));
        descend(W, &drawn.task, 2);
        kernel_ridge(prediction, &drawn.task, 2, scratch);
        for (int o = 0; o < O; o++) {
            double expected = 0;
            for (int f = 0; f < F; f++)
                expected += W[o * F + f] * drawn.phi[N * F + f];
            assert_near(prediction[o], expected, 1e-13);
        }
    }
}

static void descent_is_one_step_with_features_as_inputs(void **state)
{
    (void)state;
    struct drawn drawn;
    double prediction[O];
    draw(&drawn, 5, 3);
    kernel_descent(prediction, &drawn.task, .07);
    for (int o = 0; o < O; o++) {
        double W[3] = {0}, expected = 0;
        for (int i = 0; i < 5; i++)
            for (int f = 0; f < 3; f++)
                W[f] += .07 * drawn.y[i * O + o] * drawn.phi[i * 3 + f];
        for (int f = 0; f < 3; f++)
            expected += W[f] * drawn.phi[15 + f];
        assert_near(prediction[o], expected, 1e-15);
    }
}

/* What ridge regression on the inputs tends to: for a small strength s least squares, to s / lam of
 * the smallest eigenvalue; for a large one a step of descent with the rate 1 / s, to lam / s. */
static void ridge_lies_between_descent_and_least_squares(void **state)
{
    (void)state;
    struct task_config wide = paper_task; /* N < d, and odd_task has N > d */
    wide.context = 6;
    const struct task_config *tasks[] = {&wide, &odd_task};
    for (int k = 0; k < 2; k++) {
        int d = tasks[k]->dimension, N = tasks[k]->context, outputs = tasks[k]->outputs;
        struct regression_set set = sample_set(tasks[k], LANES, 2);
        struct regression group = regression_at(&set, 0);
        struct descent descent = {.steps = 1, .rate = 1e-8};
        double ridge[O], other[O], step[O * LANES];
        size_t room = least_squares_ridge_scratch(d, N, outputs) +
                      least_squares_scratch(d, N, outputs) + descent_scratch(d, N, outputs);
        double *scratch = malloc(sizeof(double) * room);
        descent_predict(step, NULL, &group, &descent, scratch);
        for (int lane = 0; lane < LANES; lane++) {
            least_squares_ridge(ridge, &group, lane, 1e-10, scratch);
            least_squares_predict(other, &group, lane, scratch);
            for (int o = 0; o < outputs; o++)
                assert_near(ridge[o], other[o], 1e-6);
            least_squares_ridge(ridge, &group, lane, 1e8, scratch);
            for (int o = 0; o < outputs; o++)
                assert_near(ridge[o], step[o * LANES + lane],
                            1e-6 * fabs(step[o * LANES + lane]) + 1e-14);
        }
        free(scratch);
        free(set.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ridge_is_what_its_loss_is_least_at),
        cmocka_unit_test(descent_is_one_step_with_features_as_inputs),
        cmocka_unit_test(ridge_lies_between_descent_and_least_squares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
