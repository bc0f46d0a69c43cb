/* LayerNorm before attention and MLP, and the limit after each residual update. */
#include <math.h>

#include "pass.h"

void norm_forward(struct pass *pass, const real *x, int rows, int layer, enum tensor_row gain)
{
    const struct kernels *kernels = pass->kernels;
    const struct work *w = &pass->work;
    int D = pass->model->D;
    const real *scale = tensor_weights(pass, layer, gain);
    const real *shift = tensor_weights(pass, layer, gain + 1);
    for (int t = 0; t < rows; t++) {
        ptrdiff_t at = (ptrdiff_t)t * D * LANES;
        kernels->normalise(w->normal + at, w->statistics + (ptrdiff_t)t * 2 * LANES, x + at, D);
        kernels->affine(w->normed + at, w->normal + at, scale, shift, D);
    }
}

void norm_backward(struct pass *pass, real *dx, int rows, int layer, enum tensor_row gain)
{
    const struct kernels *kernels = pass->kernels;
    const struct work *w = &pass->work;
    int D = pass->model->D;
    const real *scale = tensor_weights(pass, layer, gain);
    real *dscale = tensor_gradient(pass, layer, gain);
    real *dshift = tensor_gradient(pass, layer, gain + 1);
    for (int t = 0; t < rows; t++) {
        ptrdiff_t at = (ptrdiff_t)t * D * LANES;
        kernels->reduce_sum(dscale, w->dnormed + at, w->normal + at, D);
        kernels->reduce_sum(dshift, w->dnormed + at, NULL, D);
        kernels->affine(w->row, w->dnormed + at, scale, NULL, D);
        kernels->normalise_backward(dx + at, w->row, w->normal + at,
                                    w->statistics + (ptrdiff_t)t * 2 * LANES, ADD, D);
    }
}

static ptrdiff_t first_of(const struct pass *pass, const struct extent *extent)
{
    return (ptrdiff_t)extent->first * pass->model->D * LANES;
}

void clip_forward(const struct pass *pass, real *x, const struct extent *extent)
{
    real c = (real)pass->model->config.clip, *at = x + first_of(pass, extent);
    if (c > 0)
        pass->kernels->clip(at, at, c, extent->rows * pass->model->D);
}

/* The largest number below c > 0. */
static real below(real c)
{
#ifdef MESASWEEP_DOUBLE
    return nextafter(c, 0);
#else
    return nextafterf(c, 0);
#endif
}

void clip_backward(const struct pass *pass, real *dx, const real *x, const struct extent *extent)
{
    real c = (real)pass->model->config.clip;
    ptrdiff_t at = first_of(pass, extent);
    if (c > 0)
        pass->kernels->clip_backward(dx + at, dx + at, x + at, below(c),
                                     extent->rows * pass->model->D);
}
