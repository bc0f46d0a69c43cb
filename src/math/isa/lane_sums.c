/* lane_sums.c - products and elements summed over the lanes of a group, in one fixed tree. */
#include "table.h"

/* Lane b + lane b+8, then +4, +2, +1. */
static real tree(const real *x)
{
    real half[LANES];
    for (int b = 0; b < LANES; b++)
        half[b] = x[b];
    for (int width = LANES / 2; width; width /= 2)
        for (int b = 0; b < width; b++)
            half[b] += half[b + width];
    return half[0];
}

void KERNEL(reduce)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                    enum update update)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            real sums[LANES];
            for (int part = 0; part < LANES; part += VL) {
                vec sum = {0};
                for (int l = 0; l < k; l++)
                    sum = fma_vec(load(A.at + i * A.row + l * A.column + part),
                                  load(B.at + l * B.row + j * B.column + part), sum);
                store(sums + part, sum);
            }
            real *at = C.at + i * C.row + j * C.column, sum = tree(sums);
            *at = update == SET ? sum : update == ADD ? *at + sum : *at - sum;
        }
}

void KERNEL(reduce_sum)(real *sum, const real *x, const real *z, int n)
{
    for (int i = 0; i < n; i++) {
        real sums[LANES];
        for (int part = 0; part < LANES; part += VL) {
            vec value = load(x + i * LANES + part);
            store(sums + part, z ? value * load(z + i * LANES + part) : value);
        }
        sum[i] += tree(sums);
    }
}
