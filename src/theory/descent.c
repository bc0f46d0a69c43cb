#include "theory/descent.h"

#include <math.h>
#include <string.h>

/* What a transformer of the construction carries: all tokens, and the derivative of the query. */
struct slots {
    double *x;    /* [N][d] */
    double *y;    /* [N][O], y_i - (W - W0) x_i */
    double *xq;   /* [d] */
    double *q;    /* [O], W x_q */
    double *dW;   /* [O][d], the step of this layer */
    double *g;    /* [O][d], d q / d x_q */
    double *live; /* [d], 0 where x_q was clipped, else 1 */
};

size_t descent_scratch(int d, int N, int O)
{
    return (size_t)(N * (d + O) + 2 * d + 2 * O * d + 3 * O); /* slots, and two predictions */
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static struct slots start(double *scratch, const struct regression *task, const double *W0)
{
    int d = task->d, N = task->N, O = task->O;
    struct slots s;
    s.x = scratch;
    s.y = s.x + N * d;
    s.xq = s.y + N * O;
    s.q = s.xq + d;
    s.dW = s.q + O;
    s.g = s.dW + O * d;
    s.live = s.g + O * d;
    memcpy(s.x, task->x, sizeof(double) * (size_t)(N * d));
    memcpy(s.y, task->y, sizeof(double) * (size_t)(N * O));
    memcpy(s.xq, task->xq, sizeof(double) * (size_t)d);
    for (int c = 0; c < d; c++)
        s.live[c] = 1;
    for (int o = 0; o < O; o++) {
        s.q[o] = W0 ? dot(W0 + o * d, task->xq, d) : 0;
        for (int c = 0; c < d; c++)
            s.g[o * d + c] = W0 ? W0[o * d + c] : 0;
    }
    return s;
}

/* dW[o] = rate sum_i (y_i[o] - W0[o] . x_i) x_i, and the slots of output o follow. */
static void step(struct slots *s, const struct regression *task, const struct descent *descent,
                 int o)
{
    int d = task->d, N = task->N, O = task->O;
    double *dW = s->dW + o * d;
    memset(dW, 0, sizeof(double) * (size_t)d);
    for (int i = 0; i < N; i++) {
        const double *x = s->x + i * d;
        double rest = s->y[i * O + o] - (descent->W0 ? dot(descent->W0 + o * d, x, d) : 0);
        for (int c = 0; c < d; c++)
            dW[c] += rest * x[c];
    }
    for (int c = 0; c < d; c++)
        dW[c] *= descent->rate;
    for (int i = 0; i < N; i++)
        s->y[i * O + o] -= dot(dW, s->x + i * d, d);
    s->q[o] += dot(dW, s->xq, d);
    for (int c = 0; c < d; c++)
        s->g[o * d + c] += dW[c] * s->live[c];
}

static void limit(double *values, int n, double clip)
{
    for (int i = 0; i < n; i++)
        if (fabs(values[i]) > clip)
            values[i] = copysign(clip, values[i]);
}

static void clip_slots(struct slots *s, const struct regression *task, double clip)
{
    int d = task->d;
    for (int c = 0; c < d; c++)
        if (fabs(s->xq[c]) > clip)
            s->live[c] = 0;
    for (int o = 0; o < task->O; o++)
        if (fabs(s->q[o]) > clip)
            memset(s->g + o * d, 0, sizeof(double) * (size_t)d);
    limit(s->x, task->N * d, clip);
    limit(s->y, task->N * task->O, clip);
    limit(s->xq, d, clip);
    limit(s->q, task->O, clip);
}

void descent_predict(double *prediction, double *sensitivity, const struct regression *task,
                     const struct descent *descent, double *scratch)
{
    struct slots s = start(scratch, task, descent->W0);
    for (int l = 0; l < descent->steps; l++) {
        for (int o = 0; o < task->O; o++)
            step(&s, task, descent, o);
        if (descent->clip > 0)
            clip_slots(&s, task, descent->clip);
    }
    memcpy(prediction, s.q, sizeof(double) * (size_t)task->O);
    if (sensitivity)
        memcpy(sensitivity, s.g, sizeof(double) * (size_t)(task->O * task->d));
}

double descent_loss(double *losses, const struct regression_set *set, const struct descent *descent,
                    double *scratch)
{
    double sum = 0, *yhat = scratch, *rest = scratch + set->O;
    for (int i = 0; i < set->count; i++) {
        struct regression task = regression_at(set, i);
        descent_predict(yhat, NULL, &task, descent, rest);
        double loss = 0;
        for (int o = 0; o < set->O; o++)
            loss += .5 * (yhat[o] - task.yq[o]) * (yhat[o] - task.yq[o]);
        sum += loss;
        if (losses)
            losses[i] = loss;
    }
    return sum / set->count;
}
