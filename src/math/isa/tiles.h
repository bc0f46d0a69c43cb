/* tiles.h - the innermost loops of all products: mr x nr sums that live in registers.
 *
 * Both sizes of a tile are constants of the compiler and each sum is a variable of its own: arrays,
 * or loops over a size known only at run time, end in memory instead of registers (gcc 12). The
 * loop over k stays a loop: unrolled, it costs minutes of compilation and gains nothing. A tile of
 * 24 sums needs about 12 cycles a step of k and 30 to end and begin; so the next one follows
 * without a call.
 */
#ifndef MATH_ISA_TILES_H
#define MATH_ISA_TILES_H

#include "fused.h"

/* As many sums as there are registers, less what a row of B and one element of A need. */
#if defined(MESASWEEP_ISA_avx512)
enum { MR = 6, NR = 4 };
#elif defined(MESASWEEP_ISA_avx2)
enum { MR = 4, NR = 3 };
#else
enum { MR = 2, NR = 2 };
#endif

/* Strides of a product in bytes, some also three and five times, worked out once: an address is
 * then one instruction's addressing, and a tile begins without arithmetic. k >= 1. */
struct steps {
    ptrdiff_t a_row, a_row_3, a_row_5, a_step;
    ptrdiff_t b_column, b_column_3, b_column_5, b_step;
    ptrdiff_t c_row, c_row_3, c_row_5, c_column, c_column_3, c_column_5;
    int k;
    enum update update;
};

enum family {
    LANES_LANES,  /* A and B lanes */
    LANES_SHARED, /* A lanes, B shared */
};

/* Where the columns of C lie: side by side, so that their addresses are constants, or anywhere. */
enum layout { DENSE, SPARSE };

/* The size of the next tile when `left` rows or columns remain: what does not fill the last two is
 * halved, so that no tile is too thin to hide the latency of its sums. */
INLINE int next_size(int left, int full)
{
    return left >= 2 * full || left == full ? full : left > full ? (left + 1) / 2 : left;
}

/* clang-format off */
#define CELLS_1(F, i) F(i, 0)
#define CELLS_2(F, i) CELLS_1(F, i) F(i, 1)
#define CELLS_3(F, i) CELLS_2(F, i) F(i, 2)
#define CELLS_4(F, i) CELLS_3(F, i) F(i, 3)
#define CELLS_5(F, i) CELLS_4(F, i) F(i, 4)
#define CELLS_6(F, i) CELLS_5(F, i) F(i, 5)
#define CELLS_7(F, i) CELLS_6(F, i) F(i, 6)
#define CELLS_8(F, i) CELLS_7(F, i) F(i, 7)
#define CELLS_9(F, i) CELLS_8(F, i) F(i, 8)
#define CELLS_10(F, i) CELLS_9(F, i) F(i, 9)
#define CELLS_11(F, i) CELLS_10(F, i) F(i, 10)
#define CELLS_12(F, i) CELLS_11(F, i) F(i, 11)
#define ROWS_1(F, nr) F(0, nr)
#define ROWS_2(F, nr) ROWS_1(F, nr) F(1, nr)
#define ROWS_3(F, nr) ROWS_2(F, nr) F(2, nr)
#define ROWS_4(F, nr) ROWS_3(F, nr) F(3, nr)
#define ROWS_5(F, nr) ROWS_4(F, nr) F(4, nr)
#define ROWS_6(F, nr) ROWS_5(F, nr) F(5, nr)

/* Neighbours of an address: 0..5 are one instruction's addressing, with 3 and 5 strides at hand. */
#define NEIGHBOUR_0(at, stride) (at)
#define NEIGHBOUR_1(at, stride) ((at) + stride)
#define NEIGHBOUR_2(at, stride) ((at) + 2 * stride)
#define NEIGHBOUR_3(at, stride) ((at) + stride##_3)
#define NEIGHBOUR_4(at, stride) ((at) + 4 * stride)
#define NEIGHBOUR_5(at, stride) ((at) + stride##_5)
#define NEIGHBOUR_6(at, stride) ((at) + 2 * stride##_3)
#define NEIGHBOUR_7(at, stride) ((at) + 7 * stride)
#define NEIGHBOUR_8(at, stride) ((at) + 8 * stride)
#define NEIGHBOUR_9(at, stride) ((at) + 9 * stride)
#define NEIGHBOUR_10(at, stride) ((at) + 2 * stride##_5)
#define NEIGHBOUR_11(at, stride) ((at) + 11 * stride)

/* Columns of C; `layout` is a constant of the panel. */
#define COLUMN_STEP(count)                                                                         \
    (layout == DENSE ? count * LANES * (ptrdiff_t)sizeof(real) : count * s->c_column)
