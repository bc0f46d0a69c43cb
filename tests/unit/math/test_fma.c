/* The fused multiply-add of every object, one rounding, against fmaf of the C library; the generic
 * object makes it of doubles. `multiply` with ADD is one of them for each element. */
#include "support.h"

#include <fenv.h>

enum { ROWS = 64, COUNT_ = ROWS * LANES };

static float a[COUNT_], b[COUNT_], c[COUNT_], got[COUNT_];

static float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool denormal(float x)
{
    return x != 0 && fabsf(x) < FLT_MIN;
}

/* The library rounds a result below FLT_MIN to a denormal, the flushed machine to 0 of its sign. A
 * result that rounds up to FLT_MIN at the last moment may be either. */
static bool same(float x, float exact)
{
    if (isnan(exact))
        return isnan(x);
    if (fabsf(exact) <= FLT_MIN && fabsf(x) <= FLT_MIN)
        return signbit(x) == signbit(exact) && (x == 0 || x == exact);
    return memcmp(&x, &exact, sizeof x) == 0;
}

static void check(const struct kernels *kernels)
{
    fenv_t before;
    fegetenv(&before);
    kernels_flush_denormals();
    memcpy(got, c, sizeof got);
    kernels->multiply(got, a, b, ADD, ROWS);
    fesetenv(&before);
    for (int i = 0; i < COUNT_; i++) {
        float exact = fmaf(a[i], b[i], c[i]);
        if (!same(got[i], exact))
            fail_msg("%s: fma(%a, %a, %a) = %a, not %a", kernels->name, (double)a[i], (double)b[i],
                     (double)c[i], (double)got[i], (double)exact);
    }
}

static float any_float(struct source *source)
{
    float x;
    do
        x = of_bits((uint32_t)source_word(source));
    while (denormal(x));
    return x;
}

/* Few set bits: sums that lie exactly in the middle between two floats, or a hair beside it. */
static float sparse_float(struct source *source)
{
    uint32_t mantissa = 1u << source_between(source, 0, 23) | 1u << source_between(source, 0, 23);
    uint32_t exponent = (uint32_t)source_between(source, 127 - 30, 127 + 30);
    return of_bits((uint32_t)(source_word(source) << 31) | exponent << 23 | (mantissa & 0x7fffff));
}

static void draw(struct source *source, int round)
{
    for (int i = 0; i < COUNT_; i++) {
        if (round % 4 == 0) {
            a[i] = any_float(source);
            b[i] = any_float(source);
            c[i] = any_float(source);
        } else {
            a[i] = round % 4 == 1 ? source_real(source) : sparse_float(source);
            b[i] = round % 4 == 1 ? source_real(source) : sparse_float(source);
            c[i] = round % 4 == 1 ? source_real(source) : sparse_float(source);
        }
        if (round % 4 == 3) { /* c next to -ab: everything cancels but the rounding of ab */
            uint32_t bits;
            c[i] = -a[i] * b[i];
            memcpy(&bits, c + i, sizeof bits);
            c[i] = of_bits(bits + (uint32_t)source_between(source, -1, 1));
        }
    }
}

static void one_rounding_for_random_and_nasty_numbers(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        struct source source = {1};
        for (int round = 0; round < 800; round++) {
            draw(&source, round);
            check(kernels);
        }
    }
}

static void zeros_infinities_nans_and_limits_are_those_of_the_library(void **state)
{
    (void)state;
    static const float values[] = {
        0,        -0.0f,   1,        -1,       INFINITY,  -INFINITY, NAN,      FLT_MAX,
        -FLT_MAX, FLT_MIN, -FLT_MIN, 0x1p-63f, -0x1p-63f, 0x1p64f,   -0x1p64f, 0x1.fffffep63f,
    };
    enum { N = COUNT(values) };
    EACH_OBJECT(kernels)
    for (int start = 0; start < N * N * N; start += COUNT_) {
        for (int i = 0; i < COUNT_; i++) {
            int e = (start + i) % (N * N * N);
            a[i] = values[e % N];
            b[i] = values[e / N % N];
            c[i] = values[e / N / N];
        }
        check(kernels);
    }
}

static void results_near_the_smallest_number_are_flushed_alike(void **state)
{
    (void)state;
    struct source source = {2};
    static float first[COUNT_];
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < COUNT_; i++) {
            a[i] = source_real(&source) * 0x1p-60f;
            b[i] = source_real(&source) * 0x1p-64f;
            c[i] = source_real(&source) * 0x1p-122f;
            if (i % 3 == 0) /* at the very limit */
                c[i] = (source_word(&source) & 1 ? 1 : -1) * FLT_MIN;
        }
        for (int o = 0; kernels_at(o); o++) {
            fenv_t before;
            fegetenv(&before);
            kernels_flush_denormals();
            memcpy(got, c, sizeof got);
            kernels_at(o)->multiply(got, a, b, ADD, ROWS);
            fesetenv(&before);
            if (o == 0)
                memcpy(first, got, sizeof first);
            assert_memory_equal(first, got, sizeof first);
        }
        for (int i = 0; i < COUNT_; i++)
            if (!denormal(c[i]))
                assert_true(same(got[i], fmaf(a[i], b[i], c[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rounding_for_random_and_nasty_numbers),
        cmocka_unit_test(zeros_infinities_nans_and_limits_are_those_of_the_library),
        cmocka_unit_test(results_near_the_smallest_number_are_flushed_alike),
    };
    return cmocka_run_group_tests_name("fma", tests, NULL, NULL);
}
