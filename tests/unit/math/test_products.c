/* The products against their definition, summed in double.
 *
 * A sum of k fused products in the order of the contract has an error of at most
 * k u S / (1 - k u), S = sum |a||b|, u = 2^-24; adding the old value is one more rounding, the tree
 * over lanes four. So (k + 6) u (S + |old|), with 1 % for the terms of second order. */
#include "support.h"

enum { SIZE = 45, AREA = SIZE * SIZE };

typedef void product_kernel(struct matrix C, struct operand A, struct operand B, int m, int n,
                            int k, enum update update);

struct shape {
    int m, n, k;
    enum update update;
};

struct buffers {
    real A[AREA * LANES + LANES], B[AREA * LANES + LANES], C[(SIZE + 1) * (SIZE + 1) * LANES],
        old[(SIZE + 1) * (SIZE + 1) * LANES];
};

static struct buffers at;

/* A view of [rows][columns] elements of `size` reals: plain or transposed. */
static struct operand view(const real *from, struct source *source, int rows, int columns, int size)
{
    if (source_word(source) & 1)
        return (struct operand){from, columns * size, size};
    return (struct operand){from, size, rows * size};
}

static struct matrix target(struct source *source, struct shape s, int size)
{
    if (source_word(source) & 1)
        return (struct matrix){at.C, (s.n + 1) * size, size}; /* a gap after each row */
    return (struct matrix){at.C, size, s.m * size};
}

static void check(double got, double sum, double sizes, double old, struct shape s)
{
    double expected = s.update == SET ? sum : s.update == ADD ? old + sum : old - sum;
    double bound = 1.01 * (s.k + 6) * unit_roundoff * (sizes + (s.update == SET ? 0 : fabs(old)));
    if (!(fabs(got - expected) <= bound))
        fail_msg("%dx%dx%d: %.9g, expected %.9g +- %.2g", s.m, s.n, s.k, got, expected, bound);
}

static struct shape draw(struct source *source, int i)
{
    if (i < 64) /* the corners of every tile */
        return (struct shape){1 + i % 8, 1 + i / 8, source_between(source, 0, 3),
                              (enum update)(i % 3)};
    if (i < 128) { /* single rows and columns, which have tiles of their own */
        int length = 1 + i % 32;
        return (struct shape){i < 96 ? 1 : length, i < 96 ? length : 1,
                              source_between(source, 0, 12), (enum update)(i % 3)};
    }
    int top = i % 4 ? 14 : SIZE;
    return (struct shape){source_between(source, 1, top), source_between(source, 1, top),
                          source_between(source, 0, top), (enum update)(i % 3)};
}

static void refill(struct source *source)
{
    source_fill(at.A, source, (int)COUNT(at.A));
    source_fill(at.B, source, (int)COUNT(at.B));
    source_fill(at.old, source, (int)COUNT(at.old));
    memcpy(at.C, at.old, sizeof at.C);
}

/* size_B: LANES when B is one matrix a lane, 1 when all lanes share it */
static void products_of_lanes(product_kernel *function, int size_B)
{
    struct source source = {(uint64_t)size_B};
    for (int i = 0; i < 224; i++) {
        struct shape s = draw(&source, i);
        if (i % 16 == 0)
            refill(&source);
        memcpy(at.C, at.old, sizeof at.C);
        struct matrix C = target(&source, s, LANES);
        struct operand A = view(at.A, &source, s.m, s.k, LANES);
        struct operand B = view(at.B, &source, s.k, s.n, size_B);
        function(C, A, B, s.m, s.n, s.k, s.update);
        for (int e = 0; e < s.m * s.n; e++) {
            int row = e / s.n, column = e % s.n, b = e * 7 % LANES;
            double sum = 0, sizes = 0;
            for (int l = 0; l < s.k; l++) {
                double product = (double)A.at[row * A.row + l * A.column + b] *
                                 (double)B.at[l * B.row + column * B.column + (size_B > 1 ? b : 0)];
                sum += product;
                sizes += fabs(product);
            }
            ptrdiff_t where = row * C.row + column * C.column + b;
            check((double)at.C[where], sum, sizes, (double)at.old[where], s);
        }
    }
}

static void products_of_lanes_with_lanes_are_right(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    products_of_lanes(kernels->lanes_lanes, LANES);
}

static void products_of_lanes_with_a_shared_matrix_are_right(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    products_of_lanes(kernels->lanes_shared, 1);
}

