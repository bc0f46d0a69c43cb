#include "minimise.h"

#include <math.h>
#include <stdbool.h>

static const double tolerance = 1e-7, golden = 0.3819660112501051; /* (3 - sqrt 5) / 2 */

enum { STEPS_MAX = 100, SHIFTS_MAX = 64 };

double function_at(const struct function *f, double x)
{
    double y = f->value(f->context, x);
    return isfinite(y) ? y : INFINITY;
}

void bracket_enclose(struct bracket *b, const struct function *f)
{
    double low = function_at(f, b->low), middle = function_at(f, b->middle),
           high = function_at(f, b->high);
    for (int i = 0; i < SHIFTS_MAX && (low < middle || high < middle); i++) {
        if (low < high) {
            *b = (struct bracket){b->low - 2 * (b->middle - b->low), b->low, b->middle};
            high = middle;
            middle = low;
            low = function_at(f, b->low);
        } else {
            *b = (struct bracket){b->middle, b->high, b->high + 2 * (b->high - b->middle)};
            low = middle;
            middle = high;
            high = function_at(f, b->high);
        }
    }
}

/* A point and its value. */
struct point {
    double x, y;
};

/* The search: the minimum is in [low, high]; best, second and third best points so far. */
struct search {
    double low, high;
    struct point best, second, third;
    double step, before; /* the last two steps */
};

/* The vertex of the parabola through the three best points, as a step from the best one; false
 * when it lies outside or does not shrink fast enough. */
static bool parabola(double *step, const struct search *s)
{
    double a = (s->best.x - s->second.x) * (s->best.y - s->third.y);
    double b = (s->best.x - s->third.x) * (s->best.y - s->second.y);
    double p = (s->best.x - s->third.x) * b - (s->best.x - s->second.x) * a;
    double q = 2 * (b - a);
    if (q > 0)
        p = -p;
    q = fabs(q);
    bool good = fabs(p) < fabs(.5 * q * s->before) && p > q * (s->low - s->best.x) &&
                p < q * (s->high - s->best.x);
    if (good)
        *step = p / q;
    return good;
}

/* Takes the new point into the three best, and narrows the interval. */
static void learn(struct search *s, struct point new)
{
    struct point worse = new.y <= s->best.y ? s->best : new;
    if (worse.x < (new.y <= s->best.y ? new.x : s->best.x))
        s->low = worse.x;
    else
        s->high = worse.x;
    if (new.y <= s->best.y) {
        s->third = s->second;
        s->second = s->best;
        s->best = new;
    } else if (new.y <= s->second.y || s->second.x == s->best.x) {
        s->third = s->second;
        s->second = new;
    } else if (new.y <= s->third.y || s->third.x == s->best.x || s->third.x == s->second.x) {
        s->third = new;
    }
}

double minimise(const struct bracket *bracket, const struct function *f)
{
    struct point start = {bracket->middle, function_at(f, bracket->middle)};
    struct search s = {bracket->low, bracket->high, start, start, start, 0, 0};
    for (int i = 0; i < STEPS_MAX; i++) {
        double middle = .5 * (s.low + s.high), least = tolerance * fabs(s.best.x) + 1e-300;
        if (fabs(s.best.x - middle) <= 2 * least - .5 * (s.high - s.low))
            break;
        double step = 0;
        bool fits = fabs(s.before) > least && parabola(&step, &s);
        s.before = s.step;
        if (!fits) {
            s.before = s.best.x >= middle ? s.low - s.best.x : s.high - s.best.x;
            step = golden * s.before;
        } else if (s.best.x + step - s.low < 2 * least || s.high - s.best.x - step < 2 * least) {
            step = copysign(least, middle - s.best.x);
        }
        s.step = step;
        double x = s.best.x + (fabs(step) >= least ? step : copysign(least, step));
        learn(&s, (struct point){x, function_at(f, x)});
    }
    return s.best.x;
}
