/* Solvers at their best for given sequences. */
#include <math.h>

#include "cholesky.h"
#include "minimise.h"
#include "theory/forecast.h"

/* ---- the best rate of Richardson's iteration */

struct trial {
    const double *states;
    int groups, T, d, steps;
    double *predictions, *scratch;
};

static double trial_loss(const void *context, double rate)
{
    const struct trial *trial = context;
    struct solver solver = solver_constant(SOLVER_RICHARDSON, trial->steps, rate, 0);
    ptrdiff_t state = (ptrdiff_t)trial->d * LANES;
    double sum = 0;
    for (int g = 0; g < trial->groups; g++) {
        const double *states = trial->states + g * (trial->T + 1) * state;
        struct forecast group = {trial->d, trial->T, trial->d, states, states};
        forecast_solve(trial->predictions, NULL, &group, &solver, trial->scratch);
        for (int i = 0; i < trial->T * state; i++) {
            double error = trial->predictions[i] - states[state + i];
            sum += error * error;
        }
    }
    return sum;
}

double forecast_richardson_rate(const double *states, int groups, int T, int d, int steps,
                                double *predictions, double *scratch)
{
    struct trial trial = {states, groups, T, d, steps, predictions, scratch};
    struct function loss = {trial_loss, &trial};
    struct bracket bracket = {.5, 1, 2};
    bracket_enclose(&bracket, &loss);
    return minimise(&bracket, &loss);
}

/* ---- the best polynomial: its predictions are linear in the coefficients */

/* Of the first `lanes` sequences. */
static double product(const double *a, const double *b, int rows, int lanes)
{
    double sum = 0;
    for (int i = 0; i < rows; i++)
        sum += dot(a + i * LANES, b + i * LANES, lanes);
    return sum;
}

void polynomial_add(struct polynomial_fit *fit, const double *powers, const double *next, int rows,
                    int lanes)
{
    ptrdiff_t size = (ptrdiff_t)rows * LANES;
    for (int i = 0; i <= fit->steps; i++) {
        const double *row = powers + i * size;
        for (int k = 0; k <= i; k++)
            fit->gram[i][k] += product(row, powers + k * size, rows, lanes);
        fit->right[i] += product(row, next, rows, lanes);
    }
}

/* Numbers of very different size are equal before the factor: each power is taken in units of its
 * own length. One that is 0 everywhere gets the coefficient 0. */
struct solver polynomial_best(const struct polynomial_fit *fit, double strength)
{
    struct solver solver = {
        .kind = SOLVER_POLYNOMIAL, .steps = fit->steps, .strength = strength, .gain = 1};
    int n = fit->steps + 1;
    double A[POLYNOMIAL_POWERS * POLYNOMIAL_POWERS], x[POLYNOMIAL_POWERS], unit[POLYNOMIAL_POWERS];
    for (int i = 0; i < n; i++)
        unit[i] = fit->gram[i][i] > 0 ? 1 / sqrt(fit->gram[i][i]) : 0;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k <= i; k++)
            A[i * n + k] = unit[i] * fit->gram[i][k] * unit[k];
        A[i * n + i] = 1 + POLYNOMIAL_RIDGE;
        x[i] = unit[i] * fit->right[i];
    }
    cholesky_factor(A, n);
    cholesky_solve(x, A, n);
    for (int i = 0; i < n; i++)
        solver.a[i] = unit[i] * x[i];
    return solver;
}
