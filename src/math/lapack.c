#include "math/lapack.h"

#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fortran's LAPACK, exported by OpenBLAS. Its matrices are column by column: "U" there is the lower
 * triangle here. */
void dpotrf_(const char *triangle, const int *n, double *A, const int *lda, int *info);
void dsyevd_(const char *job, const char *triangle, const int *n, double *A, const int *lda,
             double *w, double *work, const int *lwork, int *iwork, const int *liwork, int *info);

void lapack_gram(double *G, const double *X, int rows, int n)
{
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, n, rows, 1, X, n, 1, G, n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            G[(size_t)i * (size_t)n + (size_t)j] = G[(size_t)j * (size_t)n + (size_t)i];
}

void lapack_cross(double *C, const double *X, const double *Y, int rows, int n, int m)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, m, rows, 1, X, n, Y, m, 1, C, m);
}

bool lapack_ridge(double *C, const double *G, double ridge, double *scratch, int n, int m)
{
    size_t diagonal = (size_t)n + 1;
    memcpy(scratch, G, sizeof(double) * (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++)
        scratch[(size_t)i * diagonal] += ridge;
    int info;
    dpotrf_("U", &n, scratch, &n, &info);
    if (info != 0)
        return false;
    for (int i = 0; i < n; i++)
        if (!isfinite(scratch[(size_t)i * diagonal]))
            return false;
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, n, m, 1, scratch,
                n, C, m);
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, n, m, 1, scratch, n,
                C, m);
    return true;
}

bool lapack_eigen(double *w, double *V, const double *A, int n)
{
    for (size_t i = 0; i < (size_t)n * (size_t)n; i++)
        if (!isfinite(A[i]))
            return false;
    size_t square = (size_t)n * (size_t)n, N = (size_t)n;
    size_t lwork = 1 + 6 * N + 2 * square, liwork = 3 + 5 * N;
    double *memory = malloc(sizeof(double) * (square + lwork) + sizeof(int) * liwork);
    if (!memory)
        return false;
    double *vectors = V ? V : memory, *work = memory + square;
    memcpy(vectors, A, sizeof(double) * square);
    int info, lw = (int)lwork, liw = (int)liwork;
    dsyevd_(V ? "V" : "N", "U", &n, vectors, &n, w, work, &lw, (int *)(work + lwork), &liw, &info);
    free(memory);
    return info == 0;
}

void lapack_threads(int threads)
{
    openblas_set_num_threads(threads);
}

void lapack_begin(char **argv)
{
    static const char threads[] = "OPENBLAS_NUM_THREADS";
    char program[PATH_MAX];
    struct rlimit limit;
    const char *now = getenv(threads);
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        (now && strcmp(now, "1") == 0))
        return;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0 || setenv(threads, "1", 1) != 0)
        return;
    program[length] = 0;
    execv(program, argv);
}
