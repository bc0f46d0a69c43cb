/* peak.h - what this core can multiply and add, as a yardstick for the kernels. */
#ifndef MATH_PEAK_H
#define MATH_PEAK_H

#include "math/kernels.h"

/* Floating-point operations a second (two for each fused multiply-add and lane) of independent
 * chains in the registers of this instruction set: the best of twenty windows of a millisecond. The
 * clock of a core changes with load and instruction set: measure beside what is compared. */
double math_fma_peak(const struct kernels *kernels);

#endif
