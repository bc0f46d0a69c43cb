/* mesa.h - what the mesa kernels (kernels.h) cost. */
#ifndef MATH_MESA_H
#define MATH_MESA_H

/* Tokens that the kernels take together, for keys of K features. */
int mesa_chunk(int K);

/* Multiply-adds of one head and task. */
double mesa_forward_cost(int T, int K);
double mesa_backward_cost(int T, int K);

#endif
