/* fused.h - a b + c with one rounding, and the square root, of a register of every instruction set.
 */
#ifndef MATH_ISA_FUSED_H
#define MATH_ISA_FUSED_H

#include "vector.h"

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
