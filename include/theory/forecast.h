/* forecast.h - the algorithms that paper 2 compares with (arXiv 2309.05858, science.md 2.3): each
 * predicts the next state of a sequence from the pairs that it has seen.
 *
 * At token t the pairs are (phi_{i-1}, s_i), i = 2 .. t, or, lagged, all of them but the last; phi
 * are features of the states, or the states themselves (s_0 = 0 makes no pair). With R = sum of
 * phi phi' and C = sum of s phi' over the pairs, a prediction of s_{t+1} is
 *
 *   descent         Phi_0 phi_t + eta sum (s_i - Phi_0 phi_{i-1}) (phi_{i-1} . phi_t),
 *   least squares   C (R + strength I)^-1 phi_t, ridge regression,
 *   a solver        C x, x nearly (R + strength I)^-1 phi_t (struct solver).
 *
 * Each gives both kinds in one walk: `inclusive` and `lagged` [T][d][LANES], one of which may be
 * NULL. Plain C in double, sums in a fixed order, no transcendental function: equal bits
 * everywhere. */
#ifndef THEORY_FORECAST_H
#define THEORY_FORECAST_H

#include <stddef.h>

#include "math/real.h"

/* 16 sequences. All is borrowed. */
struct forecast {
    int d, T, F;
    const double *states;   /* [T][d][LANES]: s_1 .. s_T; those of the predictions begin at s_2 */
    const double *features; /* [T][F][LANES]; the states where they are the features */
};

/* Doubles of scratch that each of the functions below needs. */
size_t forecast_scratch(const struct forecast *sequences);

/* Phi_0 [d][F], the same for all sequences; NULL: 0. */
void forecast_descent(double *inclusive, double *lagged, const struct forecast *sequences,
                      double eta, const double *start, double *scratch);

/* By rank-one updates, from (strength I)^-1: the relative error grows like |R| / strength times
 * 1e-16. strength > 0. Costs 2 F (F + d) multiply-adds a token. */
void forecast_ridge(double *inclusive, double *lagged, const struct forecast *sequences,
                    double strength, double *scratch);

/* x [T][d] = (R + strength I)^-1 phi_t with R of all pairs up to t, where F = d; errors and cost as
 * those of forecast_ridge. */
void forecast_precondition(double *x, const struct forecast *sequences, double strength,
                           double *scratch);

/* Each begins with M = R + strength I and `steps` times applies M to a vector: the work of a model
 * of so many layers before the last. With A = M / |M|_F, or M / tr M for Newton-Schulz:
 *
 *   chebyshev    x = term = phi_t; then term <- term - a A term, x <- x + term + b (x - what it was
 *                one step before), with the a and b of each step. a = 1, b = 0 is the truncated
 *                Neumann series, b = 0 the paper's Richardson.
 *   richardson   x = phi_t; then x <- x + a (phi_t - A x), with the a of each step. a = 1 is
 *                Neumann's again.
 *   newton       Newton-Schulz: X = 1, then X <- X (2 - A X): the Neumann series with 2^steps - 1
 *                terms behind the first. At most 10 steps.
 *   polynomial   x = sum of a_k A^k phi_t, k = 0 .. steps: what all of the iterations above but
 *                newton are, each with coefficients of its own.
 *   product      x = phi_t; then x <- x - a R x: layers of the construction (construction.h), which
 *                know neither |M| nor the strength.
 *
 * and ends with x / |M| (product: x), times `gain`. */
enum solver_kind {
    SOLVER_CHEBYSHEV,
    SOLVER_RICHARDSON,
    SOLVER_NEWTON,
    SOLVER_POLYNOMIAL,
    SOLVER_PRODUCT
};

enum { SOLVER_STEPS = 32 };

struct solver {
    enum solver_kind kind;
    int steps;
    double strength, gain;
    double a[SOLVER_STEPS], b[SOLVER_STEPS];
};

void forecast_solve(double *inclusive, double *lagged, const struct forecast *sequences,
                    const struct solver *solver, double *scratch);

/* What polynomials of A are made of: predictions C A^k phi_t / |M|_F for k = 0 .. steps, in one
 * walk: `inclusive` and `lagged` [steps + 1][T][d][LANES], one of which may be NULL. */
void forecast_powers(double *inclusive, double *lagged, const struct forecast *sequences, int steps,
                     double strength, double *scratch);

/* With the (a, b) that the paper learned for 6 steps on linear dynamics, strength .001. */
struct solver solver_published(void);

/* a and b of every step, strength .001. */
struct solver solver_constant(enum solver_kind kind, int steps, double a, double b);

/* The rate a of all steps of SOLVER_RICHARDSON with the least mean loss, inclusive, over all lanes
 * of groups of sequences whose states are their features: states [groups][T + 1][d][LANES], s_1 ..
 * s_{T+1}. A lies between 0 and 1, so it is looked for from 1 on. predictions [T][d][LANES] and
 * scratch [forecast_scratch] are scratch. Costs about 40 walks. */
double forecast_richardson_rate(const double *states, int groups, int T, int d, int steps,
                                double *predictions, double *scratch);

/* The polynomial with the least loss: no iteration of as many steps, with whatever (a, b), has less
 * on the same sequences. Begins with zeros and the steps; add the forecast_powers of each group, of
 * its first `lanes` sequences: powers [steps + 1][rows][LANES], rows = T d, all inclusive or all
 * lagged. */
enum { POLYNOMIAL_POWERS = 8 };

/* Of each squared length, added for the Gram matrix: far below what a coefficient can change. */
#define POLYNOMIAL_RIDGE 1e-13

struct polynomial_fit {
    int steps; /* < POLYNOMIAL_POWERS */
    double gram[POLYNOMIAL_POWERS][POLYNOMIAL_POWERS], right[POLYNOMIAL_POWERS];
};

void polynomial_add(struct polynomial_fit *fit, const double *powers, const double *next, int rows,
                    int lanes);
struct solver polynomial_best(const struct polynomial_fit *fit, double strength);

/* losses[T][LANES] = .5 |prediction - next|^2 of each token; predictions, next [T][d][LANES]. */
void forecast_losses(double *losses, const double *predictions, const double *next, int T, int d);

#endif
