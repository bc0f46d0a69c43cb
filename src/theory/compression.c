#include "theory/compression.h"

#include <assert.h>
#include <math.h>

enum { PARTS = COMPRESSION_PARTS, SCALARS = COMPRESSION_SCALARS };

bool compression_fits(const struct model *model, const struct task *task)
{
    const struct model_config *c = &model->config;
    bool stream_is_tokens = c->positions == POSITIONS_NONE && c->embedding == 0 &&
                            !c->output_embedding && c->prefix == 0 && c->eos == 0;
    return task->tokens.kind == TOKENS_CONSTRUCTED && stream_is_tokens && c->mlp == 0 &&
           c->input_mlp == 0 && products_fit(model);
}

/* Whether s_ij of a product matters. */
static bool of_use(const struct model *model, const struct task *task, enum product product, int i,
                   int j)
{
    int d = model->D / PARTS, zero = task->shape.zero_channels / d;
    if (model->L > 1)
        return true;
    return i >= zero && (product == PRODUCT_VP ? j == 0 : j >= zero);
}

int compression_scalars(const struct model *model, const struct task *task)
{
    int count = 0;
    for (int s = 0; s < SCALARS; s++)
        count += of_use(model, task, (enum product)(s / COMPRESSION_BLOCKS),
                        s % COMPRESSION_BLOCKS / PARTS, s % PARTS);
    return count;
}

static double mean_of_diagonal(const double *block, int d, int D)
{
    double sum = 0;
    for (int c = 0; c < d; c++)
        sum += block[c * D + c];
    return sum / d;
}

/* The scalars of one product. */
static void read_product(double *scalars, const struct products *products, int set, int head,
                         enum product product)
{
    int D = products->D, d = D / PARTS;
    const double *A = products_at(products, set, head, product);
    for (int i = 0; i < PARTS; i++)
        for (int j = 0; j < PARTS; j++)
            scalars[i * PARTS + j] = mean_of_diagonal(A + (ptrdiff_t)i * d * D + j * d, d, D);
}

void compression_read(double *scalars, const struct products *products, const struct model *model,
                      const struct task *task)
{
    assert(compression_fits(model, task));
    for (int h = 0; h < products->sets * products->heads; h++, scalars += SCALARS) {
        int set = h / products->heads, head = h % products->heads;
        for (int p = 0; p < PRODUCTS; p++)
            read_product(scalars + p * COMPRESSION_BLOCKS, products, set, head, (enum product)p);
        for (int s = 0; s < SCALARS; s++)
            if (!of_use(model, task, (enum product)(s / COMPRESSION_BLOCKS),
                        s % COMPRESSION_BLOCKS / PARTS, s % PARTS))
                scalars[s] = 0;
    }
}

/* How many scalars of the head come before this one: larger ones, and equal ones to the left. */
static int rank_of(const double *scalars, int s)
{
    int before = 0;
    for (int other = 0; other < SCALARS; other++)
        before += fabs(scalars[other]) > fabs(scalars[s]) ||
                  (fabs(scalars[other]) == fabs(scalars[s]) && other < s);
    return before;
}

void compression_keep(double *scalars, int heads, int keep)
{
    for (int h = 0; h < heads; h++, scalars += SCALARS) {
        bool kept[SCALARS];
        for (int s = 0; s < SCALARS; s++)
            kept[s] = rank_of(scalars, s) < keep;
        for (int s = 0; s < SCALARS; s++)
            scalars[s] = kept[s] ? scalars[s] : 0;
    }
}

void compression_write(struct products *products, const double *scalars)
{
    int D = products->D, d = D / PARTS;
    for (int h = 0; h < products->sets * products->heads; h++)
        for (int p = 0; p < PRODUCTS; p++, scalars += COMPRESSION_BLOCKS) {
            double *A =
                products_at(products, h / products->heads, h % products->heads, (enum product)p);
            for (int i = 0; i < D; i++)
                for (int j = 0; j < D; j++)
                    A[i * D + j] = i % d == j % d ? scalars[i / d * PARTS + j / d] : 0;
        }
}