static void reduce_once(const struct kernels *kernels, struct source *source, struct shape s)
{
    memcpy(at.C, at.old, sizeof at.C);
    struct matrix C = target(source, s, 1);
    struct operand A = view(at.A, source, s.m, s.k, LANES);
    struct operand B = view(at.B, source, s.k, s.n, LANES);
    kernels->reduce(C, A, B, s.m, s.n, s.k, s.update);
    for (int e = 0; e < s.m * s.n; e++) {
        int row = e / s.n, column = e % s.n;
        double sum = 0, sizes = 0;
        for (int l = 0; l < s.k; l++)
            for (int b = 0; b < LANES; b++) {
                double product = (double)A.at[row * A.row + l * A.column + b] *
                                 (double)B.at[l * B.row + column * B.column + b];
                sum += product;
                sizes += fabs(product);
            }
        ptrdiff_t where = row * C.row + column * C.column;
        check((double)at.C[where], sum, sizes, (double)at.old[where], s);
    }
}

static void sums_over_lanes_of_products_are_right(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        struct source source = {3};
        for (int i = 0; i < 224; i++) {
            if (i % 16 == 0)
                refill(&source);
            reduce_once(kernels, &source, draw(&source, i));
        }
    }
}

/* Powers of ten apart, a sum over lanes tells its order: only the tree of the contract gives it. */
static void the_tree_over_lanes_is_the_one_of_the_contract(void **state)
{
    (void)state;
    struct source source = {4};
    real x[LANES], one[LANES], half[LANES];
    for (int b = 0; b < LANES; b++) {
        half[b] = x[b] = source_real(&source) * (real)(b % 3 ? 1e6 : 1e-2);
        one[b] = 1;
    }
    for (int width = 8; width; width /= 2)
        for (int b = 0; b < width; b++)
            half[b] += half[b + width];
    EACH_OBJECT(kernels)
    {
        real sum = 0, result;
        kernels->reduce_sum(&sum, x, NULL, 1);
        assert_memory_equal(&sum, half, sizeof sum);
        kernels->reduce((struct matrix){&result, 1, 1}, (struct operand){x, LANES, LANES},
                        (struct operand){one, LANES, LANES}, 1, 1, 1, SET);
        assert_memory_equal(&result, half, sizeof result);
    }
}

static void nothing_outside_the_target_is_written(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        struct source source = {5};
        refill(&source);
        struct operand A = {at.A, SIZE * LANES, LANES}, B = {at.B, SIZE * LANES, LANES};
        struct matrix C = {at.C + LANES, 20 * LANES, LANES};
        kernels->lanes_lanes(C, A, B, 11, 11, 5, SET);
        kernels->lanes_shared(C, A, B, 11, 11, 5, SET);
        for (int i = 0; i < 12; i++)
            for (int j = 0; j < 20 * LANES; j++)
                if (i == 11 || j < LANES || j >= 12 * LANES)
                    assert_true(at.C[i * 20 * LANES + j] == at.old[i * 20 * LANES + j]);
        memcpy(at.C, at.old, sizeof at.C);
        kernels->reduce((struct matrix){at.C + 1, 20, 1}, A, B, 11, 11, 5, SET);
        for (int i = 0; i < 12; i++)
            for (int j = 0; j < 20; j++)
                if (i == 11 || j < 1 || j >= 12)
                    assert_true(at.C[i * 20 + j] == at.old[i * 20 + j]);
    }
}

static void a_number_that_is_not_finite_reaches_its_lane_and_no_other(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        struct source source = {6};
        refill(&source);
        at.A[3 * LANES + 5] = (real)NAN;
        struct operand A = {at.A, 4 * LANES, LANES}, B = {at.B, 4 * LANES, LANES};
        kernels->lanes_lanes((struct matrix){at.C, 4 * LANES, LANES}, A, B, 4, 4, 4, SET);
        for (int i = 0; i < 4 * 4 * LANES; i++)
            assert_int_equal(isnan(at.C[i]) != 0, i < 4 * LANES && i % LANES == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_lanes_with_lanes_are_right),
        cmocka_unit_test(products_of_lanes_with_a_shared_matrix_are_right),
        cmocka_unit_test(sums_over_lanes_of_products_are_right),
        cmocka_unit_test(the_tree_over_lanes_is_the_one_of_the_contract),
        cmocka_unit_test(nothing_outside_the_target_is_written),
        cmocka_unit_test(a_number_that_is_not_finite_reaches_its_lane_and_no_other),
    };
    return cmocka_run_group_tests_name("products", tests, flush_denormals, NULL);
}