#define COLUMN(row, j)                                                                             \
    (layout == DENSE ? row + j * LANES * (ptrdiff_t)sizeof(real) : NEIGHBOUR_##j(row, s->c_column))

#define DECLARE_ROW(i, nr) CELLS_##nr(DECLARE_CELL, i)
#define DECLARE_CELL(i, j) vec c##i##j;
#define LOAD_COLUMN(_, j)                                                                          \
    const real *b##j##_at = (const real *)NEIGHBOUR_##j(b, b_column);                              \
    vec b##j = kind == LANES_SHARED ? all(*b##j##_at) : load(b##j##_at);
#define EACH_A(F, i, nr)                                                                           \
    { vec x = load((const real *)NEIGHBOUR_##i(a, a_row)); CELLS_##nr(F, i) }
#define FIRST_ROW(i, nr) EACH_A(FIRST_CELL, i, nr)
#define FIRST_CELL(i, j) c##i##j = x * b##j;
#define STEP_ROW(i, nr) EACH_A(STEP_CELL, i, nr)
#define STEP_CELL(i, j) c##i##j = fma_vec(x, b##j, c##i##j);
#define EACH_C(F, i, nr) { char *row = NEIGHBOUR_##i(c, s->c_row); CELLS_##nr(F, i) }
#define OLD_ROW(i, nr) EACH_C(OLD_CELL, i, nr)
#define OLD_CELL(i, j) c##i##j = load((const real *)COLUMN(row, j));
#define TAKE_ROW(i, nr) EACH_C(TAKE_CELL, i, nr)
#define TAKE_CELL(i, j) c##i##j = load((const real *)COLUMN(row, j)) - c##i##j;
#define END_ROW(i, nr) EACH_C(END_CELL, i, nr)
#define END_CELL(i, j) store((real *)COLUMN(row, j), c##i##j);

#define TILE(mr, nr)                                                                       \
    {                                                                                              \
        ROWS_##mr(DECLARE_ROW, nr)                                                                 \
        const char *a = a_first, *b = b_first;                                                     \
        int l = s->k;                                                                              \
        if (s->update == ADD) {                                                                    \
            ROWS_##mr(OLD_ROW, nr)                                                                 \
        } else {                                                                                   \
            CELLS_##nr(LOAD_COLUMN, _)                                                             \
            ROWS_##mr(FIRST_ROW, nr)                                                               \
            a += s->a_step, b += s->b_step, l--;                                                   \
        }                                                                                          \
        for (; l > 0; l--, a += s->a_step, b += s->b_step) {                                       \
            CELLS_##nr(LOAD_COLUMN, _)                                                             \
            ROWS_##mr(STEP_ROW, nr)                                                                \
        }                                                                                          \
        if (s->update == SUBTRACT) {                                                               \
            ROWS_##mr(TAKE_ROW, nr)                                                                \
        }                                                                                          \
        ROWS_##mr(END_ROW, nr)                                                                     \
        c += COLUMN_STEP(nr);                                                                       \
        b_first += nr * s->b_column;                                                               \
        n -= nr;                                                                                   \
    }

/* panel_<family>_<layout>_<mr>: mr rows of C, n columns, of one part of the lanes. A single row takes more
 * columns: four sums would wait for each other's latency. */
enum { WIDE_COLUMNS = NR, LONG_COLUMNS = 12 };
#define CASE_LONG(nr) case nr: TILE(1, nr) break;
#define LONG_TILES(mr)                                                                     \
    CASE_LONG(1) CASE_LONG(2) CASE_LONG(3) CASE_LONG(4) CASE_LONG(5) CASE_LONG(6)          \
    CASE_LONG(7) CASE_LONG(8) CASE_LONG(9) CASE_LONG(10) CASE_LONG(11)                     \
    default: TILE(1, 12) break;
#if defined(MESASWEEP_ISA_avx512)
#define EACH_PANEL(F, family, columns)                                                                      \
    F(family, columns, 1, LONG) F(family, columns, 2, WIDE) F(family, columns, 3, WIDE)                                       \
    F(family, columns, 4, WIDE) F(family, columns, 5, WIDE) F(family, columns, 6, WIDE)
#define WIDE_TILES(mr)                                                                      \
    case 1: TILE(mr, 1) break;                                                             \
    case 2: TILE(mr, 2) break;                                                             \
    case 3: TILE(mr, 3) break;                                                             \
    default: TILE(mr, 4) break;
#elif defined(MESASWEEP_ISA_avx2)
#define EACH_PANEL(F, family, columns)                                                                      \
    F(family, columns, 1, LONG) F(family, columns, 2, WIDE) F(family, columns, 3, WIDE) F(family, columns, 4, WIDE)
#define WIDE_TILES(mr)                                                                      \
    case 1: TILE(mr, 1) break;                                                             \
    case 2: TILE(mr, 2) break;                                                             \
    default: TILE(mr, 3) break;
#else
#define EACH_PANEL(F, family, columns) F(family, columns, 1, LONG) F(family, columns, 2, WIDE)
#define WIDE_TILES(mr)                                                                      \
    case 1: TILE(mr, 1) break;                                                             \
    default: TILE(mr, 2) break;
#endif

#define PANEL(operands, columns, mr, shape)                                                                  \
    static void panel_##operands##_##columns##_##mr(const struct steps *s, char *c,                \
                                                    const char *a_first, const char *b_first,      \
                                                    int n)                                         \
    {                                                                                              \
        const enum family kind = operands;                                                         \
        const enum layout layout = columns;                                                        \
        const ptrdiff_t a_row = s->a_row, a_row_3 = s->a_row_3, a_row_5 = s->a_row_5;              \
        const ptrdiff_t b_column = s->b_column, b_column_3 = s->b_column_3;                        \
        const ptrdiff_t b_column_5 = s->b_column_5;                                                \
        (void)a_row, (void)a_row_3, (void)a_row_5, (void)b_column, (void)b_column_3;               \
        (void)b_column_5;                                                                          \
        while (n > 0)                                                                              \
            switch (next_size(n, shape##_COLUMNS)) {                                                            \
                shape##_TILES(mr)                                                          \
            }                                                                                      \
    }
/* clang-format on */

#endif
