/* chains.c - the fastest that this instruction set can multiply and add. */
#include "table.h"

/* clang-format off */
#define TWELVE(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#define BEGIN(i) vec x##i = load(x + (i) * LANES + part);
#define STEP(i) x##i = fma_vec(x##i, half, one);
#define END(i) store(x + (i) * LANES + part, x##i);
/* clang-format on */

void KERNEL(fma_chains)(real *x, int rounds)
{
    vec half = all((real)0.5), one = all(1);
    for (int part = 0; part < LANES; part += VL) {
        TWELVE(BEGIN)
        for (int i = 0; i < rounds; i++) {
            TWELVE(STEP)
        }
        TWELVE(END)
    }
}
