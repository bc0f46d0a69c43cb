#include "ridge.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "math/lapack.h"

static const double strengths[] = {1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1};

enum { STRENGTHS = sizeof strengths / sizeof strengths[0] };

/* Sums of products of some rows. */
struct part {
    const double *xx; /* [1 + n][1 + n] */
    const double *xy; /* [1 + n][m] */
    const double *yy; /* [m] */
};

/* One fit: statistics of the rows, and what they give. */
struct fit {
    struct ridge_shape shape;
    int n, m;
    double *sums;    /* of the rows that are fitted */
    double *scale;   /* [n] 1 / deviation, 0 for a feature that is left out */
    double *matrix;  /* [n][n] correlations of features */
    double *right;   /* [n][m] features against targets */
    double *factor;  /* [n][n] scratch of the solution */
    double *weights; /* [1 + n][m]: target k is about sum over i of (1, x)[i] weights[i][k] */
    double *product; /* [1 + n][m] */
    double *errors;  /* [m] squared, summed over rows */
    double *crossed; /* [STRENGTHS][groups] the same of a group, over all folds */
};

size_t ridge_sums(const struct ridge_shape *shape)
{
    size_t rows = 1 + (size_t)shape->features, m = (size_t)(shape->groups * shape->width);
    return rows * rows + rows * m + m;
}

size_t ridge_scratch(const struct ridge_shape *shape)
{
    size_t n = (size_t)shape->features, m = (size_t)(shape->groups * shape->width);
    return ridge_sums(shape) + n + 2 * n * n + n * m + 2 * (1 + n) * m + m +
           STRENGTHS * (size_t)shape->groups;
}

static struct part part_of(const double *sums, const struct ridge_shape *shape)
{
    int rows = 1 + shape->features, m = shape->groups * shape->width;
    return (struct part){sums, sums + rows * rows, sums + rows * rows + rows * m};
}

void ridge_add(double *sums, const struct ridge_shape *shape, const double *x, const double *y,
               int rows)
{
    int n = 1 + shape->features, m = shape->groups * shape->width;
    double *squares = sums + n * n + n * m;
    lapack_gram(sums, x, rows, n);
    lapack_cross(sums + n * n, x, y, rows, n, m);
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < m; k++)
            squares[k] += y[r * m + k] * y[r * m + k];
}

static struct fit fit_in(double *scratch, const struct ridge_shape *shape)
{
    struct fit fit = {
        .shape = *shape, .n = shape->features, .m = shape->groups * shape->width, .sums = scratch};
    int n = fit.n, m = fit.m;
    fit.scale = fit.sums + ridge_sums(shape);
    fit.matrix = fit.scale + n;
    fit.right = fit.matrix + n * n;
    fit.factor = fit.right + n * m;
    fit.weights = fit.factor + n * n;
    fit.product = fit.weights + (1 + n) * m;
    fit.errors = fit.product + (1 + n) * m;
    fit.crossed = fit.errors + m;
    return fit;
}

/* The fit has the rows of its sums. */
static void take(struct fit *fit)
{
    int n = fit->n, m = fit->m;
    struct part p = part_of(fit->sums, &fit->shape);
    double rows = p.xx[0];
    for (int i = 0; i < n; i++) {
        double mean = p.xx[1 + i] / rows, square = p.xx[(1 + i) * (1 + n) + 1 + i] / rows;
        double variance = square - mean * mean;
        fit->scale[i] = variance <= 1e-12 * square ? 0 : 1 / sqrt(variance);
    }
    for (int i = 0; i < n; i++) {
        const double *xx = p.xx + (1 + i) * (1 + n), *xy = p.xy + (1 + i) * m;
        double mean = p.xx[1 + i] / rows;
        for (int j = 0; j < n; j++)
            fit->matrix[i * n + j] =
                (xx[1 + j] / rows - mean * (p.xx[1 + j] / rows)) * fit->scale[i] * fit->scale[j];
        for (int k = 0; k < m; k++)
            fit->right[i * m + k] = (xy[k] / rows - mean * (p.xy[k] / rows)) * fit->scale[i];
    }
}

/* Takes all folds but one (-1: none is left out) into the fit. */
static void gather(struct fit *fit, const double *const folds[RIDGE_FOLDS], int without)
{
    size_t size = ridge_sums(&fit->shape);
    memset(fit->sums, 0, sizeof(double) * size);
    for (int f = 0; f < RIDGE_FOLDS; f++)
        for (size_t i = 0; f != without && i < size; i++)
            fit->sums[i] += folds[f][i];
    take(fit);
}

