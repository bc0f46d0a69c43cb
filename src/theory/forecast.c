#include "theory/forecast.h"

#include <assert.h>

#include "lanes.h"

enum { R_AND_C = 2, VECTORS = 6 };

size_t forecast_scratch(const struct forecast *s)
{
    size_t F = (size_t)s->F, d = (size_t)s->d;
    return (F * F + d * F + VECTORS * (F > d ? F : d) + R_AND_C) * LANES;
}

/* ---- vectors and matrices of lanes */

static void dot(double *restrict sum, const double *a, const double *b, int n)
{
    clear_rows(sum, 1);
    for (int i = 0; i < n; i++)
        add_product(sum, a + i * LANES, b + i * LANES);
}

/* y[m] = A[m][n] x[n] */
static void apply(double *y, const double *A, const double *x, int m, int n)
{
    for (int i = 0; i < m; i++)
        dot(y + i * LANES, A + (ptrdiff_t)i * n * LANES, x, n);
}

/* A[m][n] += x[m] y[n]' */
static void add_outer(double *A, const double *x, const double *y, int m, int n)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            add_product(A + (ptrdiff_t)(i * n + j) * LANES, x + i * LANES, y + j * LANES);
}

/* y[n] *= a[LANES] */
static void scale(double *y, const double *a, int n)
{
    for (int i = 0; i < n * LANES; i++)
        y[i] *= a[i % LANES];
}

/* ---- the walk along the tokens, the same for all */

struct walk {
    const struct forecast *s;
    double *R, *C;   /* [F][F], [d][F]: sums, or what a method makes of them */
    double *vectors; /* VECTORS of max(F, d) */
    const void *method;
    void (*start)(struct walk *walk); /* before the first pair; may be NULL */
    /* The pair (phi, s) comes in; s may be changed. */
    void (*pair)(struct walk *walk, const double *phi, double *s);
    void (*predict)(double *prediction, struct walk *walk, const double *phi);
};

static double *vector(const struct walk *w, int i)
{
    int n = w->s->F > w->s->d ? w->s->F : w->s->d;
    return w->vectors + (ptrdiff_t)i * n * LANES;
}

static void walk_along(double *inclusive, double *lagged, struct walk *w, const struct forecast *s,
                       double *scratch)
{
    ptrdiff_t state = (ptrdiff_t)s->d * LANES, features = (ptrdiff_t)s->F * LANES;
    w->s = s;
    w->R = scratch;
    w->C = w->R + s->F * features;
    w->vectors = w->C + s->d * features;
    clear_rows(w->R, s->F * (s->F + s->d));
    if (w->start)
        w->start(w);
    for (int t = 0; t < s->T; t++) {
        const double *phi = s->features + t * features;
        if (lagged)
            w->predict(lagged + t * state, w, phi);
        if (t > 0) {
            copy_rows(vector(w, 0), s->states + t * state, s->d);
            w->pair(w, phi - features, vector(w, 0));
        }
        if (inclusive)
            w->predict(inclusive + t * state, w, phi);
    }
}

/* ---- gradient descent */

struct step {
    double eta;
    const double *start; /* [d][F] or NULL */
};

/* y[d] += Phi_0 phi times `sign` */
static void add_start(double *y, const struct walk *w, const double *phi, double sign)
{
    const struct step *step = w->method;
    int F = w->s->F;
    for (int i = 0; step->start && i < w->s->d; i++)
        for (int j = 0; j < F; j++)
            add_scaled(y + i * LANES, sign * step->start[i * F + j], phi + j * LANES);
}

static void descent_pair(struct walk *w, const double *phi, double *s)
{
    add_start(s, w, phi, -1);
    add_outer(w->C, s, phi, w->s->d, w->s->F);
}

static void descent_predict_next(double *prediction, struct walk *w, const double *phi)
{
    const struct step *step = w->method;
    apply(prediction, w->C, phi, w->s->d, w->s->F);
    for (int i = 0; i < w->s->d * LANES; i++)
        prediction[i] *= step->eta;
    add_start(prediction, w, phi, 1);
}

void forecast_descent(double *inclusive, double *lagged, const struct forecast *sequences,
                      double eta, const double *start, double *scratch)
{
    struct step step = {eta, start};
    struct walk walk = {.method = &step, .pair = descent_pair, .predict = descent_predict_next};
    walk_along(inclusive, lagged, &walk, sequences, scratch);
}

/* ---- ridge regression: R holds (R + strength I)^-1, C the solution */

static void ridge_start(struct walk *w)
{
    const double *strength = w->method;
    int F = w->s->F;
    for (int i = 0; i < F; i++)
        for (int b = 0; b < LANES; b++)
            w->R[(ptrdiff_t)i * (F + 1) * LANES + b] = 1 / *strength;
}

