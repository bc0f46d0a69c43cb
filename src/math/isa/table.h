/* table.h - every kernel of this object; table.c puts them into a struct kernels. */
#ifndef MATH_ISA_TABLE_H
#define MATH_ISA_TABLE_H

#include "fused.h"

#define KERNEL(name) NAME(kernel_##name)

void KERNEL(lanes_lanes)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                         enum update update);
void KERNEL(lanes_shared)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                          enum update update);
void KERNEL(reduce)(struct matrix C, struct operand A, struct operand B, int m, int n, int k,
                    enum update update);
void KERNEL(query_forward)(real *r, const struct query *query);
void KERNEL(query_backward)(const struct query_gradient *gradient, const struct query *query,
                            const real *dr);
void KERNEL(reduce_sum)(real *sum, const real *x, const real *z, int n);

void KERNEL(fill)(real *y, real value, int n);
void KERNEL(copy)(real *y, const real *x, int n);
void KERNEL(axpy)(real *y, const real *x, real a, int n);
void KERNEL(scale)(real *y, const real *x, real a, int n);
void KERNEL(multiply)(real *y, const real *x, const real *z, enum update update, int n);
void KERNEL(affine)(real *y, const real *x, const real *gain, const real *bias, int n);
bool KERNEL(clip)(real *y, const real *x, real c, int n);
void KERNEL(clip_backward)(real *dx, const real *dy, const real *x, real c, int n);

void KERNEL(exp)(real *y, const real *x, int n);
void KERNEL(log)(real *y, const real *x, int n);
void KERNEL(sin)(real *y, const real *x, int n);
void KERNEL(cos)(real *y, const real *x, int n);
void KERNEL(gelu)(real *y, real *slope, const real *x, int n);

void KERNEL(softmax)(real *p, const real *s, real scale, int n);
void KERNEL(softmax_backward)(real *ds, const real *p, const real *dp, real scale, int n);
void KERNEL(normalise)(real *y, real *statistics, const real *x, int n);
void KERNEL(normalise_backward)(real *dx, const real *dy, const real *y, const real *statistics,
                                enum update update, int n);
void KERNEL(unit)(real *y, real *norm, const real *x, int n);
void KERNEL(unit_backward)(real *dx, const real *dy, const real *y, const real *norm,
                           enum update update, int n);

void KERNEL(mesa_forward)(real *out, real *state, real *sq, const real *q, const real *k,
                          const real *v, real lambda, real *scratch, int T, int K);
void KERNEL(mesa_backward)(real *dq, real *dk, real *dv, real *dlambda, const real *dout,
                           const real *state, const real *sq, const real *k, const real *v,
                           real lambda, real *scratch, int T, int K);

void KERNEL(seed)(struct random_lanes *random, uint64_t seed, uint32_t stream, uint32_t step,
                  uint64_t task);
void KERNEL(uniform)(real *x, struct random_lanes *random, int n, real low, real high);
void KERNEL(uniform_pairs)(const struct uniform_pairs *pairs, struct random_lanes *random);
void KERNEL(normal)(real *x, struct random_lanes *random, int n, real deviation);

void KERNEL(fma_chains)(real *x, int rounds);

/* Not in the table: the tree over the lanes of each of sums[count][LANES]. Up to the next multiple
 * of VL, sums are read and trees written. */
void KERNEL(trees)(real *trees, const real *sums, int count);

extern const struct kernels NAME(kernels);

#endif
