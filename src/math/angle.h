/* angle.h - reduction of large angles; private to math. */
#ifndef MATH_ANGLE_H
#define MATH_ANGLE_H

/* r with x = (4 i + quadrant) pi/2 + r, |r| <= pi/4, quadrant 0..3, for any |x| >= 2^16; error of r
 * at most half an ulp and 2^-62. NaN when x is not finite. */
float angle_reduce_large(int *quadrant, float x);

#endif
