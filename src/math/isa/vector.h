/* vector.h - the register of one instruction set, and the few operations that C lacks for it.
 *
 * A group of LANES numbers is PARTS registers of VL lanes; kernels treat each part by itself. VL is
 * always the width of the hardware: compilers split wider vectors badly. Everything else is written
 * with the vector types of gcc and clang, so that one source serves every instruction set.
 */
#ifndef MATH_ISA_VECTOR_H
#define MATH_ISA_VECTOR_H

#include <string.h>

#include "math/kernels.h"

#if defined(MESASWEEP_ISA_avx512) || defined(MESASWEEP_ISA_avx2)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define PASTE2(a, b) a##_##b
#define PASTE(a, b) PASTE2(a, b)
#define NAME(x) PASTE(x, MESASWEEP_ISA) /* the name of a function of this object */
#define INLINE static inline __attribute__((always_inline, unused))

#ifdef MESASWEEP_DOUBLE
typedef int64_t integer;
typedef uint64_t bits_of_real;
#define PS(name) name##_pd
#else
typedef int32_t integer;
typedef uint32_t bits_of_real;
#define PS(name) name##_ps
#endif

#if defined(MESASWEEP_ISA_avx512)
#define REGISTER 64 /* bytes */
#elif defined(MESASWEEP_ISA_avx2)
#define REGISTER 32
#else
#define REGISTER 16
#endif
#ifdef MESASWEEP_DOUBLE
#define VL (REGISTER / 8)
#else
#define VL (REGISTER / 4)
#endif
#define PARTS (LANES / VL)

typedef real vec __attribute__((vector_size(REGISTER)));
typedef integer ivec __attribute__((vector_size(REGISTER)));
typedef bits_of_real uvec __attribute__((vector_size(REGISTER))); /* wraps, as bits have to */
typedef uint32_t words __attribute__((vector_size(VL * 4)));
/* The same in memory, at any address. */
typedef real vec_at __attribute__((vector_size(REGISTER), aligned(sizeof(real)), may_alias));
typedef uint32_t words_at __attribute__((vector_size(VL * 4), aligned(4), may_alias));

INLINE vec load(const real *at)
{
    return *(const vec_at *)at;
}

INLINE void store(real *at, vec x)
{
    *(vec_at *)at = x;
}

INLINE vec all(real x)
{
    return x - (vec){0}; /* keeps the sign of -0 */
}

/* ---- choices; a comparison with a NaN is false */

#if defined(MESASWEEP_ISA_avx512)
#ifdef MESASWEEP_DOUBLE
typedef __mmask8 mask;
#define COMPARE _mm512_cmp_pd_mask
#else
typedef __mmask16 mask;
#define COMPARE _mm512_cmp_ps_mask
#endif

INLINE mask less(vec a, vec b)
{
    return COMPARE(a, b, _CMP_LT_OQ);
}

INLINE vec choose(mask m, vec yes, vec no)
{
    return PS(_mm512_mask_blend)(m, no, yes);
}

INLINE bool any(mask m)
{
    return m != 0;
}
#else
typedef ivec mask;

INLINE mask less(vec a, vec b)
{
    return (mask)(a < b);
}

INLINE vec choose(mask m, vec yes, vec no)
{
#ifdef MESASWEEP_ISA_avx2
    return PS(_mm256_blendv)(no, yes, (vec)m);
#else
    return (vec)((m & (ivec)yes) | (~m & (ivec)no));
#endif
}

INLINE bool any(mask m)
{
#if defined(MESASWEEP_ISA_avx2)
    return PS(_mm256_movemask)((vec)m) != 0;
#elif defined(__SSE2__)
    return PS(_mm_movemask)((vec)m) != 0;
#else
    integer found = 0;
    for (int i = 0; i < VL; i++)
        found |= m[i];
    return found != 0;
#endif
}
#endif

INLINE vec larger(vec a, vec b) /* a > b ? a : b, so b when either is NaN */
{
#if defined(MESASWEEP_ISA_avx512)
    return PS(_mm512_max)(a, b);
#elif defined(MESASWEEP_ISA_avx2)
    return PS(_mm256_max)(a, b);
#else
    return choose(less(b, a), a, b);
#endif
}

