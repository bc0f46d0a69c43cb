/* The matrices of fixed and of contracting dynamics (science.md 2.1), found again from states. */
#include "sample.h"

static struct task_config plane(enum task_kind kind)
{
    return (struct task_config){.kind = (int)kind,
                                .dimension = 2,
                                .context = 2,
                                .outputs = 1,
                                .input_range = 2,
                                .weight_scale = 1,
                                .state_clip = 1e6,
                                .tasks = 1};
}

/* From s_1, s_2, s_3 in the plane: W = [s_2 s_3] [s_1 s_2]^-1. Returns the determinant of what is
 * inverted. */
static double find_matrix(double W[2][2], const struct sample *s, int b)
{
    double s1[2], s2[2], s3[2];
    for (int c = 0; c < 2; c++) {
        s1[c] = (double)s->tokens[c * LANES + b];
        s2[c] = (double)s->tokens[(2 + c) * LANES + b];
        s3[c] = (double)s->target[(2 + c) * LANES + b];
    }
    double determinant = s1[0] * s2[1] - s1[1] * s2[0];
    for (int c = 0; c < 2; c++) {
        W[c][0] = (s2[c] * s2[1] - s3[c] * s1[1]) / determinant;
        W[c][1] = (s3[c] * s1[0] - s2[c] * s2[0]) / determinant;
    }
    return fabs(determinant);
}

/* Roundings of 1e-16, divided by a determinant above 1e-3. */
static void fixed_dynamics_have_one_rotation(void **state)
{
    (void)state;
    struct task_config config = plane(TASK_FIXED_DYNAMICS);
    double first[2][2], other[2][2];
    int compared = 0;
    struct sample *s = draw(&config, TOKENS_RAW, 0);
    assert_true(find_matrix(first, s, 0) > 1e-3);
    free(s);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            assert_true(fabs(first[i][0] * first[j][0] + first[i][1] * first[j][1] - (i == j)) <
                        1e-11);
    for (int group = 0; group < 4; group++) {
        s = draw(&config, TOKENS_RAW, (uint64_t)group * LANES);
        for (int b = 0; b < LANES; b++) {
            if (find_matrix(other, s, b) < 1e-3)
                continue;
            compared++;
            for (int i = 0; i < 4; i++)
                assert_true(fabs(first[i / 2][i % 2] - other[i / 2][i % 2]) < 1e-11);
        }
        free(s);
    }
    assert_true(compared > 32);
}

/* Rows of task 0 of the shared stream, step 0, as science.md 3 has them: the first of length 1, the
 * second what it leaves. `unit` adds 1e-12 to a square of order 1. */
static void the_rotation_of_fixed_dynamics_is_the_stated_one(void **state)
{
    (void)state;
    struct task_config config = plane(TASK_FIXED_DYNAMICS);
    double found[2][2], expected[2][2], length[2] = {0};
    real numbers[4 * LANES];
    struct random_lanes random;
    struct sample *s = draw(&config, TOKENS_RAW, 0);
    assert_true(find_matrix(found, s, 0) > 1e-3);
    random_seed(&random, 0, STREAM_SHARED, 0, 0);
    kernels_at(0)->normal(numbers, &random, 4, 1);
    for (int i = 0; i < 2; i++) {
        double along = 0;
        for (int c = 0; c < 2; c++) {
            expected[i][c] = (double)numbers[(2 * i + c) * LANES];
            along += i == 0 ? 0 : expected[0][c] * expected[i][c];
        }
        for (int c = 0; c < 2; c++) {
            expected[i][c] -= i == 0 ? 0 : along * expected[0][c];
            length[i] += expected[i][c] * expected[i][c];
        }
        for (int c = 0; c < 2; c++) {
            expected[i][c] /= sqrt(length[i]);
            assert_true(fabs(found[i][c] - expected[i][c]) < 1e-10 / length[i]);
        }
    }
    free(s);
}

/* W V = V diag(.9, l): V row by row and then the l from the task's stream, whose first l becomes
 * .9. Errors as below, for columns of V of order 1. */
static void columns_of_what_is_drawn_are_eigenvectors(void **state)
{
    (void)state;
    struct task_config config = plane(TASK_CONTRACTING_DYNAMICS);
    struct sample *s = draw(&config, TOKENS_RAW, 0);
    struct random_lanes random;
    real V[4 * LANES], l[2 * LANES];
    int compared = 0;
    random_seed(&random, 7, STREAM_TRAIN, 3, 0);
    kernels_at(0)->normal(V, &random, 4, 1);
    kernels_at(0)->uniform(l, &random, 2, (real).3, (real).9);
    for (int b = 0; b < LANES; b++) {
        double W[2][2];
        if (find_matrix(W, s, b) < 1e-4)
            continue;
        compared++;
        for (int j = 0; j < 2; j++)
            for (int i = 0; i < 2; i++) {
                double value = j == 0 ? .9 : (double)l[LANES + b], of = 0;
                for (int c = 0; c < 2; c++)
                    of += W[i][c] * (double)V[(2 * c + j) * LANES + b];
                assert_true(fabs(of - value * (double)V[(2 * i + j) * LANES + b]) < 1e-6);
            }
    }
    assert_true(compared > 8);
    free(s);
}

/* The eigenvalues are .9 and one of mean .6 and variance .03, the square of whose distance from the
 * mean has the variance .6^4/80 - .03^2 = .00072: five deviations. Where states show
 * little of W (determinant below 1e-4) it is left out; roundings are then below 1e-7. */
static void contracting_dynamics_have_the_stated_eigenvalues(void **state)
{
    (void)state;
    struct task_config config = plane(TASK_CONTRACTING_DYNAMICS);
    double sum = 0, square = 0, n = 0;
    for (int first = 0; first < 64 * LANES; first += LANES) {
        struct sample *s = draw(&config, TOKENS_RAW, (uint64_t)first);
        for (int b = 0; b < LANES; b++) {
            double W[2][2];
            if (find_matrix(W, s, b) < 1e-4)
                continue;
            double trace = W[0][0] + W[1][1], other = trace - .9;
            double determinant = W[0][0] * W[1][1] - W[0][1] * W[1][0];
            assert_true(fabs(determinant - .9 * other) < 1e-6);
            assert_true(other > .3 - 1e-6 && other < .9 + 1e-6);
            sum += other;
            square += (other - .6) * (other - .6);
            n++;
        }
        free(s);
    }
    assert_true(n > 960);
    assert_true(fabs(sum / n - .6) < 5 * sqrt(.03 / n));
    assert_true(fabs(square / n - .03) < 5 * sqrt(.00072 / n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_dynamics_have_one_rotation),
        cmocka_unit_test(the_rotation_of_fixed_dynamics_is_the_stated_one),
        cmocka_unit_test(contracting_dynamics_have_the_stated_eigenvalues),
        cmocka_unit_test(columns_of_what_is_drawn_are_eigenvectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
