/* trees.c - sums over the lanes of a group: lane b + lane b+8, then +4, +2, +1.
 *
 * VL trees are summed at once: each level joins two registers, in which the upper and lower halves
 * of ever smaller pieces change places, into one: one blend, one shuffle, one addition.
 */
#include "table.h"

/* The first levels, between the registers of one group. */
INLINE vec fold(const real *x)
{
    vec part[PARTS];
    for (int p = 0; p < PARTS; p++)
        part[p] = load(x + p * VL);
    for (int half = PARTS / 2; half; half /= 2)
        for (int p = 0; p < half; p++)
            part[p] += part[p + half];
    return part[0];
}

/* clang-format off */
#define JOIN __builtin_shufflevector
#if VL == 16
#define UPPER_8(a, b) JOIN(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31)
#define LOWER_8(a, b) JOIN(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
#define UPPER_4(a, b) JOIN(a, b, 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31)
#define LOWER_4(a, b) JOIN(a, b, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27)
#define UPPER_2(a, b) JOIN(a, b, 0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31)
#define LOWER_2(a, b) JOIN(a, b, 2, 3, 16, 17, 6, 7, 20, 21, 10, 11, 24, 25, 14, 15, 28, 29)
#define UPPER_1(a, b) JOIN(a, b, 0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31)
#define LOWER_1(a, b) JOIN(a, b, 1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30)
#elif VL == 8
#define UPPER_4(a, b) JOIN(a, b, 0, 1, 2, 3, 12, 13, 14, 15)
#define LOWER_4(a, b) JOIN(a, b, 4, 5, 6, 7, 8, 9, 10, 11)
#define UPPER_2(a, b) JOIN(a, b, 0, 1, 10, 11, 4, 5, 14, 15)
#define LOWER_2(a, b) JOIN(a, b, 2, 3, 8, 9, 6, 7, 12, 13)
#define UPPER_1(a, b) JOIN(a, b, 0, 9, 2, 11, 4, 13, 6, 15)
#define LOWER_1(a, b) JOIN(a, b, 1, 8, 3, 10, 5, 12, 7, 14)
#elif VL == 4
#define UPPER_2(a, b) JOIN(a, b, 0, 1, 6, 7)
#define LOWER_2(a, b) JOIN(a, b, 2, 3, 4, 5)
#define UPPER_1(a, b) JOIN(a, b, 0, 5, 2, 7)
#define LOWER_1(a, b) JOIN(a, b, 1, 4, 3, 6)
#else
#define UPPER_1(a, b) JOIN(a, b, 0, 3)
#define LOWER_1(a, b) JOIN(a, b, 1, 2)
#endif
#define LEVEL(width)                                                            \
    for (int i = 0; i < width; i++)                                             \
        x[i] = UPPER_##width(x[i], x[i + width]) + LOWER_##width(x[i], x[i + width]);
/* clang-format on */

/* The sums of sums[VL][LANES], one a lane. */
INLINE vec trees_of(const real *sums)
{
    vec x[VL];
    for (int i = 0; i < VL; i++)
        x[i] = fold(sums + i * LANES);
#if VL >= 16
    LEVEL(8)
#endif
#if VL >= 8
    LEVEL(4)
#endif
#if VL >= 4
    LEVEL(2)
#endif
    LEVEL(1)
    return x[0];
}

void KERNEL(trees)(real *trees, const real *sums, int count)
{
    for (int e = 0; e < count; e += VL)
        store(trees + e, trees_of(sums + e * LANES));
}

void KERNEL(reduce_sum)(real *sum, const real *x, const real *z, int n)
{
    real products[VL * LANES];
    int i = 0;
    for (; !z && n - i >= VL; i += VL)
        store(sum + i, load(sum + i) + trees_of(x + i * LANES));
    for (; i < n; i += VL) {
        int rows = n - i < VL ? n - i : VL;
        if (z)
            KERNEL(multiply)(products, x + i * LANES, z + i * LANES, SET, rows);
        else
            KERNEL(copy)(products, x + i * LANES, rows);
        if (rows < VL)
            KERNEL(fill)(products + rows * LANES, 0, VL - rows);
        vec trees = trees_of(products);
        for (int b = 0; b < rows; b++)
            sum[i + b] += trees[b];
    }
}
