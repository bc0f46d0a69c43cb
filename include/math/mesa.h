/* mesa.h - the memory of the mesa kernels (kernels.h). */
#ifndef MATH_MESA_H
#define MATH_MESA_H

/* Tokens that the kernels take together, for keys of K features. */
int mesa_chunk(int K);

/* Rows of LANES that forward leaves for backward: for each chunk the inverse after it [K][K], and
 * of all its tokens but the first the update of the inverse [K]. */
int mesa_inverse_rows(int T, int K);

#endif
