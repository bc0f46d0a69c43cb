/* seed.c - the states of all lanes from Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC11. Each word lies in the lower half of 64 bits, where a product
 * needs it; what the upper half holds is of no account until the end. */
#include "table.h"

enum { WORDS = REGISTER / 8 };
typedef uint64_t block __attribute__((vector_size(REGISTER)));
typedef uint32_t block_words __attribute__((vector_size(WORDS * 4)));
typedef uint32_t block_words_at __attribute__((vector_size(WORDS * 4), aligned(4), may_alias));

/* Of the lower halves. */
INLINE block product(block x, uint32_t m)
{
#if defined(MESASWEEP_ISA_avx512)
    return (block)_mm512_mul_epu32((__m512i)x, _mm512_set1_epi64(m));
#elif defined(MESASWEEP_ISA_avx2)
    return (block)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(m));
#elif defined(__SSE2__)
    return (block)_mm_mul_epu32((__m128i)x, _mm_set1_epi64x(m));
#else
    return (x & 0xffffffff) * m;
#endif
}

INLINE void philox(block x[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        block first = product(x[0], 0xd2511f53), second = product(x[2], 0xcd9e8d57);
        x[0] = second >> 32 ^ x[1] ^ key0;
        x[1] = second;
        x[2] = first >> 32 ^ x[3] ^ key1;
        x[3] = first;
        key0 += 0x9e3779b9;
        key1 += 0xbb67ae85;
    }
}

void KERNEL(seed)(struct random_lanes *random, uint64_t seed, uint32_t stream, uint32_t step,
                  uint64_t task)
{
    block lane = {0};
    for (int b = 0; b < WORDS; b++)
        lane[b] = (uint64_t)b;
    for (int part = 0; part < LANES; part += WORDS) {
        block tasks = lane + (task + (uint64_t)part);
        block x[4] = {tasks, tasks >> 32, (block){0} + step, (block){0} + stream};
        philox(x, (uint32_t)seed, (uint32_t)(seed >> 32));
        block_words state[4];
        for (int i = 0; i < 4; i++)
            state[i] = __builtin_convertvector(x[i], block_words);
        state[0] |= (block_words)((state[0] | state[1] | state[2] | state[3]) == 0) &
                    1; /* xoshiro would stay at zero */
        for (int i = 0; i < 4; i++)
            *(block_words_at *)(random->state[i] + part) = state[i];
    }
}
