/* lapack.h - the only door to OpenBLAS and LAPACK. Plain row-major double matrices.
 *
 * Nothing here feeds training: results are equal on one type of CPU, else to about 1e-6 relative.
 * OpenBLAS runs with one thread: lapack_threads(1) is called once at the start of each child.
 */
#ifndef MATH_LAPACK_H
#define MATH_LAPACK_H

#include <stdbool.h>

/* G[n][n] += X' X, X [rows][n]. Both triangles are written. */
void lapack_gram(double *G, const double *X, int rows, int n);

/* C[n][m] += X' Y, X [rows][n], Y [rows][m]. */
void lapack_cross(double *C, const double *X, const double *Y, int rows, int n, int m);

/* Solves (G + ridge I) W = C for symmetric G[n][n] (kept) and C[n][m] (becomes W); scratch [n][n].
 * False when the matrix is not positive definite; then C is unspecified. */
bool lapack_ridge(double *C, const double *G, double ridge, double *scratch, int n, int m);

/* Eigenvalues w[n], ascending, and vectors (rows of V) of symmetric A[n][n]; V NULL: values only.
 */
bool lapack_eigen(double *w, double *V, const double *A, int n);

void lapack_threads(int threads);

/* First in main: where the address space is limited (ulimit -v) the program begins again, without
 * OpenBLAS's threads. Those begin before main, ask again for ever for memory that is refused, and
 * every fork waits for them. */
void lapack_begin(char **argv);

#endif
