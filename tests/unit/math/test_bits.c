/* Level A of reproducibility: every kernel gives the same bits in every object that this CPU runs,
 * and with every compiler: what came out is compared with a hash. The hashes change only together
 * with results_version; inputs are made without the C library. */
#include "support.h"

enum { ROWS = 40, MATRICES = 48 * 48 };

static struct {
    real x[MATRICES * LANES], y[MATRICES * LANES], z[MATRICES * LANES], old[MATRICES * LANES];
} in;
static struct {
    real a[MATRICES * LANES], b[MATRICES * LANES], c[MATRICES * LANES];
} out, first;

static void products(const struct kernels *kernels, int m, int n, int k)
{
    struct operand A = {in.x, k * LANES, LANES}, A_turned = {in.x, LANES, m * LANES};
    struct operand B = {in.y, n * LANES, LANES}, B_turned = {in.y, LANES, k * LANES};
    struct operand shared = {in.z, n, 1}, shared_turned = {in.z, 1, k};
    struct matrix C = {out.a, n * LANES, LANES};
    for (int u = 0; u < 3; u++) {
        enum update update = (enum update)u;
        kernels->lanes_lanes(C, A, B, m, n, k, update);
        C.at += m * n * LANES;
        kernels->lanes_lanes(C, A_turned, B_turned, m, n, k, update);
        C.at = out.b + u * 2 * m * n * LANES;
        kernels->lanes_shared(C, A, shared, m, n, k, update);
        C.at += m * n * LANES;
        kernels->lanes_shared(C, A_turned, shared_turned, m, n, k, update);
        C.at = out.a + (u + 1) * 2 * m * n * LANES;
        kernels->reduce((struct matrix){out.c + u * 2 * m * n, n, 1}, A, B_turned, m, n, k, update);
        kernels->reduce((struct matrix){out.c + (u * 2 + 1) * m * n, 1, m}, A_turned, B, m, n, k,
                        update);
    }
}

static void products_11(const struct kernels *kernels)
{
    products(kernels, 11, 11, 11);
}

static void products_of_edges(const struct kernels *kernels)
{
    static const int shapes[][3] = {{1, 1, 1}, {1, 7, 5}, {9, 1, 20}, {13, 2, 3}, {5, 10, 0},
                                    {7, 3, 2}, {6, 4, 9}, {12, 8, 4}, {2, 17, 6}, {19, 5, 7}};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        products(kernels, shapes[i][0], shapes[i][1], shapes[i][2]);
        for (int e = 0; e < ROWS * LANES; e++)
            out.c[MATRICES + e] += out.a[e] + out.b[e];
    }
}

static void products_of_many_tokens(const struct kernels *kernels)
{
    kernels->lanes_shared((struct matrix){out.a, 20 * LANES, LANES},
                          (struct operand){in.x, 40 * LANES, LANES}, (struct operand){in.y, 20, 1},
                          48, 20, 40, SET);
    kernels->reduce((struct matrix){out.b, 20, 1}, (struct operand){in.x, LANES, 40 * LANES},
                    (struct operand){in.y, 20 * LANES, LANES}, 40, 20, 48, SET);
    kernels->reduce_sum(out.c, in.x, in.y, ROWS);
    kernels->reduce_sum(out.c, in.z, NULL, ROWS);
}

static void elements(const struct kernels *kernels)
{
    int n = ROWS, step = ROWS * LANES;
    real *a = out.a;
    kernels->fill(a, (real)0.1, n);
    kernels->copy(a += step, in.x, n);
    kernels->axpy(a += step, in.x, (real)0.3, n);
    kernels->scale(a += step, in.x, (real)0.7, n);
    kernels->multiply(a += step, in.x, in.y, SET, n);
    kernels->multiply(a += step, in.x, in.y, ADD, n);
    kernels->multiply(a += step, in.x, in.y, SUBTRACT, n);
    kernels->affine(a += step, in.x, in.y, in.z, n);
    kernels->affine(a += step, in.x, in.y, NULL, n);
    kernels->affine(a += step, in.x, NULL, in.z, n);
    bool outside = kernels->clip(a += step, in.x, (real)0.5, n);
    kernels->clip_backward(a += step, in.x, in.y, (real)0.5, n);
    out.b[0] = outside;
}

