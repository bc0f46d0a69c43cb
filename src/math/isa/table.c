#include "table.h"

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
#define ROW(name) .name = KERNEL(name)

const struct kernels NAME(kernels) = {
    .name = TEXT(MESASWEEP_ISA),
    ROW(lanes_lanes),
    ROW(lanes_shared),
    ROW(reduce),
    ROW(query_forward),
    ROW(query_backward),
    ROW(fill),
    ROW(copy),
    ROW(axpy),
    ROW(scale),
    ROW(multiply),
    ROW(clip),
    ROW(clip_backward),
    ROW(exp),
    ROW(log),
    ROW(sin),
    ROW(cos),
    ROW(gelu),
    ROW(softmax),
    ROW(softmax_backward),
    ROW(normalise),
    ROW(normalise_backward),
    ROW(unit),
    ROW(unit_backward),
    ROW(affine),
    ROW(reduce_sum),
    ROW(mesa_forward),
    ROW(mesa_backward),
    ROW(seed),
    ROW(uniform),
    ROW(uniform_pairs),
    ROW(normal),
    ROW(fma_chains),
};
