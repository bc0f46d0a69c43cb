#include "bfgs.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { STEPS_MAX = 500, PATIENCE = 5 };

/* No step is tried whose gain is this part of the precision, where BFGS is at a kink or at the end.
 */
static const double invisible = 1e-3;

struct search {
    int n;
    double x[BFGS_MAX], gradient[BFGS_MAX], value;
    double inverse[BFGS_MAX][BFGS_MAX]; /* of the Hessian, estimated */
};

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void forget(struct search *s)
{
    double length = sqrt(dot(s->gradient, s->gradient, s->n));
    for (int i = 0; i < s->n; i++)
        for (int j = 0; j < s->n; j++)
            s->inverse[i][j] = i == j ? (length > 0 ? .1 / length : 1) : 0;
}

/* inverse <- (I - r s y^T) inverse (I - r y s^T) + r s s^T, r = 1 / (s . y), with the step s = dx
 * and the change y = dg of the gradient. */
static void learn(struct search *s, const double *dx, const double *dg)
{
    int n = s->n;
    double curvature = dot(dx, dg, n), Hy[BFGS_MAX];
    if (!(curvature > 0))
        return;
    for (int i = 0; i < n; i++)
        Hy[i] = dot(s->inverse[i], dg, n);
    double factor = (1 + dot(dg, Hy, n) / curvature) / curvature;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            s->inverse[i][j] +=
                factor * dx[i] * dx[j] - (Hy[i] * dx[j] + dx[i] * Hy[j]) / curvature;
}

/* One step; false when no step along the direction goes down. */
static bool advance(struct search *s, const struct smooth *f)
{
    int n = s->n;
    double direction[BFGS_MAX], x[BFGS_MAX], gradient[BFGS_MAX], step = 1;
    for (int i = 0; i < n; i++)
        direction[i] = -dot(s->inverse[i], s->gradient, n);
    double slope = dot(direction, s->gradient, n), least = invisible * f->precision;
    for (; step * -slope > least * fabs(s->value); step *= .5) {
        for (int i = 0; i < n; i++)
            x[i] = s->x[i] + step * direction[i];
        double value = f->value(gradient, f->context, x);
        if (!(value <= s->value + 1e-4 * step * slope))
            continue;
        for (int i = 0; i < n; i++) {
            direction[i] = x[i] - s->x[i];
            x[i] = gradient[i] - s->gradient[i];
        }
        learn(s, direction, x);
        for (int i = 0; i < n; i++)
            s->x[i] += direction[i];
        memcpy(s->gradient, gradient, sizeof(double) * (size_t)n);
        s->value = value;
        return true;
    }
    return false;
}

double bfgs_minimise(double *x, const struct smooth *f)
{
    struct search s = {.n = f->n};
    memcpy(s.x, x, sizeof(double) * (size_t)f->n);
    s.value = f->value(s.gradient, f->context, s.x);
    forget(&s);
    double before = s.value;
    for (int i = 1; i <= STEPS_MAX; i++) {
        if (!advance(&s, f)) {
            double value = s.value;
            forget(&s);
            if (!advance(&s, f) || !(s.value < value))
                break;
        }
        if (i % PATIENCE == 0) {
            if (!(before - s.value > f->precision * fabs(s.value)))
                break;
            before = s.value;
        }
    }
    memcpy(x, s.x, sizeof(double) * (size_t)f->n);
    return s.value;
}
