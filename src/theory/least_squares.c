#include "theory/least_squares.h"

#include <math.h>

#include "theory/kernel.h"

size_t least_squares_scratch(int d, int N, int O)
{
    return (size_t)(d * N + (d > N * O ? d : N * O));
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* v -= (q . v) q, and the same multiple of q's labels from v's: linear combinations of pairs. */
static void project_out(double *v, double *label, const double *q, const double *q_label,
                        int length, int labels)
{
    double share = dot(q, v, length);
    for (int i = 0; i < length; i++)
        v[i] -= share * q[i];
    for (int i = 0; i < labels; i++)
        label[i] -= share * q_label[i];
}

/* Vector k becomes orthogonal to those before it and of length 1, or 0 when nothing is left of it;
 * its labels go through the same operations. */
static void orthogonalise(double *v, double *labels, int k, int length, int width)
{
    double *own = v + k * length, *own_label = labels + k * width;
    double before = sqrt(dot(own, own, length));
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < k; j++)
            project_out(own, own_label, v + j * length, labels + j * width, length, width);
    double rest = sqrt(dot(own, own, length));
    double gain = rest > 1e-12 * before ? 1 / rest : 0;
    for (int i = 0; i < length; i++)
        own[i] *= gain;
    for (int i = 0; i < width; i++)
        own_label[i] *= gain;
}

/* N <= d: the pairs (x_i, y_i) become orthonormal; W is sum of label x row. */
static void from_rows(double *prediction, const struct regression *group, int lane, double *v,
                      double *labels)
{
    int d = group->d, N = group->N, O = group->O;
    for (int i = 0; i < N * d; i++)
        v[i] = group->x[i * LANES + lane];
    for (int i = 0; i < N * O; i++)
        labels[i] = group->y[i * LANES + lane];
    for (int k = 0; k < N; k++)
        orthogonalise(v, labels, k, d, O);
    for (int k = 0; k < N; k++)
        for (int o = 0; o < O; o++)
            for (int c = 0; c < d; c++)
                prediction[o] += labels[k * O + o] * v[k * d + c] * group->xq[c * LANES + lane];
}

/* N > d: the columns of X become orthonormal, each with its entry of x_q as the label; the
 * projection of the labels y on column k, times the entry, adds up to W x_q. */
static void from_columns(double *prediction, const struct regression *group, int lane, double *v,
                         double *entries)
{
    int d = group->d, N = group->N, O = group->O;
    for (int c = 0; c < d; c++) {
        entries[c] = group->xq[c * LANES + lane];
        for (int i = 0; i < N; i++)
            v[c * N + i] = group->x[(i * d + c) * LANES + lane];
    }
    for (int k = 0; k < d; k++)
        orthogonalise(v, entries, k, N, 1);
    for (int k = 0; k < d; k++)
        for (int o = 0; o < O; o++) {
            double share = 0;
            for (int i = 0; i < N; i++)
                share += v[k * N + i] * group->y[(i * O + o) * LANES + lane];
            prediction[o] += share * entries[k];
        }
}

void least_squares_predict(double *prediction, const struct regression *group, int lane,
                           double *scratch)
{
    double *labels = scratch + group->d * group->N;
    for (int o = 0; o < group->O; o++)
        prediction[o] = 0;
    if (group->N <= group->d)
        from_rows(prediction, group, lane, scratch, labels);
    else
        from_columns(prediction, group, lane, scratch, labels);
}

size_t least_squares_ridge_scratch(int d, int N, int O)
{
    return (size_t)((N + 1) * d + N * O) + kernel_ridge_scratch(N, d);
}

void least_squares_ridge(double *prediction, const struct regression *group, int lane,
                         double strength, double *scratch)
{
    int d = group->d, N = group->N, O = group->O;
    double *phi = scratch, *y = phi + (N + 1) * d;
    for (int i = 0; i < N * d; i++)
        phi[i] = group->x[i * LANES + lane];
    for (int c = 0; c < d; c++)
        phi[N * d + c] = group->xq[c * LANES + lane];
    for (int i = 0; i < N * O; i++)
        y[i] = group->y[i * LANES + lane];
    struct features task = {N, d, O, phi, y};
    kernel_ridge(prediction, &task, strength, y + N * O);
}