/* ---- one rounding: a b + c */

#if defined(MESASWEEP_ISA_avx512)
INLINE vec fma_vec(vec a, vec b, vec c)
{
    return PS(_mm512_fmadd)(a, b, c);
}

INLINE vec fnma_vec(vec a, vec b, vec c)
{
    return PS(_mm512_fnmadd)(a, b, c);
}

INLINE vec sqrt_vec(vec x)
{
    return PS(_mm512_sqrt)(x);
}
#elif defined(MESASWEEP_ISA_avx2)
INLINE vec fma_vec(vec a, vec b, vec c)
{
    return PS(_mm256_fmadd)(a, b, c);
}

INLINE vec fnma_vec(vec a, vec b, vec c)
{
    return PS(_mm256_fnmadd)(a, b, c);
}

INLINE vec sqrt_vec(vec x)
{
    return PS(_mm256_sqrt)(x);
}
#else
#if defined(MESASWEEP_DOUBLE)
INLINE vec fma_vec(vec a, vec b, vec c)
{
    for (int i = 0; i < VL; i++)
        c[i] = __builtin_fma(a[i], b[i], c[i]);
    return c;
}
#elif defined(__FP_FAST_FMAF)
INLINE vec fma_vec(vec a, vec b, vec c)
{
    for (int i = 0; i < VL; i++)
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
}
#else
/* Without the instruction, exactly: a product of floats is exact in double, and so the sum with c
 * is rounded twice, to double and to float. That is wrong only where the double lies just in the
 * middle between two floats: its 29 last bits are 10...0. (Results that are denormal may be off by
 * their last bit; they are flushed to zero.) */
typedef double wide __attribute__((vector_size(VL * 8)));
typedef int64_t wide_bits __attribute__((vector_size(VL * 8)));
typedef int32_t halves __attribute__((vector_size(VL * 8)));

/* The sum rounded to odd instead: truncated, and the last bit set when anything was cut off, so
 * that the second rounding sees on which side of the middle it was (Boldo and Melquiond, "Emulation
 * of FMA and correctly rounded sums", 2008). What was cut off comes from Knuth's two-sum. */
static __attribute__((noinline, cold, unused)) vec fma_of_middles(vec a, vec b, vec c)
{
    wide product = __builtin_convertvector(a, wide) * __builtin_convertvector(b, wide);
    wide addend = __builtin_convertvector(c, wide), sum = product + addend;
    wide shadow = sum - product;
    wide lost = (product - (sum - shadow)) + (addend - shadow); /* NaN when sum is not finite */
    wide side = lost * sum;
    wide_bits beyond = side < 0;
    wide_bits short_of = side > 0;
    wide_bits odd = ((wide_bits)sum + beyond) | ((beyond | short_of) & 1);
    return __builtin_convertvector((wide)odd, vec);
}

INLINE vec fma_vec(vec a, vec b, vec c)
{
    wide product = __builtin_convertvector(a, wide) * __builtin_convertvector(b, wide);
    wide sum = product + __builtin_convertvector(c, wide);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    ivec low = __builtin_shufflevector((halves)sum, (halves)sum, 0, 2, 4, 6);
#else
    ivec low = __builtin_shufflevector((halves)sum, (halves)sum, 1, 3, 5, 7);
#endif
    if (__builtin_expect(any((low & 0x1fffffff) == 0x10000000), 0))
        return fma_of_middles(a, b, c);
    return __builtin_convertvector(sum, vec);
}
#endif

INLINE vec fnma_vec(vec a, vec b, vec c)
{
    return fma_vec(-a, b, c);
}

INLINE vec sqrt_vec(vec x)
{
#ifdef __SSE2__
    return PS(_mm_sqrt)(x);
#else
    for (int i = 0; i < VL; i++)
        x[i] = (real)__builtin_sqrt(x[i]);
    return x;
#endif
}
#endif

INLINE void update_at(real *at, vec value, enum update update)
{
    if (update == SET)
        store(at, value);
    else
        store(at, update == ADD ? load(at) + value : load(at) - value);
}

#endif
