/* elementary.h - exp, log, sin, cos of a register; include/math/elementary.h states the errors.
 *
 * Minimax polynomials on a reduced range, every step a fused multiply-add, so that the bits are the
 * same everywhere. The double build, which exists for tests, takes the C library's functions.
 */
#ifndef MATH_ISA_ELEMENTARY_H
#define MATH_ISA_ELEMENTARY_H

#include <float.h>
#include <math.h>

#include "../angle.h"
#include "fused.h"

#ifdef MESASWEEP_DOUBLE
/* clang-format off */
#define EACH_LANE(name, function)           \
    INLINE vec name(vec x)                  \
    {                                       \
        for (int i = 0; i < VL; i++)        \
            x[i] = function(x[i]);          \
        return x;                           \
    }
/* clang-format on */
EACH_LANE(exp_vec, exp)
EACH_LANE(log_vec, log)
EACH_LANE(sin_vec, sin)
EACH_LANE(cos_vec, cos)
#undef EACH_LANE

INLINE vec logistic_vec(vec x)
{
    return 1 / (1 + exp_vec(-x));
}

/* sine and cosine of r in [0, pi/4] */
INLINE void sincos_vec(vec *sine, vec *cosine, vec r)
{
    *sine = sin_vec(r);
    *cosine = cos_vec(r);
}
#else

/* Nearest whole number of x times `factor`, |.| < 2^22. */
INLINE vec whole(vec x, float factor)
{
    vec magic = all(0x1.8p23f);
    return fma_vec(x, all(factor), magic) - magic;
}

INLINE ivec to_integer(vec x)
{
    return __builtin_convertvector(x, ivec);
}

/* exp(x) = 2^n exp(r), |r| <= log(2)/2, of |x| <= 87; polynomial error 2^-28. */
INLINE vec exp_of_moderate(vec x)
{
    vec n = whole(x, 0x1.715476p0f);
    vec r = fma_vec(n, all(0x1.05c610p-29f), fnma_vec(n, all(0x1.62e430p-1f), x));
    vec p = fma_vec(all(0x1.6a4d60p-10f), r, all(0x1.12398ep-7f));
    p = fma_vec(p, r, all(0x1.5558b0p-5f));
    p = fma_vec(p, r, all(0x1.555492p-3f));
    p = fma_vec(p, r, all(0x1.fffffcp-2f));
    p = fma_vec(p, r * r, r) + 1;
    return (vec)((uvec)p + ((uvec)to_integer(n) << 23));
}

INLINE vec exp_vec(vec x)
{
    vec y = exp_of_moderate(x);
    y = choose(less(x, all(0x1.62e430p6f)), y, x + INFINITY); /* infinite, or NaN, above */
    return choose(less(x, all(-0x1.5d589ep6f)), all(0), y);   /* below FLT_MIN */
}

/* 1 / (1 + exp(-x)). The quotient is Newton's, which takes a fifth of the time of a division: the
 * exponent and a line for the mantissa give 1/d to 12 %, each step squares that and the third
 * leaves the rounding. Beyond 87 the function is 1, or less than 2^-125. */
INLINE vec logistic_vec(vec x)
{
    vec d = 1 + exp_of_moderate(smaller(all(87), larger(all(-87), -x)));
    vec y = (vec)(0x7ef311c7 - (uvec)d);
    for (int step = 0; step < 3; step++)
        y = fma_vec(y, fnma_vec(d, y, all(1)), y);
    return y;
}

/* log(x) of FLT_MIN <= x < infinity: x = 2^e (1 + f), 2/3 <= 1 + f < 4/3; polynomial error 2^-27.6
 */
INLINE vec log_of_normal(vec x)
{
    uvec bits = (uvec)x, e = (bits - 0x3f2aaaab) & 0xff800000;
    vec f = (vec)(bits - e) - 1, ff = f * f;
    vec p = fma_vec(all(-0x1.07c894p-3f), f, all(0x1.1e678cp-3f));
    p = fma_vec(p, f, all(-0x1.f332f8p-4f));
    p = fma_vec(p, f, all(0x1.1ed662p-3f));
    p = fma_vec(p, f, all(-0x1.559c44p-3f));
    p = fma_vec(p, f, all(0x1.99d044p-3f));
    p = fma_vec(p, f, all(-0x1.fffefcp-3f));
    p = fma_vec(p, f, all(0x1.555506p-2f));
    p = fma_vec(p, f, all(-0.5f));
    p = fma_vec(p, ff, f);
    return fma_vec(__builtin_convertvector((ivec)e, vec), all(0x1.62e430p-24f),
                   p); /* e holds e 2^23 */
}

INLINE vec log_vec(vec x)
{
    vec y = choose(less(x, all(INFINITY)), log_of_normal(x), x);
    vec low = choose(less(all(-FLT_MIN), x), all(-INFINITY), all(NAN));
    return choose(less(x, all(FLT_MIN)), low, y);
}

/* sin and cos of |r| <= 1.004 pi/4; polynomial errors 2^-27.8, 2^-32 */
INLINE vec sin_of_reduced(vec r)
{
    vec rr = r * r;
    vec p = fma_vec(all(-0x1.991c1ep-13f), rr, all(0x1.1106c6p-7f));
    p = fma_vec(p, rr, all(-0x1.555544p-3f));
    return fma_vec(p, rr * r, r);
}

INLINE vec cos_of_reduced(vec r)
{
    vec rr = r * r;
    vec p = fma_vec(all(0x1.99e526p-16f), rr, all(-0x1.6c0c22p-10f));
    p = fma_vec(p, rr, all(0x1.55554ap-5f));
    return fma_vec(p, rr * rr, fma_vec(all(-0.5f), rr, all(1)));
}

INLINE void sincos_vec(vec *sine, vec *cosine, vec r)
{
    *sine = sin_of_reduced(r);
    *cosine = cos_of_reduced(r);
}

/* x = q pi/2 + r. To 65536 in three steps, each but the last exact or rounded once; beyond, and
 * that is rare, by integers. q is right modulo 4; r is NaN when x is not finite. */
INLINE vec reduce_angle(ivec *q, vec x)
{
    vec n = whole(x, 0x1.45f306p-1f);
    vec r = fnma_vec(n, all(0x1.921fb6p0f), x);
    r = fma_vec(n, all(0x1.777a5cp-25f), r);
    r = fma_vec(n, all(0x1.ee59dap-50f), r);
    *q = to_integer(n);
    vec size = (vec)((ivec)x & 0x7fffffff);
    if (any(less(all(65536), size)))
        for (int i = 0; i < VL; i++)
            if (size[i] > 65536) {
                int quadrant;
                r[i] = angle_reduce_large(&quadrant, x[i]);
                (*q)[i] = quadrant;
            }
    return r;
}

/* sin(r + q pi/2) */
INLINE vec sin_of_quadrant(ivec q, vec r)
{
    vec y = choose(less((vec){0}, __builtin_convertvector(q & 1, vec)), cos_of_reduced(r),
                   sin_of_reduced(r));
    return (vec)((uvec)y ^ (((uvec)q & 2) << 30));
}

INLINE vec sin_vec(vec x)
{
    ivec q;
    vec y = reduce_angle(&q, x);
    y = sin_of_quadrant(q, y);
    return choose(less((vec)((ivec)x & 0x7fffffff), all(FLT_MIN)), x, y); /* sin(-0) = -0 */
}

INLINE vec cos_vec(vec x)
{
    ivec q;
    vec r = reduce_angle(&q, x);
    return sin_of_quadrant(q + 1, r);
}
#endif

#endif
