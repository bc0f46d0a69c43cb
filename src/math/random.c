#include "math/kernels.h"

/* Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11.
 */
static void philox(uint32_t x[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xd2511f53 * x[0], b = (uint64_t)0xcd9e8d57 * x[2];
        x[0] = (uint32_t)(b >> 32) ^ x[1] ^ key0;
        x[1] = (uint32_t)b;
        x[2] = (uint32_t)(a >> 32) ^ x[3] ^ key1;
        x[3] = (uint32_t)a;
        key0 += 0x9e3779b9;
        key1 += 0xbb67ae85;
    }
}

void random_seed(struct random_lanes *random, uint64_t seed, uint32_t stream, uint32_t step,
                 uint64_t task)
{
    for (int b = 0; b < LANES; b++) {
        uint64_t lane = task + (uint64_t)b;
        uint32_t x[4] = {(uint32_t)lane, (uint32_t)(lane >> 32), step, stream};
        philox(x, (uint32_t)seed, (uint32_t)(seed >> 32));
        if (!(x[0] | x[1] | x[2] | x[3]))
            x[0] = 1;
        for (int i = 0; i < 4; i++)
            random->state[i][b] = x[i];
    }
}
