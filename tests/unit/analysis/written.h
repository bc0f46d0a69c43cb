/* written.h - weights of a transformer that are known to be an algorithm. */
#ifndef TESTS_ANALYSIS_WRITTEN_H
#define TESTS_ANALYSIS_WRITTEN_H

#include "bench.h"

#include "theory/gdpp.h"

/* Entry (i, j) of a tensor of a layer (of the set that the layer uses). */
static inline real *written_at(const struct bench *bench, int layer, const char *name, int i, int j)
{
    int set = bench->model.weight_sets == 1 ? 0 : layer;
    for (int t = 0; t < bench->model.tensor_count; t++) {
        const struct tensor *tensor = &bench->model.tensors[t];
        if (tensor->layer == set && strcmp(tensor->name, name) == 0)
            return bench->weights + tensor->offset + i * tensor->shape[1] + j;
    }
    fail_msg("no tensor %s in layer %d", name, layer);
    return NULL;
}

/* GD++ in head 0 of joint tokens: Wq = Wk = (1 on x), Wv = (1 on x, -1 on y), Wp = (-gamma, rate).
 * Key size >= d + O. */
static inline void written_gdpp(struct bench *bench, const struct gdpp *gdpp)
{
    int d = bench->task.config.dimension, D = bench->model.D;
    double damping = bench->model.config.damping;
    memset(bench->weights, 0, sizeof(real) * bench->model.parameters);
    for (int l = 0; l < bench->model.weight_sets; l++)
        for (int i = 0; i < D; i++) {
            bool x = i < d;
            *written_at(bench, l, "query", i, i) = x;
            *written_at(bench, l, "key", i, i) = x;
            *written_at(bench, l, "value", i, i) = x ? 1 : -1;
            *written_at(bench, l, "project", i, i) =
                (real)((x ? -gdpp->gamma[l] : gdpp->rate[l]) / damping);
        }
}

#endif
