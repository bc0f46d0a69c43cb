/* elementary.h - how exact the kernels' own exp, log, sin and cos are in the float build.
 *
 * Errors are in units of the last place of the exact result; a search over every eleventh float
 * found 1.01, 0.93, 1.58 and 1.57. In kind all is exact:
 *
 * - exp: +inf above 88.72283; 0 where the result would be denormal, below -87.33654;
 * - log: -inf of 0 and of denormals of either sign, NaN of what is below, +inf of +inf;
 * - sin, cos: of any finite angle, however large; NaN of an infinity; sin(-0) = -0;
 * - NaN of NaN.
 *
 * The C library serves the double build.
 */
#ifndef MATH_ELEMENTARY_H
#define MATH_ELEMENTARY_H

/* largest error in ulp */
#define EXP_ULP 1.1
#define LOG_ULP 1.0
#define SIN_ULP 1.7
#define COS_ULP 1.7

#endif
