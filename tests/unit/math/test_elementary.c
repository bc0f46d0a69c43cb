/* exp, log, sin and cos over their whole range against the C library's in double, whose own error
 * (below one ulp of a double, 2^-29 of a float's) is nothing beside the bounds. */
#include "math/elementary.h"
#include "support.h"

enum { ROWS = 64, BATCH = ROWS * LANES };

typedef void kernel(real *y, const real *x, int n);

static float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Error in units of the last place of the float that holds the exact value. */
static double ulps(float got, double exact)
{
    int exponent;
    frexp(exact, &exponent);
    return fabs((double)got - exact) / ldexp(1, exponent - 24);
}

static bool right(float got, double exact, double bound)
{
    if (isnan(exact))
        return isnan(got);
    if (fabs(exact) < (double)FLT_MIN)
        return got == 0;
    if (fabs(exact) > 0x1.ffffffp127) /* rounds to infinity */
        return isinf(got) && (got > 0) == (exact > 0);
    return ulps(got, exact) <= bound;
}

static void check(const char *name, kernel *function, double (*exact)(double), double bound,
                  const float x[BATCH])
{
    float y[BATCH];
    function(y, x, ROWS);
    for (int i = 0; i < BATCH; i++)
        if (!right(y[i], exact((double)x[i]), bound))
            fail_msg("%s(%a) = %a, not %a", name, (double)x[i], (double)y[i], exact((double)x[i]));
}

/* Every exponent and both signs, with mantissas spread evenly, then floats that crowd in [from, to]
 * where the function does its work. Denormals are for the table of special values. */
static void whole_range(const char *name, kernel *function, double (*exact)(double), double bound,
                        float from, float to)
{
    float x[BATCH];
    for (uint32_t high = 1; high < 255; high++) {
        for (uint32_t i = 0; i < BATCH; i++)
            x[i] = of_bits((i & 1) << 31 | high << 23 | (i * 0x2003 + high * 77) % 0x800000);
        check(name, function, exact, bound, x);
    }
    for (int batch = 0; batch < 300; batch++) {
        for (int i = 0; i < BATCH; i++)
            x[i] = from + (to - from) * ((float)(batch * BATCH + i) + 0.5f) / (300.f * BATCH);
        check(name, function, exact, bound, x);
    }
}

static void exp_is_within_its_bound_everywhere(void **state)
{
    (void)state;
    whole_range("exp", kernels_at(0)->exp, exp, EXP_ULP, -88, 89);
}

static void log_is_within_its_bound_everywhere(void **state)
{
    (void)state;
    whole_range("log", kernels_at(0)->log, log, LOG_ULP, 0.5f, 2);
}

static void sin_is_within_its_bound_everywhere(void **state)
{
    (void)state;
    whole_range("sin", kernels_at(0)->sin, sin, SIN_ULP, -50, 50);
    whole_range("sin", kernels_at(0)->sin, sin, SIN_ULP, 65000, 66000);
}

static void cos_is_within_its_bound_everywhere(void **state)
{
    (void)state;
    whole_range("cos", kernels_at(0)->cos, cos, COS_ULP, -50, 50);
    whole_range("cos", kernels_at(0)->cos, cos, COS_ULP, 65000, 66000);
}

/* The floats that lie nearest to a multiple of pi/2 are where a careless reduction fails. */
static void angles_next_to_multiples_of_half_pi_are_reduced_exactly(void **state)
{
    (void)state;
    float x[BATCH];
    for (int n = 0; n < 60; n++) {
        for (int i = 0; i < BATCH; i++) {
            double quarter = ldexp((double)(n * BATCH + i + 1), n / 2);
            x[i] = (float)(quarter * 0x1.921fb54442d18p0);
        }
        check("sin", kernels_at(0)->sin, sin, SIN_ULP, x);
        check("cos", kernels_at(0)->cos, cos, COS_ULP, x);
    }
}

static void special_values_are_those_of_the_contract(void **state)
{
    (void)state;
    const float denormal = of_bits(0x00300000), inf = INFINITY;
    const struct {
        kernel *function;
        float x, y;
    } cases[] = {
        {kernels_at(0)->exp, 0, 1},
        {kernels_at(0)->exp, -0.0f, 1},
        {kernels_at(0)->exp, denormal, 1},
        {kernels_at(0)->exp, inf, inf},
        {kernels_at(0)->exp, -inf, 0},
        {kernels_at(0)->exp, NAN, NAN},
        {kernels_at(0)->exp, 88.72284f, inf},
        {kernels_at(0)->exp, -87.33655f, 0},
        {kernels_at(0)->exp, FLT_MAX, inf},
        {kernels_at(0)->exp, -FLT_MAX, 0},
        {kernels_at(0)->log, 1, 0},
        {kernels_at(0)->log, 0, -inf},
        {kernels_at(0)->log, -0.0f, -inf},
        {kernels_at(0)->log, denormal, -inf},
        {kernels_at(0)->log, -denormal, -inf},
        {kernels_at(0)->log, -FLT_MIN, NAN},
        {kernels_at(0)->log, -1, NAN},
        {kernels_at(0)->log, -inf, NAN},
        {kernels_at(0)->log, inf, inf},
        {kernels_at(0)->log, NAN, NAN},
        {kernels_at(0)->sin, 0, 0},
        {kernels_at(0)->sin, -0.0f, -0.0f},
        {kernels_at(0)->sin, inf, NAN},
        {kernels_at(0)->sin, -inf, NAN},
        {kernels_at(0)->sin, NAN, NAN},
        {kernels_at(0)->cos, 0, 1},
        {kernels_at(0)->cos, -0.0f, 1},
        {kernels_at(0)->cos, denormal, 1},
        {kernels_at(0)->cos, inf, NAN},
        {kernels_at(0)->cos, -inf, NAN},
        {kernels_at(0)->cos, NAN, NAN},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        float x[LANES] = {0}, y[LANES];
        x[i % LANES] = cases[i].x;
        cases[i].function(y, x, 1);
        float got = y[i % LANES];
        if (isnan(cases[i].y) ? !isnan(got) : memcmp(&got, &cases[i].y, sizeof got) != 0)
            fail_msg("case %zu: of %a came %a", i, (double)cases[i].x, (double)got);
    }
}

static void one_large_angle_does_not_disturb_its_neighbours(void **state)
{
    (void)state;
    float x[LANES], alone[LANES], y[LANES];
    for (int b = 0; b < LANES; b++)
        x[b] = (float)b * 0.7f;
    kernels_at(0)->sin(alone, x, 1);
    x[6] = 1e30f;
    kernels_at(0)->sin(y, x, 1);
    for (int b = 0; b < LANES; b++)
        assert_true(b == 6 ? right(y[b], sin((double)x[6]), SIN_ULP) : y[b] == alone[b]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_its_bound_everywhere),
        cmocka_unit_test(log_is_within_its_bound_everywhere),
        cmocka_unit_test(sin_is_within_its_bound_everywhere),
        cmocka_unit_test(cos_is_within_its_bound_everywhere),
        cmocka_unit_test(angles_next_to_multiples_of_half_pi_are_reduced_exactly),
        cmocka_unit_test(special_values_are_those_of_the_contract),
        cmocka_unit_test(one_large_angle_does_not_disturb_its_neighbours),
    };
    return cmocka_run_group_tests_name("elementary", tests, flush_denormals, NULL);
}
