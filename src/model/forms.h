/* forms.h - what the merged forms of a layer share: its weights, and views. */
#ifndef MODEL_FORMS_H
#define MODEL_FORMS_H

#include "pass.h"

/* Adding the outer product of one row costs a load and a store for each multiply-add, so rows wait
 * until there are OUTER_ROWS of them or the super-group ends. sum [m,n] += left' right. */
enum { OUTER_ROWS = 16, OUTER_QUERIES = 2 /* scores with more add their product at once */ };

struct outer {
    struct matrix sum;
    real *left, *right; /* [OUTER_ROWS][m], [OUTER_ROWS][n] */
    int *rows;
    int m, n;
};

/* left [k][m], right [k][n] are copied, k <= OUTER_ROWS. */
void outer_add(const struct outer *outer, const real *left, const real *right, int k,
               const struct kernels *kernels);
/* Where the next k rows of `right` will lie: written there, they need no copy. */
real *outer_right(const struct outer *outer, int k, const struct kernels *kernels);
void outer_end(const struct outer *outer, const struct kernels *kernels);

/* Matrices of one head and the sums of their gradient. */
struct merged_head {
    struct operand B, A;        /* [D,D], [D,channels of the layer] */
    real *dB;                   /* [D][D] x LANES: added to by forms whose sums are short */
    struct matrix dA;           /* [D,channels] x LANES */
    struct outer outer_B;       /* into dB */
    struct outer outer_A;       /* into all columns of dA that the set has */
    struct matrix sum_B, sum_A; /* [D,D], [D,channels] shared: added to where sums are long */
};

/* Lays it out; later it is found. */
struct merged_head merged_head_make(const struct pass *pass, int layer, int h);

static inline const struct merged_head *merged_head_of(const struct pass *pass, int layer, int h)
{
    return &pass->merged.heads[layer][h];
}

/* Length of a row of shared numbers that is also read as lanes. */
static inline int padded(int columns)
{
    return (columns + LANES - 1) / LANES * LANES;
}

static inline struct operand flipped(struct operand x)
{
    return (struct operand){x.at, x.column, x.row};
}

static inline struct matrix flipped_out(struct matrix x)
{
    return (struct matrix){x.at, x.column, x.row};
}

#endif
