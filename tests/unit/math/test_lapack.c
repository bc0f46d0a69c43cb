/* The door to LAPACK against plain loops. Level B of reproducibility: tolerances, not bits. */
#include "math/lapack.h"
#include "support.h"

enum { ROWS = 37, N = 9, M = 4 };

static void draw(double *x, int count, uint64_t seed)
{
    struct source source = {seed};
    for (int i = 0; i < count; i++)
        x[i] = (double)source_real(&source);
}

/* Sums of ROWS products of numbers below one: error below (ROWS + 2) 2^-53 ROWS. */
static const double bound = (ROWS + 2) * 0x1p-53 * ROWS;

static void gram_adds_the_products_of_columns_on_both_triangles(void **state)
{
    (void)state;
    double X[ROWS * N], G[N * N];
    draw(X, ROWS * N, 1);
    for (int i = 0; i < N * N; i++)
        G[i] = 0.25;
    lapack_gram(G, X, ROWS, N);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0.25;
            for (int r = 0; r < ROWS; r++)
                sum += X[r * N + i] * X[r * N + j];
            assert_true(fabs(G[i * N + j] - sum) <= bound);
        }
}

static void cross_adds_the_products_of_the_columns_of_two(void **state)
{
    (void)state;
    double X[ROWS * N], Y[ROWS * M], C[N * M];
    draw(X, ROWS * N, 2);
    draw(Y, ROWS * M, 3);
    for (int i = 0; i < N * M; i++)
        C[i] = -0.5;
    lapack_cross(C, X, Y, ROWS, N, M);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M; j++) {
            double sum = -0.5;
            for (int r = 0; r < ROWS; r++)
                sum += X[r * N + i] * Y[r * M + j];
            assert_true(fabs(C[i * M + j] - sum) <= bound);
        }
}

static void ridge_solves_its_equations_and_keeps_the_matrix(void **state)
{
    (void)state;
    double X[ROWS * N], G[N * N] = {0}, before[N * N], C[N * M], W[N * M], scratch[N * N];
    draw(X, ROWS * N, 4);
    draw(C, N * M, 5);
    memcpy(W, C, sizeof W);
    lapack_gram(G, X, ROWS, N);
    memcpy(before, G, sizeof before);
    assert_true(lapack_ridge(W, G, 0.1, scratch, N, M));
    assert_memory_equal(G, before, sizeof G);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M; j++) {
            double sum = 0.1 * W[i * M + j], sizes = fabs(C[i * M + j]);
            for (int l = 0; l < N; l++) {
                sum += G[i * N + l] * W[l * M + j];
                sizes += fabs(G[i * N + l] * W[l * M + j]);
            }
            /* backward error of a Cholesky solution: below 4 N (N + 1) u (|G||W|) */
            assert_true(fabs(sum - C[i * M + j]) <= 4 * N * (N + 1) * 0x1p-53 * (sizes + ROWS));
        }
}

static void a_matrix_that_is_not_positive_definite_is_told(void **state)
{
    (void)state;
    double scratch[4], C[2] = {1, 1};
    assert_false(lapack_ridge(C, (double[]){1, 2, 2, 1}, 0, scratch, 2, 1));
    assert_false(lapack_ridge(C, (double[]){NAN, 0, 0, 1}, 0, scratch, 2, 1));
    assert_false(lapack_ridge(C, (double[]){1, NAN, NAN, 1}, 0, scratch, 2, 1));
    assert_true(lapack_ridge(C, (double[]){1, 2, 2, 1}, 1.5, scratch, 2, 1));
}

static void eigenvalues_ascend_and_rows_of_V_are_their_vectors(void **state)
{
    (void)state;
    double X[ROWS * N], A[N * N] = {0}, w[N], V[N * N], only[N];
    draw(X, ROWS * N, 6);
    lapack_gram(A, X, ROWS, N);
    assert_true(lapack_eigen(w, V, A, N));
    assert_true(lapack_eigen(only, NULL, A, N));
    for (int e = 0; e < N; e++) {
        assert_true(e == 0 || w[e - 1] <= w[e]);
        /* both are backward stable: w within N^2 u |A| (|A| <= ROWS N) */
        assert_true(fabs(w[e] - only[e]) <= 2 * N * N * 0x1p-53 * ROWS * N);
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int j = 0; j < N; j++)
                sum += A[i * N + j] * V[e * N + j];
            assert_true(fabs(sum - w[e] * V[e * N + i]) <= 4 * N * N * 0x1p-53 * ROWS * N);
        }
    }
    A[3] = INFINITY;
    assert_false(lapack_eigen(w, V, A, N));
}

static int one_thread(void **state)
{
    (void)state;
    lapack_threads(1);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_that_is_not_positive_definite_is_told),
        cmocka_unit_test(gram_adds_the_products_of_columns_on_both_triangles),
        cmocka_unit_test(cross_adds_the_products_of_the_columns_of_two),
        cmocka_unit_test(ridge_solves_its_equations_and_keeps_the_matrix),
        cmocka_unit_test(eigenvalues_ascend_and_rows_of_V_are_their_vectors),
    };
    return cmocka_run_group_tests_name("lapack", tests, one_thread, NULL);
}
