/* counting.h - kernels that count the multiply-adds of their products, and compute as the real ones
 * do. */
#ifndef CLI_COUNTING_H
#define CLI_COUNTING_H

#include "math/kernels.h"

/* The kernels that count on behalf of `kernels`. One at a time: a kernel has no context, so what it
 * counts for and into is the one mutable global of the program besides its signal flags. */
const struct kernels *counting_kernels(const struct kernels *kernels);

/* Multiply-adds since the last counting_kernels, over all lanes. */
double counting_total(void);

#endif
