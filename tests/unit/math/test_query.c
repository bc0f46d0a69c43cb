/* The kernels of one query give the bits of the products that they join. */
#include "support.h"

enum { D_MAX = 13, N_MAX = 12, STRIDE = 3 /* of the column in A, of its sums */ };

static real z[D_MAX * LANES], C[N_MAX * D_MAX * LANES], B[D_MAX * D_MAX], a[D_MAX * STRIDE];
static real dr[LANES];

static struct {
    real r[LANES], U[D_MAX * LANES], P[N_MAX * LANES], V[N_MAX * LANES];
    real dU[D_MAX * LANES], dP[N_MAX * LANES], dV[N_MAX * LANES], dA[D_MAX * STRIDE * LANES];
} joined, products;

static struct matrix row(real *at)
{
    return (struct matrix){at, 0, LANES};
}

static struct operand as_row(const real *at)
{
    return (struct operand){at, 0, LANES};
}

static struct operand as_column(const real *at)
{
    return (struct operand){at, LANES, 0};
}

static void join(const struct kernels *kernels, int D, int N)
{
    struct query query = {.z = z,
                          .C = C,
                          .B = {B, D, 1},
                          .a = {a, STRIDE, 1},
                          .N = N,
                          .D = D,
                          .U = joined.U,
                          .P = joined.P,
                          .V = joined.V};
    kernels->query_forward(joined.r, &query);
    struct query_gradient gradient = {
        joined.dU, joined.dP, joined.dV, {joined.dA, STRIDE * LANES, LANES}};
    kernels->query_backward(&gradient, &query, dr);
}

static void multiply(const struct kernels *kernels, int D, int N)
{
    struct operand tokens = {C, D * LANES, LANES}, turned = {C, LANES, D * LANES};
    kernels->lanes_shared(row(products.U), as_row(z), (struct operand){B, D, 1}, 1, D, D, SET);
    kernels->lanes_lanes(row(products.P), as_row(products.U), turned, 1, N, D, SET);
    kernels->lanes_shared((struct matrix){products.V, LANES, LANES}, tokens,
                          (struct operand){a, STRIDE, 1}, N, 1, D, SET);
    kernels->lanes_lanes(row(products.r), as_row(products.P), as_column(products.V), 1, 1, N, ADD);
    kernels->lanes_lanes(row(products.dP), as_row(dr), as_row(products.V), 1, N, 1, SET);
    kernels->lanes_lanes(row(products.dV), as_row(dr), as_row(products.P), 1, N, 1, SET);
    kernels->lanes_lanes(row(products.dU), as_row(products.dP), tokens, 1, D, N, SET);
    kernels->lanes_lanes((struct matrix){products.dA, STRIDE * LANES, LANES}, turned,
                         as_column(products.dV), D, 1, N, ADD);
}

static void joined_products_have_the_same_bits(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    for (int D = 1; D <= D_MAX; D++)
        for (int N = 1; N <= N_MAX; N++) {
            struct source source = {(uint64_t)(D * 100 + N)};
            source_fill(z, &source, (int)COUNT(z));
            source_fill(C, &source, (int)COUNT(C));
            source_fill(B, &source, (int)COUNT(B));
            source_fill(a, &source, (int)COUNT(a));
            source_fill(dr, &source, LANES);
            source_fill((real *)&joined, &source, (int)(sizeof joined / sizeof(real)));
            memcpy(&products, &joined, sizeof joined);
            join(kernels, D, N);
            multiply(kernels, D, N);
            assert_memory_equal(&joined, &products, sizeof joined);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_products_have_the_same_bits),
    };
    return cmocka_run_group_tests_name("query", tests, flush_denormals, NULL);
}
