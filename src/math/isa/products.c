/* products.c - matrix products, k ascending, and sums over lanes. */
#include "table.h"
#include "tiles.h"

typedef void tiles(const struct steps *steps, char *c, const char *a, const char *b, int count);

/* One function a family and size of tile, and the tables of them: lanes_lanes_tiles[mr-1][nr-1]. */
/* clang-format off */
#define FUNCTIONS(mr, nr)                                                                          \
    TILE(mr, nr)                                                                                   \
    static void lanes_lanes_##mr##_##nr(const struct steps *steps, char *c, const char *a,         \
                                        const char *b, int count)                                  \
    {                                                                                              \
        tile_##mr##_##nr(LANES_LANES, steps, c, a, b, count);                                      \
    }                                                                                              \
    static void lanes_shared_##mr##_##nr(const struct steps *steps, char *c, const char *a,        \
                                         const char *b, int count)                                 \
    {                                                                                              \
        tile_##mr##_##nr(LANES_SHARED, steps, c, a, b, count);                                     \
    }

#if defined(MESASWEEP_ISA_avx512)
#define OF_ROW(F, mr) F(mr, 1) F(mr, 2) F(mr, 3) F(mr, 4)
#define OF_TABLE(F) OF_ROW(F, 1) OF_ROW(F, 2) OF_ROW(F, 3) OF_ROW(F, 4) OF_ROW(F, 5) OF_ROW(F, 6)
#elif defined(MESASWEEP_ISA_avx2)
#define OF_ROW(F, mr) F(mr, 1) F(mr, 2) F(mr, 3)
#define OF_TABLE(F) OF_ROW(F, 1) OF_ROW(F, 2) OF_ROW(F, 3) OF_ROW(F, 4)
#else
#define OF_ROW(F, mr) F(mr, 1) F(mr, 2)
#define OF_TABLE(F) OF_ROW(F, 1) OF_ROW(F, 2)
#endif

OF_TABLE(FUNCTIONS)

#define ENTRY_LANES(mr, nr) [mr - 1][nr - 1] = lanes_lanes_##mr##_##nr,
#define ENTRY_SHARED(mr, nr) [mr - 1][nr - 1] = lanes_shared_##mr##_##nr,
static tiles *const lanes_lanes_tiles[MR][NR] = {OF_TABLE(ENTRY_LANES)};
static tiles *const lanes_shared_tiles[MR][NR] = {OF_TABLE(ENTRY_SHARED)};
/* clang-format on */

/* `left` rows or columns begin with `count` tiles of `size`: full ones, but what does not fill the
 * last two is halved, so that no tile is too thin to hide the latency of its sums. */
struct cut {
    int size, count;
};

INLINE struct cut cut(int left, int full)
{
    int count = left / full - (left % full != 0);
    if (count > 0)
        return (struct cut){full, count};
    return (struct cut){left > full ? (left + 1) / 2 : left, 1};
}

static struct steps steps_of(struct matrix C, struct operand A, struct operand B, int k,
                             enum update update)
{
    const ptrdiff_t size = sizeof(real);
    return (struct steps){
        .a_row = A.row * size,
        .a_row_3 = A.row * 3 * size,
        .a_row_5 = A.row * 5 * size,
        .a_step = A.column * size,
        .b_column = B.column * size,
        .b_column_3 = B.column * 3 * size,
        .b_step = B.row * size,
        .c_row = C.row * size,
        .c_row_3 = C.row * 3 * size,
        .c_row_5 = C.row * 5 * size,
        .c_column = C.column * size,
        .c_column_3 = C.column * 3 * size,
        .k = k,
        .update = update,
    };
}

/* The product of nothing. */
static void no_product(struct matrix C, int m, int n, enum update update)
{
    for (int i = 0; i < m && update == SET; i++)
        for (int j = 0; j < n; j++)
            KERNEL(fill)(C.at + i * C.row + j * C.column, 0, 1);
}

/* `shared` is 0 when B moves on with the part of the lanes, else 1. */
INLINE void product(tiles *const table[MR][NR], bool shared, struct matrix C, struct operand A,
                    struct operand B, int m, int n, int k, enum update update)
{
    if (k == 0) {
        no_product(C, m, n, update);
        return;
    }
    const struct steps steps = steps_of(C, A, B, k, update);
    for (int part = 0; part < LANES; part += VL) {
        char *c = (char *)(C.at + part);
        const char *a = (const char *)(A.at + part),
                   *b = (const char *)(B.at + (shared ? 0 : part));
        for (int i = 0, rows; i < m; i += rows) {
            rows = cut(m - i, MR).size;
            struct cut columns;
            for (int j = 0; j < n; j += columns.size * columns.count) {
                columns = cut(n - j, NR);
                table[rows - 1][columns.size - 1](&steps, c + j * steps.c_column, a,
                                                  b + j * steps.b_column, columns.count);
            }
            c += rows * steps.c_row;
            a += rows * steps.a_row;
        }
    }
}

void KERNEL(lanes_lanes)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                         enum update update)
{
    if (m < n) /* C' = B' A': what is read again and again is then the smaller, and stays in L1 */
        product(lanes_lanes_tiles, false, (struct matrix){C.at, C.column, C.row},
                (struct operand){B.at, B.column, B.row}, (struct operand){A.at, A.column, A.row}, n,
                m, k, update);
    else
        product(lanes_lanes_tiles, false, C, A, B, m, n, k, update);
}

void KERNEL(lanes_shared)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                          enum update update)
{
    product(lanes_shared_tiles, true, C, A, B, m, n, k, update);
}
