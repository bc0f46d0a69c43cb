#include "theory/gdpp.h"

#include "lanes.h"

/* The slots of tokens 0 .. N - 1 and, last, of the query. */
struct slots {
    double *x; /* [N + 1][d][LANES] */
    double *y; /* [N + 1][O][LANES] */
};

/* What a layer sums over its context. */
struct sums {
    double *G; /* [d][d][LANES] */
    double *b; /* [O][d][LANES] */
};

struct space {
    int d, N, O;
    double *state;     /* slots before each layer, and after the last */
    struct sums sums;  /* of the layer at hand */
    struct slots back; /* d loss / d slots */
    struct sums dsums;
    double *jacobian[2]; /* [d][d]: d x_q / d (x_q at first), before and after a layer */
    double *row;         /* [d] */
};

static int slot_rows(int d, int N, int O)
{
    return (N + 1) * (d + O);
}

size_t gdpp_scratch(int layers, int d, int N, int O)
{
    int states = (layers + 2) * slot_rows(d, N, O);
    return (size_t)(states + 2 * d * (d + O) + 2 * d * d + d + O) * LANES;
}

static struct slots slots_at(double *at, const struct space *s)
{
    return (struct slots){at, at + (s->N + 1) * s->d * LANES};
}

/* Before layer l. */
static struct slots slots_before(const struct space *s, int l)
{
    return slots_at(s->state + (size_t)(l * slot_rows(s->d, s->N, s->O)) * LANES, s);
}

static struct space space_of(double *scratch, int layers, int d, int N, int O)
{
    struct space s = {.d = d, .N = N, .O = O, .state = scratch};
    double *at = slots_before(&s, layers + 1).x;
    s.back = slots_at(at, &s);
    at += slot_rows(d, N, O) * LANES;
    s.sums = (struct sums){at, at + d * d * LANES};
    at += d * (d + O) * LANES;
    s.dsums = (struct sums){at, at + d * d * LANES};
    at += d * (d + O) * LANES;
    s.jacobian[0] = at;
    s.jacobian[1] = at + d * d * LANES;
    s.row = at + 2 * d * d * LANES;
    return s;
}

static void start(const struct space *s, const struct regression *group)
{
    struct slots first = slots_before(s, 0);
    copy_rows(first.x, group->x, s->N * s->d);
    copy_rows(first.x + s->N * s->d * LANES, group->xq, s->d);
    copy_rows(first.y, group->y, s->N * s->O);
    clear_rows(first.y + s->N * s->O * LANES, s->O);
}

/* G and b of the context. */
static void form_sums(const struct space *s, struct slots at)
{
    int d = s->d, O = s->O;
    clear_rows(s->sums.G, d * d);
    clear_rows(s->sums.b, O * d);
    for (int i = 0; i < s->N; i++) {
        const double *x = at.x + i * d * LANES, *y = at.y + i * O * LANES;
        for (int r = 0; r < d; r++)
            for (int c = r; c < d; c++)
                add_product(s->sums.G + (r * d + c) * LANES, x + r * LANES, x + c * LANES);
        for (int o = 0; o < O; o++)
            for (int c = 0; c < d; c++)
                add_product(s->sums.b + (o * d + c) * LANES, y + o * LANES, x + c * LANES);
    }
    for (int r = 0; r < d; r++)
        for (int c = 0; c < r; c++)
            copy_rows(s->sums.G + (r * d + c) * LANES, s->sums.G + (c * d + r) * LANES, 1);
}

/* y[rows] -= a M x[columns], M [rows][columns] */
static void subtract_map(const struct space *s, double *y, double a, const double *M,
                         const double *x, int rows)
{
    int d = s->d;
    for (int r = 0; r < rows; r++) {
        double sum[LANES] = {0};
        for (int c = 0; c < d; c++)
            add_product(sum, M + (r * d + c) * LANES, x + c * LANES);
        add_scaled(y + r * LANES, -a, sum);
    }
}

/* x[columns] -= a M' y[O], M [O][d] */
static void subtract_transposed(const struct space *s, double *x, double a, const double *M,
                                const double *y)
{
    for (int c = 0; c < s->d; c++) {
        double sum[LANES] = {0};
        for (int o = 0; o < s->O; o++)
            add_product(sum, M + (o * s->d + c) * LANES, y + o * LANES);
        add_scaled(x + c * LANES, -a, sum);
    }
}

