/* Initial weights: a function of (seed, layer, kind of tensor, element) and the configuration. */
#include <math.h>

#include "gd.h"

/* The stream of random_seed that is set apart for weights (task.h lists all of them). */
enum { STREAM = 1 };

enum { ROWS_A_LAYER = 64 }; /* room in the numbering for tensors of the future */

/* A normal truncated at two deviations has this deviation. */
static const double TRUNCATED_DEVIATION = 0.87962566103423978;

/* Standard normal numbers, one after the other: pairs of vectors, read in the order of lanes. */
struct normals {
    const struct kernels *kernels;
    struct random_lanes random;
    real values[2 * LANES];
    int used;
};

static struct normals normals_begin(uint64_t seed, const struct tensor *tensor)
{
    struct normals normals = {.kernels = kernels_at(0), .used = 2 * LANES};
    int place = (tensor->layer + 1) * ROWS_A_LAYER + tensor->row;
    random_seed(&normals.random, seed, STREAM, (uint32_t)place, 0);
    return normals;
}

static double normals_next(struct normals *normals)
{
    if (normals->used == 2 * LANES) {
        normals->kernels->normal(normals->values, &normals->random, 2, 1);
        normals->used = 0;
    }
    return (double)normals->values[normals->used++];
}

static double normals_within(struct normals *normals, double bound)
{
    double z;
    do
        z = normals_next(normals);
    while (fabs(z) > bound);
    return z;
}

static void draw(real *weights, const struct tensor *tensor, const struct model *model,
                 uint64_t seed)
{
    const struct model_config *c = &model->config;
    struct normals normals = normals_begin(seed, tensor);
    bool standard = tensor_init((enum tensor_row)tensor->row) == TENSOR_NORMAL;
    bool truncated = !standard && c->init == INIT_TRUNCATED;
    double variance = c->init_scale / ((double)model->L * tensor->shape[0]);
    double deviation = truncated ? sqrt(variance) / TRUNCATED_DEVIATION : c->init_deviation;
    if (standard)
        deviation = 1;
    for (size_t i = 0; i < tensor->count; i++) {
        double z = truncated ? normals_within(&normals, 2) : normals_next(&normals);
        weights[i] = (real)(deviation * z);
    }
}

void model_draw(real *weights, const struct model *model, uint64_t seed)
{
    for (int t = 0; t < model->tensor_count; t++) {
        const struct tensor *tensor = &model->tensors[t];
        real *at = weights + tensor->offset;
        enum tensor_init init = tensor_init((enum tensor_row)tensor->row);
        for (size_t i = 0; i < tensor->count; i++)
            at[i] = init == TENSOR_ONE;
        if (gd_constructs(model, (enum tensor_row)tensor->row))
            gd_construct(at, tensor, model, model->config.rate);
        else if (init == TENSOR_DRAWN || init == TENSOR_NORMAL)
            draw(at, tensor, model, seed);
    }
}
