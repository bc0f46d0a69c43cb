/* GD++ by eigenvalues: statements 2, 4 and 7 of science.md. */
#include "near.h"

#include <string.h>

#include "math/lapack.h"
#include "sample.h"
#include "theory/descent.h"
#include "theory/expectation.h"
#include "theory/spectral.h"

static struct spectra read_spectra(const struct task_config *task, int count, uint64_t seed)
{
    struct regression_set set = sample_set(task, count, seed);
    struct arena arena = arena_measure();
    struct spectra spectra = spectra_create(&arena, task, count);
    spectra.at = malloc(arena.used);
    spectra_read(&spectra, &set);
    free(set.at);
    return spectra;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Both are backward stable: n^2 * 2^-53 times the largest. */
static void eigenvalues_equal_those_of_lapack(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int d = 1; d <= 12; d++) {
        double A[12 * 12], ours[12], theirs[12];
        for (int i = 0; i < d; i++)
            for (int j = 0; j <= i; j++)
                A[i * d + j] = A[j * d + i] = d == 7 ? i == j : sample_normal(&seed);
        assert_true(lapack_eigen(theirs, NULL, A, d));
        symmetric_eigenvalues(ours, A, d);
        qsort(ours, (size_t)d, sizeof(double), ascending);
        for (int i = 0; i < d; i++)
            assert_near(ours[i], theirs[i], 144 * 10 * 0x1p-53);
    }
    double zero[4] = {0}, none[2];
    symmetric_eigenvalues(none, zero, 2);
    assert_near(none[0], 0, 0);
}

static const struct gdpp some = {3, {.5, .9, 1.3}, {.1, .2, .3}};

/* GD++ on the slots, by definition: x_j <- x_j - gamma G x_j, y_j <- y_j - c sum_i y_i (x_i . x_j)
 * for all tokens, the query with y = 0 among them. Returns what is left of label y_q. */
static double plain_rest(const struct gdpp *gdpp, double x[11][10], const double w[10])
{
    double y[11] = {0}, label = 0;
    for (int c = 0; c < 10; c++) {
        label += w[c] * x[10][c];
        for (int i = 0; i < 10; i++)
            y[i] += w[c] * x[i][c];
    }
    for (int l = 0; l < gdpp->layers; l++) {
        double dx[11][10] = {{0}}, dy[11] = {0};
        for (int j = 0; j < 11; j++)
            for (int i = 0; i < 10; i++) {
                double score = 0;
                for (int c = 0; c < 10; c++)
                    score += x[i][c] * x[j][c];
                dy[j] -= gdpp->rate[l] * y[i] * score;
                for (int c = 0; c < 10; c++)
                    dx[j][c] -= gdpp->gamma[l] * x[i][c] * score;
            }
        for (int j = 0; j < 11; j++) {
            y[j] += dy[j];
            for (int c = 0; c < 10; c++)
                x[j][c] += dx[j][c];
        }
    }
    return label + y[10];
}

/* What is left of a label is w^T A x_q; over unit vectors w and x_q, |A|^2 = sum q_j^2, which is
 * the loss of this one context in units of .5 k^2 s2. */
static void statement_2_the_slots_have_the_loss_of_the_eigenvalues(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 1, 5);
    struct regression group = regression_at(&set, 0);
    struct spectra spectra = read_spectra(&paper_task, 1, 5);
    double sum = 0;
    for (int a = 0; a < 10; a++)
        for (int b = 0; b < 10; b++) {
            double x[11][10] = {[10] = {[0] = 0}}, w[10] = {[0] = 0};
            x[10][b] = 1;
            w[a] = 1;
            for (int i = 0; i < 100; i++)
                x[i / 10][i % 10] = group.x[i * LANES];
            double left = plain_rest(&some, x, w);
            sum += left * left;
        }
    assert_near(spectral_loss(NULL, &spectra, &some), spectra.unit * sum, 1e-14);
    free(spectra.at);
    free(set.at);
}

/* Of any number of outputs, range and scale. */
static void doing_nothing_has_its_expected_loss(void **state)
{
    (void)state;
    struct task_config task = paper_task;
    task.outputs = 2;
    task.input_range = 3;
    task.weight_scale = 1.5;
    struct spectra spectra = read_spectra(&task, 20, 6);
    const struct gdpp nothing = {.layers = 2};
    double expected = expected_zero_loss(&task);
    assert_near(spectral_loss(NULL, &spectra, &nothing), expected, 1e-14 * expected);
    free(spectra.at);
}

/* h^2 times third derivatives of order 1, and 2^-53 / h. */
static void gradient_equals_central_differences(void **state)
{
    (void)state;
    const double h = 1e-5;
    struct spectra spectra = read_spectra(&paper_task, 50, 6);
    double gradient[6];
    struct gdpp at = some;
    spectral_loss(gradient, &spectra, &at);
    for (int i = 0; i < 6; i++) {
        double *variable = i < 3 ? &at.rate[i] : &at.gamma[i - 3], value = *variable;
        *variable = value + h;
        double up = spectral_loss(NULL, &spectra, &at);
        *variable = value - h;
        double down = spectral_loss(NULL, &spectra, &at);
        *variable = value;
        assert_near(gradient[i], (up - down) / (2 * h), 1e-9);
    }
    assert_near(gradient[5], 0, 0); /* the last gamma has no effect */
    free(spectra.at);
}

