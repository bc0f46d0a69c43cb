#include "angle.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* 2/pi as a fraction, 32 bits a word, after one word of zeros. */
static const uint32_t two_over_pi[] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                       0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};

/* The 32 bits that begin at bit `at` of the table. */
static uint32_t bits_at(int at)
{
    const uint32_t *word = two_over_pi + at / 32;
    int shift = at % 32;
    return shift ? word[0] << shift | word[1] >> (32 - shift) : word[0];
}

/* |x| = m 2^e with a whole m < 2^24. Of x 2/pi only what is below 4 matters, so 96 bits of 2/pi,
 * beginning at the bit that weighs 2^(1-e), are enough: their product with m, modulo 2^96, is the
 * number of quadrants times 2^94. The lowest 32 of these bits are dropped. */
float angle_reduce_large(int *quadrant, float x)
{
    *quadrant = 0;
    if (!isfinite(x))
        return NAN;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t m = (bits & 0x7fffff) | 0x800000;
    int e = (int)(bits >> 23 & 255) - 150, first = 32 + e - 2;
    uint64_t product =
        ((m * bits_at(first)) << 32) + m * bits_at(first + 32) + ((m * bits_at(first + 64)) >> 32);
    uint64_t turns = product + ((uint64_t)1 << 61);
    double r = (double)(int64_t)((turns & ~((uint64_t)3 << 62)) - ((uint64_t)1 << 61));
    r *= 0x1.921fb54442d18p0 * 0x1p-62;
    *quadrant = (int)(turns >> 62);
    if (bits >> 31) {
        *quadrant = -*quadrant & 3;
        r = -r;
    }
    return (float)r;
}