/* From the slots before layer l to those after it. */
static void layer_forward(const struct space *s, int l, const struct gdpp *gdpp, double clip)
{
    struct slots in = slots_before(s, l), out = slots_before(s, l + 1);
    int d = s->d, O = s->O, tokens = s->N + 1;
    form_sums(s, in);
    copy_rows(out.x, in.x, slot_rows(d, s->N, O));
    for (int j = 0; j < tokens; j++) {
        const double *x = in.x + j * d * LANES;
        subtract_map(s, out.y + j * O * LANES, gdpp->rate[l], s->sums.b, x, O);
        if (l < gdpp->layers - 1)
            subtract_map(s, out.x + j * d * LANES, gdpp->gamma[l], s->sums.G, x, d);
    }
    if (clip > 0)
        limit_rows(out.x, slot_rows(d, s->N, O), clip);
}

/* derivative = 0 where the value is on its limit. */
static void cut(double *derivative, const double *value, int rows, double clip)
{
    for (int i = 0; i < rows * LANES; i++)
        derivative[i] = fabs(value[i]) >= clip ? 0 : derivative[i];
}

/* sensitivity and jacobian[0] go through layer l, which has just been computed. */
static void sensitivity_forward(struct space *s, double *sensitivity, int l,
                                const struct gdpp *gdpp, double clip)
{
    struct slots out = slots_before(s, l + 1);
    int d = s->d, O = s->O;
    const double *xq = out.x + s->N * d * LANES, *yq = out.y + s->N * O * LANES;
    double *J = s->jacobian[0], *next = s->jacobian[1];
    copy_rows(next, J, d * d);
    for (int a = 0; a < d; a++) {
        for (int k = 0; k < d; k++) /* column a of J */
            copy_rows(s->row + k * LANES, J + (k * d + a) * LANES, 1);
        for (int o = 0; o < O; o++)
            subtract_map(s, sensitivity + (o * d + a) * LANES, -gdpp->rate[l],
                         s->sums.b + o * d * LANES, s->row, 1);
        for (int k = 0; k < d; k++)
            subtract_map(s, next + (k * d + a) * LANES, gdpp->gamma[l], s->sums.G + k * d * LANES,
                         s->row, 1);
    }
    for (int a = 0; clip > 0 && a < d; a++) {
        for (int k = 0; k < d; k++)
            cut(next + (k * d + a) * LANES, xq + k * LANES, 1, clip);
        for (int o = 0; o < O; o++)
            cut(sensitivity + (o * d + a) * LANES, yq + o * LANES, 1, clip);
    }
    s->jacobian[0] = next;
    s->jacobian[1] = J;
}

static void start_sensitivity(const struct space *s, double *sensitivity)
{
    clear_rows(sensitivity, s->O * s->d);
    clear_rows(s->jacobian[0], s->d * s->d);
    for (int a = 0; a < s->d; a++)
        for (int b = 0; b < LANES; b++)
            s->jacobian[0][a * (s->d + 1) * LANES + b] = 1;
}

void gdpp_predict(double *prediction, double *sensitivity, const struct regression *group,
                  const struct gdpp *gdpp, double clip, double *scratch)
{
    struct space s = space_of(scratch, gdpp->layers, group->d, group->N, group->O);
    start(&s, group);
    if (sensitivity)
        start_sensitivity(&s, sensitivity);
    for (int l = 0; l < gdpp->layers; l++) {
        layer_forward(&s, l, gdpp, clip);
        if (sensitivity)
            sensitivity_forward(&s, sensitivity, l, gdpp, clip);
    }
    const double *y = slots_before(&s, gdpp->layers).y + s.N * s.O * LANES;
    for (int i = 0; i < s.O * LANES; i++)
        prediction[i] = -y[i];
}

/* M <- M + M' */
static void symmetrise(double *M, int d)
{
    for (int r = 0; r < d; r++)
        for (int c = r; c < d; c++)
            for (int b = 0; b < LANES; b++) {
                double *upper = M + (r * d + c) * LANES + b, *lower = M + (c * d + r) * LANES + b;
                *upper = *lower = *upper + *lower;
            }
}

/* dsums, in units of rate and gamma, from the gradient of what the layer wrote: db = -sum_j dy_j
 * x_j, dG = -sum_j dx_j x_j', after which G holds dG + dG'. Adds the layer's derivatives, sums over
 * lanes. */
