/* compression.h - RevAlg-d: linear attention on constructed tokens described by a handful of
 * numbers a head (arXiv 2309.05858; science.md 2.5).
 *
 * A constructed token has 4 parts of d channels, so the products QK = Wq Wk' and VP = Wv Wp of a
 * head (products.h) are 4x4 blocks of d x d. In the compressed model block (i, j) is s_ij 1, with
 * s_ij the mean of the diagonal of the trained one: 16 + 16 numbers a head.
 *
 *   products_read (trained) -> compression_read -> [compression_keep] -> compression_write
 *   -> products_write (weights of the compressed model, which products_model describes)
 */
#ifndef THEORY_COMPRESSION_H
#define THEORY_COMPRESSION_H

#include "task/task.h"
#include "theory/products.h"

enum {
    COMPRESSION_PARTS = 4,
    COMPRESSION_BLOCKS = COMPRESSION_PARTS * COMPRESSION_PARTS,
    COMPRESSION_SCALARS = PRODUCTS * COMPRESSION_BLOCKS, /* of a head */
};

/* Whether the stream of the model is constructed tokens and nothing else, and products_fit. */
bool compression_fits(const struct model *model, const struct task *task);

/* Numbers of a head that a compressed model can make use of: all 32; of a single layer those of QK
 * and VP between parts of the tokens that are not always 0 (science.md 2.5: parts 3 and 4 of masked
 * tokens), and of VP to part 1 alone, which is the prediction: 4 + 2. */
int compression_scalars(const struct model *model, const struct task *task);

/* scalars[sets][heads][COMPRESSION_SCALARS]: s_ij of QK, then of VP, row by row; 0 where it is of
 * no use. compression_fits must hold. */
void compression_read(double *scalars, const struct products *products, const struct model *model,
                      const struct task *task);

/* Of each of `heads` times COMPRESSION_SCALARS scalars, all but the `keep` of largest size become
 * 0; of equal ones the first is kept. `heads` counts those of all weight sets. */
void compression_keep(double *scalars, int heads, int keep);

/* Products whose blocks are s_ij 1. */
void compression_write(struct products *products, const double *scalars);

#endif
