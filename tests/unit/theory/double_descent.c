/* Gradient descent against its definition: the weights are carried, not the slots. */
#include "near.h"

#include <string.h>

#include "math/lapack.h"
#include "sample.h"
#include "theory/descent.h"
#include "theory/least_squares.h"

enum { D_MAX = 10, O_MAX = 2, SCRATCH = 10000 };

/* W <- W - rate sum_i (W x_i - y_i) x_i^T of the task in lane b, the definition. */
static void plain_weights(double W[O_MAX][D_MAX], const struct regression *group, int b,
                          const struct descent *descent)
{
    int d = group->d, O = group->O;
    for (int o = 0; o < O; o++)
        for (int c = 0; c < d; c++)
            W[o][c] = descent->W0 ? descent->W0[o * d + c] : 0;
    for (int l = 0; l < descent->steps; l++) {
        double gradient[O_MAX][D_MAX] = {{0}};
        for (int i = 0; i < group->N; i++)
            for (int o = 0; o < O; o++) {
                double rest = -group->y[(i * O + o) * LANES + b];
                for (int c = 0; c < d; c++)
                    rest += W[o][c] * group->x[(i * d + c) * LANES + b];
                for (int c = 0; c < d; c++)
                    gradient[o][c] += rest * group->x[(i * d + c) * LANES + b];
            }
        for (int o = 0; o < O; o++)
            for (int c = 0; c < d; c++)
                W[o][c] -= descent->rate * gradient[o][c];
    }
}

static const double some_start[] = {.3, -.7, 1.1, -.2, .05, .9};

static const struct {
    const struct task_config *task;
    struct descent descent;
} cases[] = {
    {&paper_task, {.steps = 0, .rate = .6}},
    {&paper_task, {.steps = 1, .rate = .6}},
    {&paper_task, {.steps = 5, .rate = .5}},
    {&paper_task, {.steps = 12, .rate = .4}},
    {&odd_task, {.steps = 0, .rate = .1, .W0 = some_start}},
    {&odd_task, {.steps = 1, .rate = .1, .W0 = some_start}},
    {&odd_task, {.steps = 4, .rate = .1, .W0 = some_start}},
    {&odd_task, {.steps = 4, .rate = .1, .clip = 1e6, .W0 = some_start}},
};

/* Both forms are sums of fewer than 1,000 terms a step of size below 10: 12 steps of rounding stay
 * below 12 * 1000 * 10 * 2^-53 = 1.4e-11; what is seen is 1e-14. */
static const double tolerance = 1.4e-11;

static void a_trace_has_the_prediction_of_every_number_of_steps(void **state)
{
    (void)state;
    double scratch[SCRATCH], yhat[O_MAX * LANES], trace[12 * O_MAX * LANES];
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct regression_set set = sample_set(cases[k].task, LANES, k);
        struct regression group = regression_at(&set, 0);
        struct descent descent = cases[k].descent;
        descent_trace(trace, &group, &descent, scratch);
        for (descent.steps = 1; descent.steps <= cases[k].descent.steps; descent.steps++) {
            descent_predict(yhat, NULL, &group, &descent, scratch);
            assert_memory_equal(trace + (descent.steps - 1) * set.O * LANES, yhat,
                                sizeof yhat[0] * (size_t)(set.O * LANES));
        }
        free(set.at);
    }
}

static void predicts_and_responds_as_descended_weights(void **state)
{
    (void)state;
    double scratch[SCRATCH], yhat[O_MAX * LANES], g[O_MAX * D_MAX * LANES];
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct regression_set set = sample_set(cases[k].task, LANES, k);
        struct regression group = regression_at(&set, 0);
        assert_true(descent_scratch(set.d, set.N, set.O) <= SCRATCH);
        descent_predict(yhat, g, &group, &cases[k].descent, scratch);
        for (int b = 0; b < LANES; b++) {
            double W[O_MAX][D_MAX];
            plain_weights(W, &group, b, &cases[k].descent);
            for (int o = 0; o < set.O; o++) {
                double expected = 0;
                for (int c = 0; c < set.d; c++) {
                    expected += W[o][c] * group.xq[c * LANES + b];
                    assert_near(g[(o * set.d + c) * LANES + b], W[o][c], tolerance);
                }
                assert_near(yhat[o * LANES + b], expected, tolerance);
            }
        }
        free(set.at);
    }
}

