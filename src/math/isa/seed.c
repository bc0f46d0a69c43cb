/* seed.c - the states of all lanes from Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC11. Integers only: registers full of words in either build. */
#include "table.h"

enum { WORDS = REGISTER / 4 };
typedef uint32_t block __attribute__((vector_size(REGISTER)));
typedef uint64_t pairs __attribute__((vector_size(REGISTER)));
typedef uint32_t block_at __attribute__((vector_size(REGISTER), aligned(4), may_alias));

/* Of each pair of words the low one, times m. */
INLINE pairs multiply_low(pairs x, uint32_t m)
{
#if defined(MESASWEEP_ISA_avx512)
    return (pairs)_mm512_mul_epu32((__m512i)x, _mm512_set1_epi64(m));
#elif defined(MESASWEEP_ISA_avx2)
    return (pairs)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(m));
#elif defined(__SSE2__)
    return (pairs)_mm_mul_epu32((__m128i)x, _mm_set1_epi64x(m));
#else
    return (x & 0xffffffff) * m;
#endif
}

INLINE void multiply(block *high, block *low, block x, uint32_t m)
{
    const pairs lower = (pairs){0} + 0xffffffff;
    pairs even = multiply_low((pairs)x, m), odd = multiply_low((pairs)x >> 32, m);
    *low = (block)((even & lower) | odd << 32);
    *high = (block)(even >> 32 | (odd & ~lower));
}

INLINE void philox(block x[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        block high0, low0, high2, low2;
        multiply(&high0, &low0, x[0], 0xd2511f53);
        multiply(&high2, &low2, x[2], 0xcd9e8d57);
        x[0] = high2 ^ x[1] ^ key0;
        x[1] = low2;
        x[2] = high0 ^ x[3] ^ key1;
        x[3] = low0;
        key0 += 0x9e3779b9;
        key1 += 0xbb67ae85;
    }
}

void KERNEL(seed)(struct random_lanes *random, uint64_t seed, uint32_t stream, uint32_t step,
                  uint64_t task)
{
    for (int part = 0; part < LANES; part += WORDS) {
        block x[4] = {{0}, {0}, (block){0} + step, (block){0} + stream};
        for (int b = 0; b < WORDS; b++) {
            uint64_t lane = task + (uint64_t)(part + b);
            x[0][b] = (uint32_t)lane;
            x[1][b] = (uint32_t)(lane >> 32);
        }
        philox(x, (uint32_t)seed, (uint32_t)(seed >> 32));
        x[0] |= (block)((x[0] | x[1] | x[2] | x[3]) == 0) & 1; /* xoshiro would stay at zero */
        for (int i = 0; i < 4; i++)
            *(block_at *)(random->state[i] + part) = x[i];
    }
}
