#include "theory/descent.h"

#include "lanes.h"

/* What a transformer of the construction carries: all tokens, and the derivative of the query. */
struct slots {
    double *x;     /* [N][d][LANES] */
    double *y;     /* [N][O][LANES], y_i - (W - W0) x_i */
    double *xq;    /* [d][LANES] */
    double *q;     /* [O][LANES], W x_q */
    double *g;     /* [O][d][LANES], d q / d x_q */
    double *live;  /* [d][LANES], 0 where x_q was clipped, else 1 */
    double *rests; /* [N][LANES], of one output */
    double *dW;    /* [d][LANES], the step of one output */
};

size_t descent_scratch(int d, int N, int O)
{
    int slots = N * (d + O) + d + O + O * d + d + N + d, predictions = 2 * O;
    return (size_t)(slots + predictions) * LANES;
}

/* q = W0 x_q, g = W0. */
static void start_query(struct slots *s, const struct regression *group, const double *W0)
{
    int d = group->d;
    clear_rows(s->q, group->O);
    for (int o = 0; o < group->O; o++)
        for (int c = 0; c < d; c++) {
            double w = W0 ? W0[o * d + c] : 0;
            add_scaled(s->q + o * LANES, w, s->xq + c * LANES);
            for (int b = 0; b < LANES; b++)
                s->g[(o * d + c) * LANES + b] = w;
        }
}

static struct slots start(double *scratch, const struct regression *group, const double *W0)
{
    int d = group->d, N = group->N, O = group->O;
    struct slots s;
    s.x = scratch;
    s.y = s.x + N * d * LANES;
    s.xq = s.y + N * O * LANES;
    s.q = s.xq + d * LANES;
    s.g = s.q + O * LANES;
    s.live = s.g + O * d * LANES;
    s.rests = s.live + d * LANES;
    s.dW = s.rests + N * LANES;
    copy_rows(s.x, group->x, N * d);
    copy_rows(s.y, group->y, N * O);
    copy_rows(s.xq, group->xq, d);
    for (int i = 0; i < d * LANES; i++)
        s.live[i] = 1;
    start_query(&s, group, W0);
    return s;
}

/* rests_i = y_i[o] - W0[o] . x_i. */
static void form_rests(struct slots *s, const struct regression *group, const double *W0, int o)
{
    int d = group->d;
    for (int i = 0; i < group->N; i++) {
        double *rest = s->rests + i * LANES;
        copy_rows(rest, s->y + (i * group->O + o) * LANES, 1);
        for (int c = 0; W0 && c < d; c++)
            add_scaled(rest, -W0[o * d + c], s->x + (i * d + c) * LANES);
    }
}

/* dW[o] = rate sum_i (y_i[o] - W0[o] . x_i) x_i, and the slots of output o follow. */
static void step(struct slots *s, const struct regression *group, const struct descent *descent,
                 int o)
{
    int d = group->d, N = group->N, O = group->O;
    form_rests(s, group, descent->W0, o);
    for (int c = 0; c < d; c++) {
        double sum[LANES] = {0};
        for (int i = 0; i < N; i++)
            add_product(sum, s->rests + i * LANES, s->x + (i * d + c) * LANES);
        for (int b = 0; b < LANES; b++)
            s->dW[c * LANES + b] = descent->rate * sum[b];
    }
    for (int i = 0; i < N; i++) {
        double slot[LANES];
        copy_rows(slot, s->y + (i * O + o) * LANES, 1);
        for (int c = 0; c < d; c++)
            subtract_product(slot, s->dW + c * LANES, s->x + (i * d + c) * LANES);
        copy_rows(s->y + (i * O + o) * LANES, slot, 1);
    }
    for (int c = 0; c < d; c++) {
        add_product(s->q + o * LANES, s->dW + c * LANES, s->xq + c * LANES);
        add_product(s->g + (o * d + c) * LANES, s->dW + c * LANES, s->live + c * LANES);
    }
}

/* derivative = 0 where the value is cut. */
static void cut(double *derivative, const double *value, double clip)
{
    for (int b = 0; b < LANES; b++)
        derivative[b] = fabs(value[b]) > clip ? 0 : derivative[b];
}

static void clip_slots(struct slots *s, const struct regression *group, double clip)
{
    int d = group->d, O = group->O;
    for (int c = 0; c < d; c++)
        cut(s->live + c * LANES, s->xq + c * LANES, clip);
    for (int o = 0; o < O; o++)
        for (int c = 0; c < d; c++)
            cut(s->g + (o * d + c) * LANES, s->q + o * LANES, clip);
    limit_rows(s->x, group->N * d, clip);
    limit_rows(s->y, group->N * O, clip);
    limit_rows(s->xq, d, clip);
    limit_rows(s->q, O, clip);
}

static void whole_step(struct slots *s, const struct regression *group,
                       const struct descent *descent)
{
    for (int o = 0; o < group->O; o++)
        step(s, group, descent, o);
    if (descent->clip > 0)
        clip_slots(s, group, descent->clip);
}

void descent_trace(double *predictions, const struct regression *group,
                   const struct descent *descent, double *scratch)
{
    struct slots s = start(scratch, group, descent->W0);
    for (int l = 0; l < descent->steps; l++) {
        whole_step(&s, group, descent);
        copy_rows(predictions + l * group->O * LANES, s.q, group->O);
    }
}

void descent_predict(double *prediction, double *sensitivity, const struct regression *group,
                     const struct descent *descent, double *scratch)
{
    struct slots s = start(scratch, group, descent->W0);
    for (int l = 0; l < descent->steps; l++)
        whole_step(&s, group, descent);
    copy_rows(prediction, s.q, group->O);
    if (sensitivity)
        copy_rows(sensitivity, s.g, group->O * group->d);
}

double descent_loss(double *losses, const struct regression_set *set, const struct descent *descent,
                    double *scratch)
{
    double sum = 0, lane[LANES], *yhat = scratch, *rest = scratch + set->O * LANES;
    for (int g = 0; g < regression_groups(set); g++) {
        struct regression group = regression_at(set, g);
        descent_predict(yhat, NULL, &group, descent, rest);
        regression_losses(lane, &group, yhat);
        for (int b = 0; b < regression_lanes(set, g); b++) {
            sum += lane[b];
            if (losses)
                losses[g * LANES + b] = lane[b];
        }
    }
    return sum / set->count;
}
