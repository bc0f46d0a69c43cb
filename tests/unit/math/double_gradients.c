/* Every backward against central differences of its forward, in double.
 *
 * With step h = 1e-5 a difference of numbers of size one has a truncation error of about
 * h^2 f'''/6 and a rounding error of about 2^-53/h: 1e-10 for derivatives of size one. The sums
 * here have at most a few hundred such terms, so 1e-7 relative to 1 + |gradient| is far from chance
 * and near enough to see a wrong factor. */
#include "support.h"

enum { N = 9, T = 6, K = 4, ROW = N * LANES, MESA = T * K * LANES };

static const double step = 1e-5, tolerance = 1e-7;
static const struct kernels *kernels; /* the object under test */

/* loss[b] = sum over i of weight_i y_i(x) in lane b; only lane b of x moves it. */
typedef void forward(real *y, const real *x);

static void loss_of(double loss[LANES], forward *function, const real *x, const real *weight,
                    int n_out)
{
    static real y[2 * MESA];
    function(y, x);
    for (int b = 0; b < LANES; b++) {
        loss[b] = 0;
        for (int i = 0; i < n_out; i++)
            loss[b] += weight[i * LANES + b] * y[i * LANES + b];
    }
}

static void agrees_with_differences(forward *function, const real *gradient, const real *x,
                                    const real *weight, int n, int n_out)
{
    static real moved[4 * MESA];
    memcpy(moved, x, sizeof(real) * (size_t)(n * LANES));
    for (int i = 0; i < n; i++) {
        double up[LANES], down[LANES];
        for (int b = 0; b < LANES; b++)
            moved[i * LANES + b] = x[i * LANES + b] + step;
        loss_of(up, function, moved, weight, n_out);
        for (int b = 0; b < LANES; b++)
            moved[i * LANES + b] = x[i * LANES + b] - step;
        loss_of(down, function, moved, weight, n_out);
        for (int b = 0; b < LANES; b++) {
            double expected = (up[b] - down[b]) / (2 * step), got = gradient[i * LANES + b];
            if (!(fabs(got - expected) <= tolerance * (1 + fabs(expected))))
                fail_msg("%s, element %d, lane %d: %.12g, differences give %.12g", kernels->name, i,
                         b, got, expected);
            moved[i * LANES + b] = x[i * LANES + b];
        }
    }
}

static real x[3 * MESA + ROW], weight[3 * MESA + ROW], gradient[3 * MESA + ROW];

static void draw(uint64_t seed)
{
    struct source source = {seed};
    source_fill(x, &source, (int)COUNT(x));
    source_fill(weight, &source, (int)COUNT(weight));
    source_fill(gradient, &source, (int)COUNT(gradient));
}

/* `gradient` as made with SET must also come out of ADD and SUBTRACT. */
static void updates_agree(const real *set, const real *old, const real *added, const real *taken)
{
    for (int i = 0; i < ROW; i++) {
        assert_true(fabs(added[i] - (old[i] + set[i])) <= 0x1p-50 * (1 + fabs(set[i])));
        assert_true(fabs(taken[i] - (old[i] - set[i])) <= 0x1p-50 * (1 + fabs(set[i])));
    }
}

static void softmax(real *y, const real *values)
{
    kernels->softmax(y, values, 1.7, N);
}

static void softmax_has_its_derivative(void **state)
{
    (void)state;
    EACH_OBJECT(object)
    {
        kernels = object;
        draw(1);
        real p[ROW];
        softmax(p, x);
        kernels->softmax_backward(gradient, p, weight, 1.7, N);
        agrees_with_differences(softmax, gradient, x, weight, N, N);
    }
}

static void gelu(real *y, const real *values)
{
    kernels->gelu(y, NULL, values, N);
}

static void gelu_has_its_derivative(void **state)
{
    (void)state;
    EACH_OBJECT(object)
    {
        kernels = object;
        draw(2);
        for (int i = 0; i < ROW; i++)
            x[i] *= 4;
        real alone[ROW], y[ROW];
        gelu(alone, x);
        kernels->gelu(y, gradient, x, N);
        assert_memory_equal(y, alone, sizeof y);
        kernels->multiply(gradient, gradient, weight, SET, N);
        agrees_with_differences(gelu, gradient, x, weight, N, N);
    }
}

