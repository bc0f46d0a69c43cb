/* The multiply-adds that `mesasweep bench` reports of the mesa kernels are those that they execute:
 * here their source runs on products that only count. */
#include "test.h"

#define MESASWEEP_ISA counted
#include "isa/mesa.c"

static double counted;

void KERNEL(lanes_lanes)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                         enum update update)
{
    (void)C, (void)A, (void)B, (void)update;
    counted += (double)m * n * k;
}

void KERNEL(fill)(real *y, real value, int n)
{
    for (int i = 0; i < n * LANES; i++)
        y[i] = value;
}

void KERNEL(copy)(real *y, const real *x, int n)
{
    (void)y, (void)x, (void)n;
}

void KERNEL(axpy)(real *y, const real *x, real a, int n)
{
    (void)y, (void)x, (void)a, (void)n;
}

static void mesa_counts_what_it_executes(void **state)
{
    (void)state;
    enum { T_MAX = 50, K_MAX = 20, VECTORS = T_MAX * K_MAX * LANES };
    static const int shapes[][2] = {{1, 1}, {7, 3}, {50, 20}, {20, 20}, {49, 11}};
    static real x[VECTORS], y[4][VECTORS], left[2 * K_MAX * K_MAX * LANES + VECTORS];
    static real scratch[(5 * K_MAX * K_MAX + 4 * K_MAX) * LANES], dlambda[LANES];
    for (size_t i = 0; i < COUNT(shapes); i++) {
        int T = shapes[i][0], K = shapes[i][1];
        counted = T * K; /* k . g of every token is no product of matrices */
        KERNEL(mesa_forward)(y[0], left, y[1], x, x, x, 1, scratch, T, K);
        assert_true(counted == mesa_forward_cost(T, K));
        counted = 0;
        KERNEL(mesa_backward)
        (y[0], y[1], y[2], dlambda, x, left, x, x, x, 1, scratch, T, K);
        assert_true(counted == mesa_backward_cost(T, K));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mesa_counts_what_it_executes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
