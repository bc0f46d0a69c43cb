/* The line search over the rate of gradient descent. */
#include <math.h>

#include "minimise.h"
#include "theory/descent.h"

enum { SCAN_TASKS = 512, SCAN_POINTS = 16, SCAN_DOUBLINGS = 8 };

/* About how far the best rate of SCAN_TASKS tasks is from that of a large set. */
static const double drift = .03;

struct trial {
    const struct regression_set *set;
    const struct descent *descent;
    double *scratch;
};

static double loss_at(const void *context, double rate)
{
    const struct trial *trial = context;
    struct descent descent = *trial->descent;
    descent.rate = rate;
    return descent_loss(NULL, trial->set, &descent, trial->scratch);
}

/* above += sum (y_q - before) . m, below += sum m . m over the tasks of a group, m = after -
 * before.
 */
static void add_moments(double *above, double *below, const struct regression *group, int lanes,
                        const double *before, const double *after)
{
    for (int o = 0; o < group->O; o++)
        for (int b = 0; b < lanes; b++) {
            int at = o * LANES + b;
            double m = after[at] - before[at];
            *above += (group->yq[at] - before[at]) * m;
            *below += m * m;
        }
}

/* The prediction of one step is W0 x_q + c m, so the loss is a parabola in c: its minimum is at
 * sum (y_q - W0 x_q) . m / sum m . m. */
static double one_step_rate(const struct trial *trial)
{
    int O = trial->set->O;
    double *before = trial->scratch, *after = before + O * LANES, *rest = after + O * LANES;
    struct descent none = {.steps = 0, .W0 = trial->descent->W0};
    struct descent unit = {.steps = 1, .rate = 1, .W0 = trial->descent->W0};
    double above = 0, below = 0;
    for (int g = 0; g < regression_groups(trial->set); g++) {
        struct regression group = regression_at(trial->set, g);
        descent_predict(before, NULL, &group, &none, rest);
        descent_predict(after, NULL, &group, &unit, rest);
        add_moments(&above, &below, &group, regression_lanes(trial->set, g), before, after);
    }
    double rate = above / below;
    return isfinite(rate) ? rate : 0;
}

/* The best of SCAN_POINTS rates on (0, 2 c1] with its neighbours; the interval doubles while the
 * best is the last. */
static struct bracket scan(const struct function *f, double c1)
{
    int best = SCAN_POINTS;
    double h = 2 * c1 / SCAN_POINTS;
    for (int k = 0; k < SCAN_DOUBLINGS && best == SCAN_POINTS; k++) {
        h = k ? 2 * h : h;
        double least = INFINITY;
        for (int i = 1; i <= SCAN_POINTS; i++) {
            double loss = function_at(f, i * h);
            if (loss < least) {
                least = loss;
                best = i;
            }
        }
    }
    double inner = (best - 1) * h, outer = (best + 1) * h; /* h < 0 when c1 is */
    return (struct bracket){fmin(inner, outer), best * h, fmax(inner, outer)};
}

double descent_search(const struct regression_set *set, const struct descent *descent,
                      double *scratch)
{
    struct trial whole = {set, descent, scratch};
    double c1 = one_step_rate(&whole);
    if (c1 == 0 || descent->steps == 0 || (descent->steps == 1 && descent->clip <= 0))
        return c1;
    struct regression_set few = *set;
    if (few.count > SCAN_TASKS)
        few.count = SCAN_TASKS;
    struct trial part = {&few, descent, scratch};
    struct function rough = {loss_at, &part}, fine = {loss_at, &whole};
    struct bracket bracket = scan(&rough, c1);
    bracket_enclose(&bracket, &rough);
    double near = minimise(&bracket, &rough), margin = drift * fabs(near);
    bracket = (struct bracket){near - margin, near, near + margin};
    bracket_enclose(&bracket, &fine);
    return minimise(&bracket, &fine);
}