static void functions(const struct kernels *kernels)
{
    int n = ROWS, step = ROWS * LANES;
    real *a = out.a;
    static real wide[ROWS * LANES];
    for (int i = 0; i < ROWS * LANES; i++)
        wide[i] = in.x[i] * ldexpf(1, (int)(90 * in.y[i]));
    for (int i = 0; i < 2; i++) {
        const real *x = i ? wide : in.x;
        kernels->exp(a, x, n);
        kernels->log(a += step, x, n);
        kernels->sin(a += step, x, n);
        kernels->cos(a += step, x, n);
        a += step;
    }
    kernels->gelu(a, NULL, in.x, n);
    kernels->gelu(a + step, a + 2 * step, in.x, n);
}

static void rows_of(const struct kernels *kernels, int n)
{
    int step = n * LANES;
    real *a = out.a;
    kernels->softmax(a, in.x, 3, n);
    kernels->softmax_backward(a + step, a, in.y, 3, n);
    kernels->normalise(a += 2 * step, out.b, in.x, n);
    kernels->normalise_backward(a + step, in.y, a, out.b, ADD, n);
    kernels->unit(a += 2 * step, out.c, in.x, n);
    kernels->unit_backward(a + step, in.y, a, out.c, SUBTRACT, n);
}

static void rows(const struct kernels *kernels)
{
    for (int n = 1; n <= ROWS; n++) {
        rows_of(kernels, n);
        kernels->axpy(out.a + MATRICES / 2 * LANES, out.a, (real)0.9, 6 * n);
    }
}

static void mesa(const struct kernels *kernels)
{
    enum { T = 7, K = 5 };
    static real left[(2 * K * K + T * K) * LANES], sq[T * K * LANES];
    static real scratch[(5 * K * K + 4 * K) * LANES];
    int row = T * K * LANES;
    kernels->mesa_forward(out.a, left, sq, in.x, in.y, in.z, (real)0.8, scratch, T, K);
    kernels->mesa_backward(out.b, out.b + row, out.b + 2 * row, out.c, in.old, left, sq, in.y, in.z,
                           (real)0.8, scratch, T, K);
}

static void random_numbers(const struct kernels *kernels)
{
    struct random_lanes random;
    random_seed(&random, 1, 2, 3, 4);
    kernels->uniform(out.a, &random, ROWS, (real)-0.3, (real)0.9);
    kernels->normal(out.b, &random, ROWS - 1, (real)1.7);
    kernels->uniform(out.c, &random, 1, 0, 1);
}

/* FNV-1a over the bits. A NaN, whose sign is nobody's business, counts as one number. */
static uint32_t hash_of(const real *x, size_t count)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        hash = (hash ^ (isnan(x[i]) ? 0x7fc00000 : bits)) * 16777619u;
    }
    return hash;
}

static void gives_the_same_bits(void (*run)(const struct kernels *), uint32_t expected)
{
    struct source source = {1};
    source_fill((real *)&in, &source, (int)(sizeof in / sizeof(real)));
    for (int i = 0; kernels_at(i); i++) {
        memcpy(out.a, in.old, sizeof out.a);
        memcpy(out.b, in.old, sizeof out.b);
        memcpy(out.c, in.old, sizeof out.c);
        run(kernels_at(i));
        if (i == 0)
            memcpy(&first, &out, sizeof first);
        else if (memcmp(&first, &out, sizeof first) != 0)
            fail_msg("%s differs from %s", kernels_at(i)->name, kernels_at(0)->name);
    }
    assert_int_equal(hash_of((const real *)&first, sizeof first / sizeof(real)), expected);
}

/* clang-format off */
#define SAME(run, hash)                                               \
    static void run##_have_the_same_bits(void **state)          \
    {                                                           \
        (void)state;                                            \
        gives_the_same_bits(run, hash);                               \
    }
/* clang-format on */
SAME(products_11, 0x74053058)
SAME(products_of_edges, 0xe3871f40)
SAME(products_of_many_tokens, 0xc1eb6dc2)
SAME(elements, 0xce0b583e)
SAME(functions, 0xe71c88e8)
SAME(rows, 0xb59c13c5)
SAME(mesa, 0xfed43349)
SAME(random_numbers, 0xa1c9f1b2)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_11_have_the_same_bits),
        cmocka_unit_test(products_of_edges_have_the_same_bits),
        cmocka_unit_test(products_of_many_tokens_have_the_same_bits),
        cmocka_unit_test(elements_have_the_same_bits),
        cmocka_unit_test(functions_have_the_same_bits),
        cmocka_unit_test(rows_have_the_same_bits),
        cmocka_unit_test(mesa_have_the_same_bits),
        cmocka_unit_test(random_numbers_have_the_same_bits),
    };
    return cmocka_run_group_tests_name("bits", tests, flush_denormals, NULL);
}
