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

INLINE vec smaller(vec a, vec b) /* a < b ? a : b, so b when either is NaN */
{
#if defined(MESASWEEP_ISA_avx512)
    return PS(_mm512_min)(a, b);
#elif defined(MESASWEEP_ISA_avx2)
    return PS(_mm256_min)(a, b);
#else
    return choose(less(a, b), a, b);
#endif
}

#endif