/* Statement 4. The loss of a context has std/mean of about .3 here; 2,000 contexts give .7 %, and
 * 2.5 times that is allowed. Where a few large eigenvalues decide (five layers, or gammas of their
 * own) twice to three times as much. The rate of five steps is not printed there: .55 on 10,000. */
static void statement_4_optima(void **state)
{
    (void)state;
    static const struct {
        int layers;
        enum gdpp_freedom freedom;
        double loss, tolerance, rate, rate_tolerance;
    } cases[] = {
        {1, GDPP_DESCENT, .206229, .018, .606, .018},
        {1, GDPP_PER_LAYER, .206229, .018, .606, .018},
        {2, GDPP_DESCENT, .1566, .018, .597, .018},
        {2, GDPP_RATES, .1413, .018, .4, .05},
        {2, GDPP_SHARED, .1105, .018, 1.342, .03},
        {2, GDPP_PER_LAYER, .0920, .036, .416, .06},
        {5, GDPP_DESCENT, .1082, .03, .55, .1},
        {5, GDPP_SHARED, .0514, .06, 3.15, .06},
    };
    struct spectra spectra = read_spectra(&paper_task, 2000, 7);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gdpp gdpp = {.layers = cases[i].layers};
        double loss = gdpp_optimum(&gdpp, &spectra, cases[i].freedom), gradient[10], sum = 0;
        assert_int_equal(gdpp.layers, cases[i].layers);
        assert_near(loss, cases[i].loss, cases[i].tolerance * cases[i].loss);
        assert_near(gdpp.rate[0], cases[i].rate, cases[i].rate_tolerance * cases[i].rate);
        assert_near(spectral_loss(gradient, &spectra, &gdpp), loss, 1e-15);
        for (int l = 0; cases[i].freedom != GDPP_PER_LAYER && l < gdpp.layers; l++)
            sum += gradient[l]; /* rates move together in all but GDPP_RATES, where each is 0 */
        assert_near(sum, 0, 1e-6);
    }
    free(spectra.at);
}

/* Statement 7: n steps with .75 c*, the repetition of one layer with damping .75. The first number
 * is exact (expectation.h); 2,000 contexts as above, more of them where few large eigenvalues,
 * which such a step makes grow, decide. */
static void statement_7_repetition_with_damping(void **state)
{
    (void)state;
    static const struct {
        int n;
        double loss, tolerance;
    } cases[] = {{1, .2194, .018}, {2, .1697, .018}, {5, .1165, .018}, {10, .0866, .03}};
    double rate = .75 * expected_descent_rate(&paper_task);
    struct spectra spectra = read_spectra(&paper_task, 2000, 9);
    assert_near(rate, .4545, .00005);
    assert_near(expected_descent_loss(&paper_task, rate), .2194, .00005);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gdpp gdpp = {.layers = cases[i].n};
        for (int l = 0; l < gdpp.layers; l++)
            gdpp.rate[l] = rate;
        assert_near(spectral_loss(NULL, &spectra, &gdpp), cases[i].loss,
                    cases[i].tolerance * cases[i].loss);
    }
    free(spectra.at);
}

/* Descent is GD++ without gamma: the line search on tasks finds the rate of the eigenvalues, up to
 * the sampling of w and x_q: 1 % on 10,000 tasks, three times that is allowed. */
static void descent_is_the_special_case(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 3000, 8);
    struct spectra spectra = read_spectra(&paper_task, 3000, 8);
    struct gdpp gdpp = {.layers = 2};
    double loss = gdpp_optimum(&gdpp, &spectra, GDPP_DESCENT);
    double *scratch = malloc(sizeof(double) * descent_scratch(10, 10, 1));
    double *losses = malloc(sizeof(double) * 3000);
    struct descent descent = {.steps = 2, .rate = gdpp.rate[0]};
    double mean = descent_loss(losses, &set, &descent, scratch), squares = 0;
    for (int i = 0; i < 3000; i++)
        squares += (losses[i] - mean) * (losses[i] - mean);
    assert_near(mean, loss, 4 * sqrt(squares / 2999 / 3000));
    assert_near(descent_search(&set, &descent, scratch), gdpp.rate[0], .06 * gdpp.rate[0]);
    free(losses);
    free(scratch);
    free(spectra.at);
    free(set.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvalues_equal_those_of_lapack),
        cmocka_unit_test(statement_2_the_slots_have_the_loss_of_the_eigenvalues),
        cmocka_unit_test(doing_nothing_has_its_expected_loss),
        cmocka_unit_test(gradient_equals_central_differences),
        cmocka_unit_test(statement_4_optima),
        cmocka_unit_test(statement_7_repetition_with_damping),
        cmocka_unit_test(descent_is_the_special_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
