/* tiles.h - the innermost loops of all products: mr x nr sums that live in registers.
 *
 * tile_<mr>_<nr> computes `count` neighbouring tiles of C, mr rows and nr columns each, of one part
 * of the lanes. Both sizes are constants of the compiler and each sum is a variable of its own:
 * arrays, or loops over a size known only at run time, end in memory instead of registers (gcc 12).
 * The loop over k stays a loop: unrolled, it costs minutes of compilation and gains nothing.
 */
#ifndef MATH_ISA_TILES_H
#define MATH_ISA_TILES_H

#include "vector.h"

/* As many sums as there are registers, less what a row of B and one element of A need. */
#if defined(MESASWEEP_ISA_avx512)
enum { MR = 6, NR = 4 };
#elif defined(MESASWEEP_ISA_avx2)
enum { MR = 4, NR = 3 };
#else
enum { MR = 2, NR = 2 };
#endif

enum family {
    LANES_LANES,  /* A and B lanes */
    LANES_SHARED, /* A lanes, B shared */
};

/* clang-format off */
#define CELLS_1(F, i) F(i, 0)
#define CELLS_2(F, i) CELLS_1(F, i) F(i, 1)
#define CELLS_3(F, i) CELLS_2(F, i) F(i, 2)
#define CELLS_4(F, i) CELLS_3(F, i) F(i, 3)
#define ROWS_1(F, nr) F(0, nr)
#define ROWS_2(F, nr) ROWS_1(F, nr) F(1, nr)
#define ROWS_3(F, nr) ROWS_2(F, nr) F(2, nr)
#define ROWS_4(F, nr) ROWS_3(F, nr) F(3, nr)
#define ROWS_5(F, nr) ROWS_4(F, nr) F(4, nr)
#define ROWS_6(F, nr) ROWS_5(F, nr) F(5, nr)

#define BEGIN_ROW(i, nr) const real *a##i = A.at + i * A.row; CELLS_##nr(BEGIN_CELL, i)
#define BEGIN_CELL(i, j) \
    vec c##i##j = update == ADD ? load(C.at + i * C.row + j * C.column) : (vec){0};
#define BEGIN_COLUMN(_, j) const real *p##j = B.at + j * B.column;
#define LOAD_COLUMN(_, j) vec b##j = family == LANES_SHARED ? all(p##j[at_b]) : load(p##j + at_b);
#define STEP_ROW(i, nr) { vec a = load(a##i + at_a); CELLS_##nr(STEP_CELL, i) }
#define STEP_CELL(i, j) c##i##j = fma_vec(a, b##j, c##i##j);
#define END_ROW(i, nr) CELLS_##nr(END_CELL, i)
#define END_CELL(i, j)                                                       \
    {                                                                        \
        real *c = C.at + i * C.row + j * C.column;                           \
        store(c, update == SUBTRACT ? load(c) - c##i##j : c##i##j);          \
    }

#define TILE(mr, nr)                                                                               \
    INLINE void tile_##mr##_##nr(enum family family, struct matrix C, struct operand A,            \
                                 struct operand B, int count, int k, enum update update)           \
    {                                                                                              \
        for (; count > 0; count--) {                                                               \
            ROWS_##mr(BEGIN_ROW, nr)                                                               \
            CELLS_##nr(BEGIN_COLUMN, _)                                                            \
            ptrdiff_t at_a = 0, at_b = 0;                                                          \
            for (int l = 0; l < k; l++, at_a += A.column, at_b += B.row) {                         \
                CELLS_##nr(LOAD_COLUMN, _)                                                         \
                ROWS_##mr(STEP_ROW, nr)                                                            \
            }                                                                                      \
            ROWS_##mr(END_ROW, nr)                                                                 \
            C.at += nr * C.column;                                                                 \
            B.at += nr * B.column;                                                                 \
        }                                                                                          \
    }
/* clang-format on */

#endif
