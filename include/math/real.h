/* real.h - the number that the engine computes with.
 *
 * Every engine layer is built twice: with float, which is what runs, and with double, in which
 * tests compare it with the plain definitions and take central differences.
 */
#ifndef MATH_REAL_H
#define MATH_REAL_H

#ifdef MESASWEEP_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* Tasks travel in groups of 16, one task a lane: x[i][16]. A super-group of 8 groups is the unit of
 * sums: within it reals, across super-groups doubles, in the order of their index. So a sum depends
 * on neither the instruction set nor how work was split. */
enum { LANES = 16, GROUPS = 8, SUPER_GROUP = LANES * GROUPS };

#endif
