/* products.c - matrix products, k ascending, and sums over lanes. */
#include "table.h"
#include "tiles.h"

typedef void tiles(struct matrix C, struct operand A, struct operand B, int count, int k,
                   enum update update);

/* One function a family and size of tile, and the tables of them: lanes_lanes_tiles[mr-1][nr-1]. */
/* clang-format off */
#define FUNCTIONS(mr, nr)                                                                          \
    TILE(mr, nr)                                                                                   \
    static void lanes_lanes_##mr##_##nr(struct matrix C, struct operand A, struct operand B,       \
                                        int count, int k, enum update update)                      \
    {                                                                                              \
        tile_##mr##_##nr(LANES_LANES, C, A, B, count, k, update);                                  \
    }                                                                                              \
    static void lanes_shared_##mr##_##nr(struct matrix C, struct operand A, struct operand B,      \
                                         int count, int k, enum update update)                     \
    {                                                                                              \
        tile_##mr##_##nr(LANES_SHARED, C, A, B, count, k, update);                                 \
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

static void product(tiles *const table[MR][NR], struct matrix C, struct operand A, struct operand B,
                    int m, int n, int k, enum update update)
{
    for (int i = 0, rows; i < m; i += rows) {
        rows = cut(m - i, MR).size;
        struct operand panel = {A.at + i * A.row, A.row, A.column};
        for (int j = 0; j < n;) {
            struct cut columns = cut(n - j, NR);
            table[rows - 1][columns.size - 1](
                (struct matrix){C.at + i * C.row + j * C.column, C.row, C.column}, panel,
                (struct operand){B.at + j * B.column, B.row, B.column}, columns.count, k, update);
            j += columns.size * columns.count;
        }
    }
}

void KERNEL(lanes_lanes)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                         enum update update)
{
    for (int part = 0; part < LANES; part += VL)
        product(lanes_lanes_tiles, (struct matrix){C.at + part, C.row, C.column},
                (struct operand){A.at + part, A.row, A.column},
                (struct operand){B.at + part, B.row, B.column}, m, n, k, update);
}

void KERNEL(lanes_shared)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                          enum update update)
{
    for (int part = 0; part < LANES; part += VL)
        product(lanes_shared_tiles, (struct matrix){C.at + part, C.row, C.column},
                (struct operand){A.at + part, A.row, A.column}, B, m, n, k, update);
}