/* central[O][LANES] = (yhat(x_q + h e_c) - yhat(x_q - h e_c)) / (2 h). */
static void central_difference(double *central, struct regression group, int c,
                               const struct descent *descent)
{
    const double h = 1e-6;
    double scratch[SCRATCH], down[O_MAX * LANES], x[D_MAX * LANES];
    memcpy(x, group.xq, sizeof(double) * (size_t)(group.d * LANES));
    group.xq = x;
    for (int b = 0; b < LANES; b++)
        x[c * LANES + b] -= h;
    descent_predict(down, NULL, &group, descent, scratch);
    for (int b = 0; b < LANES; b++)
        x[c * LANES + b] += 2 * h;
    descent_predict(central, NULL, &group, descent, scratch);
    for (int i = 0; i < group.O * LANES; i++)
        central[i] = (central[i] - down[i]) / (2 * h);
}

/* A prediction is linear in x_q except where a clip begins (no task here is within h of that), so
 * central differences are exact but for rounding: below 10 * 2^-53 / 1e-6 = 1e-9. A clip of .2
 * cuts many of the slots, inputs (|x| < .5 and < 1) among them. */
static void sensitivity_equals_central_differences_even_through_a_clip(void **state)
{
    (void)state;
    int cut = 0;
    double scratch[SCRATCH], yhat[O_MAX * LANES], g[O_MAX * D_MAX * LANES], central[O_MAX * LANES];
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct descent descent = cases[k].descent;
        descent.clip = .2;
        struct regression_set set = sample_set(cases[k].task, LANES, 100 + k);
        struct regression group = regression_at(&set, 0);
        descent_predict(yhat, g, &group, &descent, scratch);
        for (int c = 0; c < set.d; c++) {
            central_difference(central, group, c, &descent);
            for (int o = 0; o < set.O; o++)
                for (int b = 0; b < LANES; b++) {
                    double derivative = g[(o * set.d + c) * LANES + b];
                    cut += descent.steps > 0 && derivative == 0;
                    assert_near(derivative, central[o * LANES + b], 1e-9);
                }
        }
        free(set.at);
    }
    assert_true(cut > 10);
}

/* Statement 2 for plain descent: with G = sum_i x_i x_i^T = U diag(lam) U^T and labels without
 * noise, y_q - yhat = w^T U diag((1 - c lam)^L) U^T x_q. The eigenvalues are those of LAPACK, to
 * 1e-15 of the largest (about 3), raised to the 12th power: 1e-13 is what is left to expect. */
static void statement_2_what_is_left_follows_from_eigenvalues(void **state)
{
    (void)state;
    enum { D = 10, N = 10, L = 12 };
    const double rate = .5;
    struct regression_set set = sample_set(&paper_task, LANES, 21);
    struct regression group = regression_at(&set, 0);
    double scratch[SCRATCH], yhat[LANES], least[1000];
    descent_predict(yhat, NULL, &group, &(struct descent){.steps = L, .rate = rate}, scratch);
    for (int b = 0; b < LANES; b++) {
        double G[D * D] = {0}, lam[D], U[D * D], w[D], expected = 0;
        for (int i = 0; i < N; i++)
            for (int r = 0; r < D * D; r++)
                G[r] += group.x[(i * D + r / D) * LANES + b] * group.x[(i * D + r % D) * LANES + b];
        assert_true(lapack_eigen(lam, U, G, D));
        for (int c = 0; c < D; c++) { /* the task's weights: what least squares says of each axis */
            double axis[D * LANES] = {0};
            axis[c * LANES + b] = 1;
            struct regression asked = group;
            asked.xq = axis;
            least_squares_predict(&w[c], &asked, b, least);
        }
        for (int j = 0; j < D; j++) {
            double of_w = 0, of_x = 0, left = pow(1 - rate * lam[j], L);
            for (int c = 0; c < D; c++) {
                of_w += w[c] * U[j * D + c];
                of_x += group.xq[c * LANES + b] * U[j * D + c];
            }
            expected += of_w * left * of_x;
        }
        assert_near(group.yq[b] - yhat[b], expected, 1e-10);
    }
    free(set.at);
}

