/* The mesa layer is ridge regression: out_t = Phi_t q_t with Phi_t = argmin over Phi of
 * .5 sum_{i<=t} |v_i - Phi k_i|^2 + |Phi|^2 / (2 lambda), solved here afresh for every t by
 * Cholesky.
 *
 * Keys have sizes near one and lambda is at most 1, so the condition of K'K + I/lambda is below
 * T K lambda + 1 < 1e3 and a double keeps 1e-16 * 1e3 * T of the update formula: 1e-10 is safe. */
#include "math/lapack.h"
#include "math/mesa.h"
#include "support.h"

enum { T_MAX = 29, K_MAX = 21 };

static real q[T_MAX * K_MAX * LANES], k[T_MAX * K_MAX * LANES], v[T_MAX * K_MAX * LANES];
static real out[T_MAX * K_MAX * LANES], sq[T_MAX * K_MAX * LANES];
static real left[(2 * K_MAX * K_MAX + T_MAX * K_MAX + 1) * LANES];
static real scratch[(K_MAX * K_MAX + 4 * K_MAX) * LANES];

static void outputs_of_lane(double *expected, int b, int t, int K, double lambda)
{
    double gram[K_MAX * K_MAX] = {0}, weights[K_MAX * K_MAX] = {0}, factor[K_MAX * K_MAX];
    double keys[T_MAX * K_MAX], values[T_MAX * K_MAX];
    for (int e = 0; e < (t + 1) * K; e++) {
        keys[e] = k[e * LANES + b];
        values[e] = v[e * LANES + b];
    }
    lapack_gram(gram, keys, t + 1, K);
    lapack_cross(weights, keys, values, t + 1, K, K);
    assert_true(lapack_ridge(weights, gram, 1 / lambda, factor, K, K));
    for (int i = 0; i < K; i++) {
        expected[i] = 0;
        for (int j = 0; j < K; j++)
            expected[i] += weights[j * K + i] * q[(t * K + j) * LANES + b];
    }
}

static void every_output_is_that_of_ridge_regression(void **state)
{
    (void)state;
    static const int shapes[][2] = {{1, 1},     {5, 1},   {1, 6},        {7, 3},
                                    {T_MAX, 5}, {23, 10}, {T_MAX, K_MAX}};
    EACH_OBJECT(kernels)
    for (size_t s = 0; s < COUNT(shapes); s++) {
        int T = shapes[s][0], K = shapes[s][1];
        double lambda = s % 2 ? 1 : 0.3;
        struct source source = {s};
        source_fill(q, &source, (int)COUNT(q));
        source_fill(k, &source, (int)COUNT(k));
        source_fill(v, &source, (int)COUNT(v));
        real *behind = left + (2 * K * K + T * K) * LANES;
        *behind = 7; /* no row more is written */
        kernels->mesa_forward(out, left, sq, q, k, v, lambda, scratch, T, K);
        assert_true(*behind == 7);
        for (int t = 0; t < T; t++) {
            double expected[K_MAX];
            outputs_of_lane(expected, t % LANES, t, K, lambda);
            for (int i = 0; i < K; i++)
                assert_true(fabs(out[(t * K + i) * LANES + t % LANES] - expected[i]) <= 1e-10);
        }
    }
}

static void nothing_later_changes_an_output(void **state)
{
    (void)state;
    enum { T = T_MAX, K = 7, CUT = 17 };
    EACH_OBJECT(kernels)
    {
        static real before[T * K * LANES];
        kernels->mesa_forward(before, left, sq, q, k, v, 1, scratch, T, K);
        for (int i = CUT * K * LANES; i < T * K * LANES; i++) {
            q[i] += 1;
            k[i] -= 1;
            v[i] *= 2;
        }
        kernels->mesa_forward(out, left, sq, q, k, v, 1, scratch, T, K);
        assert_memory_equal(out, before, sizeof(real) * CUT * K * LANES);
        assert_memory_not_equal(out, before, sizeof(real) * (CUT + 1) * K * LANES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_output_is_that_of_ridge_regression),
        cmocka_unit_test(nothing_later_changes_an_output),
    };
    lapack_threads(1);
    return cmocka_run_group_tests_name("mesa", tests, NULL, NULL);
}
