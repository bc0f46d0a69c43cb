#include "ridge.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "math/lapack.h"

static const double strengths[] = {1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1};

enum { STRENGTHS = sizeof strengths / sizeof strengths[0] };

/* One fit: statistics of the rows, and what they give. */
struct fit {
    int n, m, S;
    double *gram;    /* [S][S] of the rows that are fitted */
    double *scale;   /* [n] 1 / deviation, 0 for a feature that is left out */
    double *matrix;  /* [n][n] correlations of features */
    double *right;   /* [n][m] features against targets */
    double *solved;  /* [n][m] */
    double *factor;  /* [n][n] scratch of the solution */
    double *weights; /* [m][S]: residual of target k = weights[k] . row */
};

size_t ridge_scratch(int n, int m)
{
    int S = 1 + n + m;
    return (size_t)(S * S + n + 2 * n * n + 2 * n * m + m * S);
}

static struct fit fit_in(double *scratch, const struct ridge_data *data)
{
    struct fit fit = {.n = data->features, .m = data->targets};
    int n = fit.n, m = fit.m;
    fit.S = 1 + n + m;
    fit.gram = scratch;
    fit.scale = fit.gram + fit.S * fit.S;
    fit.matrix = fit.scale + n;
    fit.right = fit.matrix + n * n;
    fit.solved = fit.right + n * m;
    fit.factor = fit.solved + n * m;
    fit.weights = fit.factor + n * n;
    return fit;
}

/* Covariance of entries i and j of a row. */
static double covariance(const struct fit *fit, int i, int j)
{
    const double *G = fit->gram;
    double rows = G[0];
    return G[i * fit->S + j] / rows - (G[i] / rows) * (G[j] / rows);
}

/* Takes all folds but one (-1: none is left out) into the fit. */
static void gather(struct fit *fit, const struct ridge_data *data, int without)
{
    int n = fit->n, m = fit->m;
    memset(fit->gram, 0, sizeof(double) * (size_t)(fit->S * fit->S));
    for (int f = 0; f < RIDGE_FOLDS; f++)
        for (int i = 0; f != without && i < fit->S * fit->S; i++)
            fit->gram[i] += data->folds[f][i];
    for (int i = 0; i < n; i++) {
        double variance = covariance(fit, 1 + i, 1 + i);
        double square = fit->gram[(1 + i) * fit->S + 1 + i] / fit->gram[0];
        fit->scale[i] = variance <= 1e-12 * square ? 0 : 1 / sqrt(variance);
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            fit->matrix[i * n + j] = covariance(fit, 1 + i, 1 + j) * fit->scale[i] * fit->scale[j];
        for (int k = 0; k < m; k++)
            fit->right[i * m + k] = covariance(fit, 1 + i, 1 + n + k) * fit->scale[i];
    }
}

/* weights[k] = (-intercept, -coefficients, unit vector of target k). False: not solvable. */
static bool solve(struct fit *fit, double strength)
{
    int n = fit->n, m = fit->m;
    memcpy(fit->solved, fit->right, sizeof(double) * (size_t)(n * m));
    if (!lapack_ridge(fit->solved, fit->matrix, strength, fit->factor, n, m))
        return false;
    for (int k = 0; k < m; k++) {
        double *w = fit->weights + k * fit->S, mean = fit->gram[1 + n + k];
        for (int i = 0; i < n; i++) {
            w[1 + i] = -fit->solved[i * m + k] * fit->scale[i];
            mean += w[1 + i] * fit->gram[1 + i];
        }
        w[0] = -mean / fit->gram[0];
        for (int j = 0; j < m; j++)
            w[1 + n + j] = j == k;
    }
    return true;
}

/* Sum over rows and targets of squared residuals, as weights' G weights. */
static double squared_error(const struct fit *fit, const double *gram)
{
    double sum = 0;
    for (int k = 0; k < fit->m; k++) {
        const double *w = fit->weights + k * fit->S;
        for (int i = 0; i < fit->S; i++) {
            double row = 0;
            for (int j = 0; j < fit->S; j++)
                row += gram[i * fit->S + j] * w[j];
            sum += w[i] * row;
        }
    }
    return sum < 0 ? 0 : sum; /* rounding can make a perfect fit better than perfect */
}

/* Sum over rows and targets of squared distances from their mean. */
static double squared_total(const struct fit *fit, const double *gram)
{
    double sum = 0;
    for (int k = 1 + fit->n; k < fit->S; k++)
        sum += gram[k * fit->S + k] - gram[k] * gram[k] / gram[0];
    return sum;
}

static double best_strength(struct fit *fit, const struct ridge_data *data)
{
    double errors[STRENGTHS] = {0};
    for (int f = 0; f < RIDGE_FOLDS; f++) {
        gather(fit, data, f);
        for (int s = 0; s < STRENGTHS; s++)
            errors[s] += solve(fit, strengths[s]) ? squared_error(fit, data->folds[f]) : INFINITY;
    }
    int best = STRENGTHS - 1;
    for (int s = STRENGTHS - 2; s >= 0; s--)
        if (errors[s] < errors[best])
            best = s;
    return strengths[best];
}

double ridge_r2(const struct ridge_data *data, double *scratch)
{
    struct fit fit = fit_in(scratch, data);
    double strength = best_strength(&fit, data);
    gather(&fit, data, -1);
    double total = squared_total(&fit, data->test);
    if (!solve(&fit, strength) || !(total > 0))
        return NAN;
    double r2 = 1 - squared_error(&fit, data->test) / total;
    return isfinite(r2) ? r2 : NAN;
}
