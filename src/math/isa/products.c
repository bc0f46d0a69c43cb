/* products.c - matrix products, k ascending, and sums over lanes. */
#include "table.h"
#include "tiles.h"

EACH_PANEL(PANEL, LANES_LANES, DENSE)
EACH_PANEL(PANEL, LANES_LANES, SPARSE)
EACH_PANEL(PANEL, LANES_SHARED, DENSE)
EACH_PANEL(PANEL, LANES_SHARED, SPARSE)

/* clang-format off */
#define ENTRY(family, layout, mr, shape) panel_##family##_##layout##_##mr,
typedef void panel(const struct steps *steps, char *c, const char *a, const char *b, int n);
static panel *const panels[][2][MR] = {
    [LANES_LANES] = {{EACH_PANEL(ENTRY, LANES_LANES, DENSE)},
                     {EACH_PANEL(ENTRY, LANES_LANES, SPARSE)}},
    [LANES_SHARED] = {{EACH_PANEL(ENTRY, LANES_SHARED, DENSE)},
                      {EACH_PANEL(ENTRY, LANES_SHARED, SPARSE)}},
};
/* clang-format on */

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
        .b_column_5 = B.column * 5 * size,
        .b_step = B.row * size,
        .c_row = C.row * size,
        .c_row_3 = C.row * 3 * size,
        .c_row_5 = C.row * 5 * size,
        .c_column = C.column * size,
        .c_column_3 = C.column * 3 * size,
        .c_column_5 = C.column * 5 * size,
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

INLINE void product(enum family family, struct matrix C, struct operand A, struct operand B, int m,
                    int n, int k, enum update update)
{
    if (k == 0) {
        no_product(C, m, n, update);
        return;
    }
    const struct steps steps = steps_of(C, A, B, k, update);
    panel *const *heights = panels[family][C.column == LANES ? DENSE : SPARSE];
    for (int part = 0; part < LANES; part += VL) {
        char *c = (char *)(C.at + part);
        const char *a = (const char *)(A.at + part);
        const char *b = (const char *)(B.at + (family == LANES_LANES ? part : 0));
        for (int i = 0, rows; i < m; i += rows) {
            rows = next_size(m - i, MR);
            heights[rows - 1](&steps, c, a, b, n);
            c += rows * steps.c_row;
            a += rows * steps.a_row;
        }
    }
}

void KERNEL(lanes_lanes)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                         enum update update)
{
    bool few = m > 1 && m < MR / 2 && m < n;
    if (few || n == 1) /* C' = B' A' fills the tiles better */
        product(LANES_LANES, (struct matrix){C.at, C.column, C.row},
                (struct operand){B.at, B.column, B.row}, (struct operand){A.at, A.column, A.row}, n,
                m, k, update);
    else
        product(LANES_LANES, C, A, B, m, n, k, update);
}

void KERNEL(lanes_shared)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                          enum update update)
{
    product(LANES_SHARED, C, A, B, m, n, k, update);
}

/* C (update)= x[m,n] */
static void update_shared(struct matrix C, const real *x, int m, int n, enum update update)
{
    for (int i = 0; i < m; i++, x += n) {
        real *c = C.at + i * C.row;
        if (update == SET)
            for (int j = 0; j < n; j++)
                c[j * C.column] = x[j];
        else if (update == ADD)
            for (int j = 0; j < n; j++)
                c[j * C.column] += x[j];
        else
            for (int j = 0; j < n; j++)
                c[j * C.column] -= x[j];
    }
}

/* A few rows of sums in every lane, then the trees of all of them at once. */
void KERNEL(reduce)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                    enum update update)
{
    enum { COLUMNS = 24 };
    real sums[(MR * COLUMNS + VL) * LANES] __attribute__((aligned(64)));
    real trees[MR * COLUMNS + VL];
    for (int j = 0, columns; j < n; j += columns) {
        columns = n - j < COLUMNS ? n - j : COLUMNS;
        struct operand right = {B.at + j * B.column, B.row, B.column};
        for (int i = 0, rows; i < m; i += rows) {
            rows = next_size(m - i, MR);
            product(LANES_LANES, (struct matrix){sums, columns * LANES, LANES},
                    (struct operand){A.at + i * A.row, A.row, A.column}, right, rows, columns, k,
                    SET);
            KERNEL(trees)(trees, sums, rows * columns);
            update_shared((struct matrix){C.at + i * C.row + j * C.column, C.row, C.column}, trees,
                          rows, columns, update);
        }
    }
}