/* With u = R phi: R <- R - u u' / (1 + phi.u). Returns u / (1 + phi.u). */
static const double *inverse_add(struct walk *w, const double *phi)
{
    int F = w->s->F;
    double *u = vector(w, 1), *shares = vector(w, 2), *minus = vector(w, 3), share[LANES];
    apply(u, w->R, phi, F, F);
    dot(share, phi, u, F);
    for (int b = 0; b < LANES; b++)
        share[b] = 1 / (1 + share[b]);
    copy_rows(shares, u, F);
    scale(shares, share, F);
    for (int i = 0; i < F * LANES; i++)
        minus[i] = -shares[i];
    add_outer(w->R, minus, u, F, F);
    return shares;
}

/* Phi <- Phi + (s - Phi phi) u' / (1 + phi.u) */
static void ridge_pair(struct walk *w, const double *phi, double *s)
{
    int d = w->s->d, F = w->s->F;
    const double *shares = inverse_add(w, phi);
    double *known = vector(w, 3);
    apply(known, w->C, phi, d, F);
    for (int i = 0; i < d * LANES; i++)
        s[i] -= known[i];
    add_outer(w->C, s, shares, d, F);
}

static void ridge_predict(double *prediction, struct walk *w, const double *phi)
{
    apply(prediction, w->C, phi, w->s->d, w->s->F);
}

void forecast_ridge(double *inclusive, double *lagged, const struct forecast *sequences,
                    double strength, double *scratch)
{
    struct walk walk = {
        .method = &strength, .start = ridge_start, .pair = ridge_pair, .predict = ridge_predict};
    walk_along(inclusive, lagged, &walk, sequences, scratch);
}

static void precondition_pair(struct walk *w, const double *phi, double *s)
{
    (void)s;
    inverse_add(w, phi);
}

static void precondition(double *x, struct walk *w, const double *phi)
{
    apply(x, w->R, phi, w->s->F, w->s->F);
}

void forecast_precondition(double *x, const struct forecast *sequences, double strength,
                           double *scratch)
{
    struct walk walk = {.method = &strength,
                        .start = ridge_start,
                        .pair = precondition_pair,
                        .predict = precondition};
    assert(sequences->F == sequences->d);
    walk_along(x, NULL, &walk, sequences, scratch);
}

/* ---- solvers: R and C are the sums, R with the strength on its diagonal */

static void solver_start(struct walk *w)
{
    const struct solver *solver = w->method;
    int F = w->s->F;
    for (int i = 0; i < F && solver->kind != SOLVER_PRODUCT; i++)
        for (int b = 0; b < LANES; b++)
            w->R[(ptrdiff_t)i * (F + 1) * LANES + b] = solver->strength;
}

static void solver_pair(struct walk *w, const double *phi, double *s)
{
    add_outer(w->R, phi, phi, w->s->F, w->s->F);
    add_outer(w->C, s, phi, w->s->d, w->s->F);
}

/* inverse[LANES] = 1 / |M|, by the norm of the kind. */
static void measure(double inverse[LANES], const struct walk *w)
{
    const struct solver *solver = w->method;
    int F = w->s->F;
    clear_rows(inverse, 1);
    if (solver->kind == SOLVER_NEWTON)
        for (int i = 0; i < F; i++)
            add_scaled(inverse, 1, w->R + (ptrdiff_t)i * (F + 1) * LANES);
    else
        dot(inverse, w->R, w->R, F * F);
    for (int b = 0; b < LANES; b++)
        inverse[b] = solver->kind == SOLVER_PRODUCT  ? 1
                     : solver->kind == SOLVER_NEWTON ? 1 / inverse[b]
                                                     : 1 / sqrt(inverse[b]);
}

/* term <- term - a A term; of[F] is scratch. */
static void damp(double *term, double *of, double a, const double inverse[LANES],
                 const struct walk *w)
{
    int F = w->s->F;
    apply(of, w->R, term, F, F);
    scale(of, inverse, F);
    for (int i = 0; i < F * LANES; i++)
        term[i] -= a * of[i];
}

/* x <- x + term + b (x - before), before <- x */
static void advance(double *x, double *before, const double *term, double b, int F)
{
    for (int i = 0; i < F * LANES; i++) {
        double now = x[i];
        x[i] = now + term[i] + b * (now - before[i]);
        before[i] = now;
    }
}

static void chebyshev(double *x, const struct walk *w, const double inverse[LANES])
{
    const struct solver *solver = w->method;
    int F = w->s->F, steps = solver->steps;
    double *term = vector(w, 2), *before = vector(w, 3), *of = vector(w, 4);
    bool newton = solver->kind == SOLVER_NEWTON;
    copy_rows(term, x, F);
    copy_rows(before, x, F);
    for (int k = 0; k < (newton ? (1 << steps) - 1 : steps); k++) {
        damp(term, of, newton ? 1 : solver->a[k], inverse, w);
        advance(x, before, term, newton ? 0 : solver->b[k], F);
    }
}