/* False: not solvable. */
static bool solve(struct fit *fit, double strength)
{
    int n = fit->n, m = fit->m;
    struct part p = part_of(fit->sums, &fit->shape);
    double *mean = fit->weights, *w = mean + m;
    memcpy(w, fit->right, sizeof(double) * (size_t)(n * m));
    if (!lapack_ridge(w, fit->matrix, strength, fit->factor, n, m))
        return false;
    for (int k = 0; k < m; k++)
        mean[k] = p.xy[k] / p.xx[0];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < m; k++) {
            w[i * m + k] *= fit->scale[i];
            mean[k] -= w[i * m + k] * (p.xx[1 + i] / p.xx[0]);
        }
    return true;
}

/* errors[m] = sums over rows of |y - (1, x) w|^2 = y'y + w' (x'x w - 2 x'y). */
static void squared_errors(struct fit *fit, const double *sums)
{
    int rows = 1 + fit->n, m = fit->m;
    struct part p = part_of(sums, &fit->shape);
    memcpy(fit->errors, p.yy, sizeof(double) * (size_t)m);
    for (int i = 0; i < rows * m; i++)
        fit->product[i] = -2 * p.xy[i];
    lapack_cross(fit->product, p.xx, fit->weights, rows, rows, m);
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < m; k++)
            fit->errors[k] += fit->weights[i * m + k] * fit->product[i * m + k];
    for (int k = 0; k < m; k++) /* rounding can make a perfect fit better than perfect */
        fit->errors[k] = fit->errors[k] < 0 ? 0 : fit->errors[k];
}

static double group_error(const struct fit *fit, int group)
{
    double sum = 0;
    for (int k = group * fit->shape.width; k < (group + 1) * fit->shape.width; k++)
        sum += fit->errors[k];
    return sum;
}

/* Sum over rows and targets of a group of squared distances from their mean. */
static double group_total(const struct fit *fit, const double *sums, int group)
{
    struct part p = part_of(sums, &fit->shape);
    double sum = 0;
    for (int k = group * fit->shape.width; k < (group + 1) * fit->shape.width; k++)
        sum += p.yy[k] - p.xy[k] * p.xy[k] / p.xx[0];
    return sum;
}

/* r2 of the groups whose strength is number `s` of `best`, or of all; the fit has been gathered. */
static void judge(double *r2, struct fit *fit, double strength, const double *sums, const int *best,
                  int s)
{
    bool solved = solve(fit, strength);
    if (solved)
        squared_errors(fit, sums);
    for (int g = 0; g < fit->shape.groups; g++) {
        if (best && best[g] != s)
            continue;
        double total = group_total(fit, sums, g);
        double value = solved && total > 0 ? 1 - group_error(fit, g) / total : NAN;
        r2[g] = isfinite(value) ? value : NAN;
    }
}

/* Number of the strength with the least error of each group on the folds. */
static void cross_validate(int *best, struct fit *fit, const double *const folds[RIDGE_FOLDS])
{
    int groups = fit->shape.groups;
    memset(fit->crossed, 0, sizeof(double) * (size_t)(STRENGTHS * groups));
    for (int f = 0; f < RIDGE_FOLDS; f++) {
        gather(fit, folds, f);
        for (int s = 0; s < STRENGTHS; s++) {
            bool solved = solve(fit, strengths[s]);
            if (solved)
                squared_errors(fit, folds[f]);
            for (int g = 0; g < groups; g++)
                fit->crossed[s * groups + g] += solved ? group_error(fit, g) : INFINITY;
        }
    }
    for (int g = 0; g < groups; g++) {
        best[g] = STRENGTHS - 1;
        for (int s = STRENGTHS - 2; s >= 0; s--)
            if (fit->crossed[s * groups + g] < fit->crossed[best[g] * groups + g])
                best[g] = s;
    }
}

void ridge_held_out(double *r2, const struct ridge_shape *shape,
                    const double *const folds[RIDGE_FOLDS], const double *test, double *scratch)
{
    struct fit fit = fit_in(scratch, shape);
    int best[RIDGE_GROUPS_MAX];
    cross_validate(best, &fit, folds);
    gather(&fit, folds, -1);
    for (int s = 0; s < STRENGTHS; s++)
        judge(r2, &fit, strengths[s], test, best, s);
}

void ridge_in_sample(double *r2, const struct ridge_shape *shape, const double *sums,
                     double *scratch)
{
    struct fit fit = fit_in(scratch, shape);
    memcpy(fit.sums, sums, sizeof(double) * ridge_sums(shape));
    take(&fit);
    judge(r2, &fit, 1e-10, sums, NULL, 0);
}
