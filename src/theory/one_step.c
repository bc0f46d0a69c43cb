#include "theory/one_step.h"

#include <math.h>
#include <string.h>

#include "cholesky.h"
#include "lanes.h"
#include "minimise.h"

struct one_step_sums one_step_create(struct arena *arena, int d)
{
    struct one_step_sums sums = {
        .d = d,
        .R = ARENA_TAKE(arena, double, d *d *LANES),
        .C = ARENA_TAKE(arena, double, d *d *LANES),
        .before = ARENA_TAKE(arena, double, d *LANES),
        .features = ARENA_TAKE(arena, double, 3 * d * LANES),
        .inputs = ARENA_TAKE(arena, double, 4 * d * d * LANES),
        .steps = ARENA_TAKE(arena, double, 2 * d * d * LANES),
        .step = ARENA_TAKE(arena, double, LANES),
    };
    for (int t = 0; t < ONE_STEP_TARGETS; t++)
        sums.targets[t] = (struct one_step_target){
            .outputs = ARENA_TAKE(arena, double, 2 * d * d * LANES),
            .cross = ARENA_TAKE(arena, double, LANES),
            .square = ARENA_TAKE(arena, double, LANES),
        };
    return sums;
}

void one_step_begin(struct one_step_sums *s)
{
    clear_rows(s->R, s->d * s->d);
    clear_rows(s->C, s->d * s->d);
    clear_rows(s->before, s->d);
}

/* A[n][m] += x y' in each lane. */
static void add_outer(double *A, const double *x, const double *y, int n, int m)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            add_product(A + (i * m + j) * LANES, x + i * LANES, y + j * LANES);
}

/* y = A x in each lane, A [n][n]. */
static void apply(double *y, const double *A, const double *x, int n)
{
    clear_rows(y, n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            add_product(y + i * LANES, A + (i * n + j) * LANES, x + j * LANES);
}

static void add_dot(double *sum, const double *x, const double *y, int n)
{
    for (int i = 0; i < n; i++)
        add_product(sum, x + i * LANES, y + i * LANES);
}

void one_step_state(struct one_step_sums *s, const double *state)
{
    int d = s->d;
    double *moved = s->features + d * LANES, *step = s->features + 2 * d * LANES;
    add_outer(s->R, s->before, s->before, d, d);
    add_outer(s->C, state, s->before, d, d);
    copy_rows(s->before, state, d);
    copy_rows(s->features, state, d);
    apply(moved, s->R, state, d);
    apply(step, s->C, state, d);
    for (int i = 0; i < 2 * d; i++)
        add_outer(s->inputs + i * 2 * d * LANES, s->features + i * LANES, s->features, 1, i + 1);
    add_outer(s->steps, step, s->features, d, 2 * d);
    add_dot(s->step, step, step, d);
}

void one_step_target(struct one_step_sums *s, int target, const double *prediction)
{
    struct one_step_target *to = &s->targets[target];
    const double *step = s->features + 2 * s->d * LANES;
    add_outer(to->outputs, prediction, s->features, s->d, 2 * s->d);
    add_dot(to->cross, prediction, step, s->d);
    add_dot(to->square, prediction, prediction, s->d);
}

static double total(const double *lanes)
{
    double sum = 0;
    for (int b = 0; b < LANES; b++)
        sum += lanes[b];
    return sum;
}

/* With z = s_t - eta R_t s_t and y = prediction - eta C_t s_t, what is left is |y - W0 z|^2. */
struct rest {
    const struct one_step_sums *sums;
    int target;
    double *zz; /* [d][d] sum z z'; its Cholesky factor once W0 is known */
    double *yz; /* [d][d] sum y z' */
    double *W0; /* [d][d] */
};

static struct rest rest_of(const struct one_step_sums *sums, int target, double *scratch)
{
    int square = sums->d * sums->d;
    return (struct rest){sums, target, scratch, scratch + square, scratch + 2 * square};
}

size_t one_step_scratch(int d)
{
    return 3 * (size_t)d * (size_t)d;
}

/* sum of feature i times feature j of the first 2 d */
static double input(const struct one_step_sums *s, int i, int j)
{
    int row = i > j ? i : j, column = i > j ? j : i;
    return total(s->inputs + (row * 2 * s->d + column) * LANES);
}

static double cross(const double *sums, int i, int j, int d)
{
    return total(sums + (i * 2 * d + j) * LANES);
}

/* zz, yz; returns sum |y|^2. */
static double form(const struct rest *rest, double eta)
{
    const struct one_step_sums *s = rest->sums;
    const struct one_step_target *to = &s->targets[rest->target];
    int d = s->d;
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++) {
            rest->zz[i * d + j] = input(s, i, j) - eta * (input(s, i, d + j) + input(s, d + i, j)) +
                                  eta * eta * input(s, d + i, d + j);
            double y = cross(to->outputs, i, j, d) - eta * cross(to->outputs, i, d + j, d);
            double step = cross(s->steps, i, j, d) - eta * cross(s->steps, i, d + j, d);
            rest->yz[i * d + j] = y - eta * step;
        }
    return total(to->square) - 2 * eta * total(to->cross) + eta * eta * total(s->step);
}

/* The least distance with this eta; leaves the W0 that has it. */
static double distance_at(const void *context, double eta)
{
    const struct rest *rest = context;
    int d = rest->sums->d;
    double distance = form(rest, eta);
    cholesky_factor(rest->zz, d);
    memcpy(rest->W0, rest->yz, sizeof(double) * (size_t)(d * d));
    for (int o = 0; o < d; o++) {
        cholesky_solve(rest->W0 + o * d, rest->zz, d);
        for (int c = 0; c < d; c++)
            distance -= rest->W0[o * d + c] * rest->yz[o * d + c];
    }
    return distance;
}

void one_step_fit(struct one_step *step, const struct one_step_sums *sums, int target,
                  double *scratch)
{
    struct rest rest = rest_of(sums, target, scratch);
    struct function f = {distance_at, &rest};
    double eta = total(sums->targets[target].cross) / total(sums->step);
    double reach = fabs(eta) > 0 ? .1 * fabs(eta) : 1e-3;
    struct bracket bracket = {eta - reach, eta, eta + reach};
    bracket_enclose(&bracket, &f);
    step->eta = minimise(&bracket, &f);
    distance_at(&rest, step->eta);
    memcpy(step->W0, rest.W0, sizeof(double) * (size_t)(sums->d * sums->d));
}

double one_step_distance(const struct one_step *step, const struct one_step_sums *sums, int target,
                         double *scratch)
{
    struct rest rest = rest_of(sums, target, scratch);
    int d = sums->d;
    double distance = form(&rest, step->eta);
    for (int o = 0; o < d; o++)
        for (int i = 0; i < d; i++) {
            double moved = 0;
            for (int j = 0; j < d; j++)
                moved += rest.zz[i * d + j] * step->W0[o * d + j];
            distance += step->W0[o * d + i] * (moved - 2 * rest.yz[o * d + i]);
        }
    return distance;
}

double one_step_square(const struct one_step_sums *sums, int target)
{
    return total(sums->targets[target].square);
}