static void sums_backward(const struct space *s, double *drate, double *dgamma, struct slots in)
{
    int d = s->d, O = s->O;
    double rate[LANES] = {0}, gamma[LANES] = {0};
    clear_rows(s->dsums.G, d * d);
    clear_rows(s->dsums.b, O * d);
    for (int j = 0; j <= s->N; j++)
        for (int c = 0; c < d; c++) {
            const double *x = in.x + (j * d + c) * LANES;
            for (int o = 0; o < O; o++)
                subtract_product(s->dsums.b + (o * d + c) * LANES, s->back.y + (j * O + o) * LANES,
                                 x);
            for (int r = 0; r < d; r++)
                subtract_product(s->dsums.G + (r * d + c) * LANES, s->back.x + (j * d + r) * LANES,
                                 x);
        }
    for (int i = 0; i < O * d; i++)
        add_product(rate, s->dsums.b + i * LANES, s->sums.b + i * LANES);
    for (int i = 0; i < d * d; i++)
        add_product(gamma, s->dsums.G + i * LANES, s->sums.G + i * LANES);
    for (int b = 0; b < LANES; b++) {
        *drate += rate[b];
        *dgamma += gamma[b];
    }
    symmetrise(s->dsums.G, d);
}

/* back, from the gradient of what layer l wrote to that of what it read. */
static void layer_backward(const struct space *s, double *drate, double *dgamma, int l,
                           const struct gdpp *gdpp)
{
    struct slots in = slots_before(s, l);
    int d = s->d, O = s->O;
    double c = gdpp->rate[l], gamma = gdpp->gamma[l];
    form_sums(s, in);
    sums_backward(s, drate, dgamma, in);
    for (int j = 0; j <= s->N; j++) {
        const double *x = in.x + j * d * LANES, *y = in.y + j * O * LANES;
        double *dx = s->back.x + j * d * LANES, *dy = s->back.y + j * O * LANES;
        copy_rows(s->row, dx, d);
        subtract_map(s, dx, gamma, s->sums.G, s->row, d);
        subtract_transposed(s, dx, c, s->sums.b, dy);
        if (j == s->N)
            break;
        subtract_map(s, dx, -gamma, s->dsums.G, x, d);
        subtract_transposed(s, dx, -c, s->dsums.b, y);
        subtract_map(s, dy, -c, s->dsums.b, x, O);
    }
}

/* back = d loss / d slots of the last layer, of tasks below `lanes`; returns the sum of their
 * losses. */
static double end_backward(const struct space *s, const struct regression *group, int lanes,
                           int layers)
{
    const double *yq = slots_before(s, layers).y + s->N * s->O * LANES;
    double loss = 0, *dyq = s->back.y + s->N * s->O * LANES;
    clear_rows(s->back.x, slot_rows(s->d, s->N, s->O));
    for (int o = 0; o < s->O; o++)
        for (int b = 0; b < lanes; b++) {
            double rest = group->yq[o * LANES + b] + yq[o * LANES + b];
            dyq[o * LANES + b] = rest;
            loss += .5 * rest * rest;
        }
    return loss;
}

/* Adds to gradient[2 L], sums over the tasks of the group. */
static void group_backward(const struct space *s, double *gradient, const struct gdpp *gdpp,
                           double clip)
{
    int L = gdpp->layers;
    for (int l = L - 1; l >= 0; l--) {
        if (clip > 0)
            cut(s->back.x, slots_before(s, l + 1).x, slot_rows(s->d, s->N, s->O), clip);
        layer_backward(s, &gradient[l], &gradient[L + l], l, gdpp);
    }
}

double gdpp_loss(double *gradient, const struct regression_set *set, const struct gdpp *gdpp,
                 double clip, double *scratch)
{
    struct space s = space_of(scratch, gdpp->layers, set->d, set->N, set->O);
    double sum = 0;
    for (int i = 0; gradient && i < 2 * gdpp->layers; i++)
        gradient[i] = 0;
    for (int g = 0; g < regression_groups(set); g++) {
        struct regression group = regression_at(set, g);
        start(&s, &group);
        for (int l = 0; l < gdpp->layers; l++)
            layer_forward(&s, l, gdpp, clip);
        sum += end_backward(&s, &group, regression_lanes(set, g), gdpp->layers);
        if (gradient)
            group_backward(&s, gradient, gdpp, clip);
    }
    for (int i = 0; gradient && i < 2 * gdpp->layers; i++)
        gradient[i] /= set->count;
    return sum / set->count;
}