static void statement_11_one_step_points_the_same_way_whatever_its_rate(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, LANES, 7);
    struct regression group = regression_at(&set, 0);
    double scratch[SCRATCH], yhat[LANES], u[D_MAX * LANES], v[D_MAX * LANES];
    descent_predict(yhat, u, &group, &(struct descent){.steps = 1, .rate = .6}, scratch);
    descent_predict(yhat, v, &group, &(struct descent){.steps = 1, .rate = .1}, scratch);
    for (int b = 0; b < LANES; b++) {
        double uv = 0, uu = 0, vv = 0;
        for (int at = b; at < set.d * LANES; at += LANES) {
            uv += u[at] * v[at];
            uu += u[at] * u[at];
            vv += v[at] * v[at];
        }
        assert_near(uv / sqrt(uu * vv), 1, 1e-14);
    }
    free(set.at);
}

static void statement_10_order_of_the_context_does_not_matter(void **state)
{
    (void)state;
    enum { N = 5, D = 3, O = 2 };
    struct regression_set set = sample_set(&odd_task, LANES, 3);
    struct regression group = regression_at(&set, 0);
    double scratch[SCRATCH], before[O * LANES], after[O * LANES];
    double x[N * D * LANES], y[N * O * LANES];
    struct descent descent = {.steps = 3, .rate = .1};
    descent_predict(before, NULL, &group, &descent, scratch);
    for (int i = 0; i < N; i++) {
        int j = (i + 2) % N;
        memcpy(x + i * D * LANES, group.x + j * D * LANES, D * LANES * sizeof(double));
        memcpy(y + i * O * LANES, group.y + j * O * LANES, O * LANES * sizeof(double));
    }
    group.x = x;
    group.y = y;
    descent_predict(after, NULL, &group, &descent, scratch);
    for (int i = 0; i < O * LANES; i++)
        assert_near(after[i], before[i], 1e-13);
    free(set.at);
}

static void loss_is_half_the_mean_square_summed_over_outputs_of_the_tasks_that_count(void **state)
{
    (void)state;
    enum { TASKS = 20 }; /* one group and a quarter */
    struct regression_set set = sample_set(&odd_task, TASKS, 5);
    assert_int_equal(regression_groups(&set), 2);
    assert_int_equal(regression_lanes(&set, 1), 4);
    double scratch[SCRATCH], losses[TASKS + 1] = {[TASKS] = 7}, sum = 0, terms = 0;
    for (int t = 0; t < TASKS; t++) {
        struct regression group = regression_at(&set, t / LANES);
        double a = group.yq[t % LANES], b = group.yq[LANES + t % LANES];
        sum += .5 * (a * a + b * b);
    }
    double loss = descent_loss(losses, &set, &(struct descent){.steps = 0}, scratch);
    for (int t = 0; t < TASKS; t++)
        terms += losses[t];
    assert_near(loss, sum / TASKS, 1e-14);
    assert_near(loss, terms / TASKS, 1e-14);
    assert_near(losses[TASKS], 7, 0);
    free(set.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predicts_and_responds_as_descended_weights),
        cmocka_unit_test(a_trace_has_the_prediction_of_every_number_of_steps),
        cmocka_unit_test(sensitivity_equals_central_differences_even_through_a_clip),
        cmocka_unit_test(statement_2_what_is_left_follows_from_eigenvalues),
        cmocka_unit_test(statement_11_one_step_points_the_same_way_whatever_its_rate),
        cmocka_unit_test(statement_10_order_of_the_context_does_not_matter),
        cmocka_unit_test(loss_is_half_the_mean_square_summed_over_outputs_of_the_tasks_that_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
