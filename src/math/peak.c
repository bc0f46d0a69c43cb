#include "math/peak.h"

#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double math_fma_peak(const struct kernels *kernels)
{
    enum { CHAINS = 12, WINDOWS = 20 };
    real x[CHAINS * LANES] = {0};
    int rounds = 1000;
    double best = 0;
    for (int window = 0; window < WINDOWS;) {
        double start = seconds();
        kernels->fma_chains(x, rounds);
        double elapsed = seconds() - start;
        if (elapsed < 1e-3) {
            rounds *= 2;
            continue;
        }
        double rate = 2.0 * CHAINS * LANES * rounds / elapsed;
        best = rate > best ? rate : best;
        window++;
    }
    return best;
}