static void richardson(double *x, const struct walk *w, const double inverse[LANES],
                       const double *phi)
{
    const struct solver *solver = w->method;
    int F = w->s->F;
    for (int k = 0; k < solver->steps; k++) {
        damp(x, vector(w, 2), solver->a[k], inverse, w);
        for (int i = 0; i < F * LANES; i++)
            x[i] += solver->a[k] * phi[i];
    }
}

/* power <- A power; of[F] is scratch. */
static void multiply(double *power, double *of, const double inverse[LANES], const struct walk *w)
{
    apply(of, w->R, power, w->s->F, w->s->F);
    scale(of, inverse, w->s->F);
    copy_rows(power, of, w->s->F);
}

/* x = sum of a_k A^k phi */
static void polynomial(double *x, const struct walk *w, const double inverse[LANES])
{
    const struct solver *solver = w->method;
    int F = w->s->F;
    double *power = vector(w, 2), *of = vector(w, 3);
    copy_rows(power, x, F);
    for (int i = 0; i < F * LANES; i++)
        x[i] *= solver->a[0];
    for (int k = 1; k <= solver->steps; k++) {
        multiply(power, of, inverse, w);
        for (int i = 0; i < F * LANES; i++)
            x[i] += solver->a[k] * power[i];
    }
}

static void product(double *x, const struct walk *w, const double inverse[LANES])
{
    const struct solver *solver = w->method;
    for (int k = 0; k < solver->steps; k++)
        damp(x, vector(w, 2), solver->a[k], inverse, w);
}

static void solver_predict(double *prediction, struct walk *w, const double *phi)
{
    const struct solver *solver = w->method;
    int F = w->s->F;
    double *x = vector(w, 1), inverse[LANES];
    copy_rows(x, phi, F);
    measure(inverse, w);
    if (solver->kind == SOLVER_PRODUCT)
        product(x, w, inverse);
    else if (solver->kind == SOLVER_POLYNOMIAL)
        polynomial(x, w, inverse);
    else if (solver->kind == SOLVER_RICHARDSON)
        richardson(x, w, inverse, phi);
    else
        chebyshev(x, w, inverse);
    scale(x, inverse, F);
    apply(prediction, w->C, x, w->s->d, F);
    for (int i = 0; i < w->s->d * LANES; i++)
        prediction[i] *= solver->gain;
}

void forecast_solve(double *inclusive, double *lagged, const struct forecast *sequences,
                    const struct solver *solver, double *scratch)
{
    assert(solver->steps < (solver->kind == SOLVER_NEWTON ? 11 : SOLVER_STEPS));
    struct walk walk = {
        .method = solver, .start = solver_start, .pair = solver_pair, .predict = solver_predict};
    walk_along(inclusive, lagged, &walk, sequences, scratch);
}

static void powers_predict(double *prediction, struct walk *w, const double *phi)
{
    const struct solver *solver = w->method;
    int F = w->s->F, d = w->s->d;
    double *power = vector(w, 1), *of = vector(w, 2), *x = vector(w, 3), inverse[LANES];
    copy_rows(power, phi, F);
    measure(inverse, w);
    for (int k = 0; k <= solver->steps; k++) {
        if (k > 0)
            multiply(power, of, inverse, w);
        copy_rows(x, power, F);
        scale(x, inverse, F);
        apply(prediction + (ptrdiff_t)k * w->s->T * d * LANES, w->C, x, d, F);
    }
}

void forecast_powers(double *inclusive, double *lagged, const struct forecast *sequences, int steps,
                     double strength, double *scratch)
{
    struct solver solver = {.kind = SOLVER_POLYNOMIAL, .steps = steps, .strength = strength};
    struct walk walk = {
        .method = &solver, .start = solver_start, .pair = solver_pair, .predict = powers_predict};
    walk_along(inclusive, lagged, &walk, sequences, scratch);
}

static const double STRENGTH = .001;

struct solver solver_published(void)
{
    return (struct solver){.kind = SOLVER_CHEBYSHEV,
                           .steps = 6,
                           .strength = STRENGTH,
                           .gain = 1,
                           .a = {1.0292, 3.8551, 3.7469, 3.3828, 2.9882, 2.0934},
                           .b = {0, .6402, .4798, .8144, 1.6680, 2.4196}};
}

struct solver solver_constant(enum solver_kind kind, int steps, double a, double b)
{
    struct solver solver = {.kind = kind, .steps = steps, .strength = STRENGTH, .gain = 1};
    for (int k = 0; k < SOLVER_STEPS; k++) {
        solver.a[k] = a;
        solver.b[k] = b;
    }
    return solver;
}

void forecast_losses(double *losses, const double *predictions, const double *next, int T, int d)
{
    clear_rows(losses, T);
    for (int i = 0; i < T * d * LANES; i++) {
        double error = predictions[i] - next[i];
        losses[i / (d * LANES) * LANES + i % LANES] += .5 * error * error;
    }
}