static void normalise(real *y, const real *values)
{
    real statistics[2 * LANES];
    kernels->normalise(y, statistics, values, N);
}

static void normalise_has_its_derivative(void **state)
{
    (void)state;
    EACH_OBJECT(object)
    {
        kernels = object;
        draw(3);
        real y[ROW], statistics[2 * LANES], old[ROW], added[ROW], taken[ROW];
        kernels->normalise(y, statistics, x, N);
        memcpy(old, weight + ROW, sizeof old);
        memcpy(added, old, sizeof old);
        memcpy(taken, old, sizeof old);
        kernels->normalise_backward(gradient, weight, y, statistics, SET, N);
        kernels->normalise_backward(added, weight, y, statistics, ADD, N);
        kernels->normalise_backward(taken, weight, y, statistics, SUBTRACT, N);
        agrees_with_differences(normalise, gradient, x, weight, N, N);
        updates_agree(gradient, old, added, taken);
    }
}

static void unit(real *y, const real *values)
{
    real norm[LANES];
    kernels->unit(y, norm, values, N);
}

static void unit_has_its_derivative(void **state)
{
    (void)state;
    EACH_OBJECT(object)
    {
        kernels = object;
        draw(4);
        real y[ROW], norm[LANES], old[ROW], added[ROW], taken[ROW];
        kernels->unit(y, norm, x, N);
        memcpy(old, weight + ROW, sizeof old);
        memcpy(added, old, sizeof old);
        memcpy(taken, old, sizeof old);
        kernels->unit_backward(gradient, weight, y, norm, SET, N);
        kernels->unit_backward(added, weight, y, norm, ADD, N);
        kernels->unit_backward(taken, weight, y, norm, SUBTRACT, N);
        agrees_with_differences(unit, gradient, x, weight, N, N);
        updates_agree(gradient, old, added, taken);
    }
}

static void clip(real *y, const real *values)
{
    kernels->clip(y, values, 0.5, N);
}

static void clip_has_its_derivative(void **state)
{
    (void)state;
    EACH_OBJECT(object)
    {
        kernels = object;
        draw(5);
        kernels->clip_backward(gradient, weight, x, 0.5, N);
        agrees_with_differences(clip, gradient, x, weight, N, N);
    }
}

static real lambda, states[(2 * K * K + T * K) * LANES], products[MESA];
static real scratch[(5 * K * K + 4 * K) * LANES];

static void mesa(real *y, const real *values) /* q, k, v one after the other */
{
    kernels->mesa_forward(y, states, products, values, values + MESA, values + 2 * MESA, lambda,
                          scratch, T, K);
}

static void mesa_has_its_derivative(void **state)
{
    (void)state;
    EACH_OBJECT(object)
    {
        kernels = object;
        draw(6);
        lambda = 0.7;
        real out[MESA], dlambda[LANES];
        mesa(out, x);
        kernels->mesa_backward(gradient, gradient + MESA, gradient + 2 * MESA, dlambda, weight,
                               states, products, x + MESA, x + 2 * MESA, lambda, scratch, T, K);
        agrees_with_differences(mesa, gradient, x, weight, 3 * T * K, T * K);
        double up[LANES], down[LANES];
        lambda = 0.7 + step;
        loss_of(up, mesa, x, weight, T * K);
        lambda = 0.7 - step;
        loss_of(down, mesa, x, weight, T * K);
        for (int b = 0; b < LANES; b++) {
            double expected = (up[b] - down[b]) / (2 * step);
            assert_true(fabs(dlambda[b] - expected) <= tolerance * (1 + fabs(expected)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_has_its_derivative),   cmocka_unit_test(gelu_has_its_derivative),
        cmocka_unit_test(normalise_has_its_derivative), cmocka_unit_test(unit_has_its_derivative),
        cmocka_unit_test(clip_has_its_derivative),      cmocka_unit_test(mesa_has_its_derivative),
    };
    return cmocka_run_group_tests_name("gradients", tests, NULL, NULL);
}
