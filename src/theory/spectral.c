#include "theory/spectral.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "optimum.h"

struct spectra spectra_create(struct arena *arena, const struct task_config *task, int count)
{
    double a = task->input_range / 2, scale = task->weight_scale;
    struct spectra spectra = {.d = task->dimension,
                              .count = count,
                              .unit = .5 * task->outputs * scale * scale * a * a / 3};
    spectra.at = ARENA_TAKE(arena, double, (size_t)count *(size_t)task->dimension);
    return spectra;
}

/* The rotation in the plane (p, q) that makes A[p][q] 0. */
static void rotate(double *A, int d, int p, int q)
{
    double apq = A[p * d + q];
    if (apq == 0)
        return;
    double theta = (A[q * d + q] - A[p * d + p]) / (2 * apq);
    double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < d; k++) {
        double kp = A[k * d + p], kq = A[k * d + q];
        A[k * d + p] = c * kp - s * kq;
        A[k * d + q] = s * kp + c * kq;
    }
    for (int k = 0; k < d; k++) {
        double pk = A[p * d + k], qk = A[q * d + k];
        A[p * d + k] = c * pk - s * qk;
        A[q * d + k] = s * pk + c * qk;
    }
}

/* Sum of squares above the diagonal, in units of that of all entries. */
static double rest(const double *A, int d)
{
    double off = 0, all = 0;
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++) {
            double square = A[i * d + j] * A[i * d + j];
            all += square;
            off += j > i ? square : 0;
        }
    return off > 0 ? off / all : 0;
}

void symmetric_eigenvalues(double *eigenvalues, double *A, int d)
{
    enum { SWEEPS_MAX = 50 }; /* convergence is quadratic: about 6 for d = 10 */
    for (int sweep = 0; sweep < SWEEPS_MAX && rest(A, d) > 1e-32; sweep++)
        for (int p = 0; p < d; p++)
            for (int q = p + 1; q < d; q++)
                rotate(A, d, p, q);
    for (int i = 0; i < d; i++)
        eigenvalues[i] = A[i * d + i];
}

void spectra_read(struct spectra *spectra, const struct regression_set *set)
{
    enum { D_MAX = 64 }; /* the range of task.dimension */
    double G[D_MAX * D_MAX];
    int d = spectra->d;
    for (int t = 0; t < spectra->count && t < set->count; t++) {
        struct regression group = regression_at(set, t / LANES);
        memset(G, 0, sizeof G);
        for (int i = 0; i < group.N; i++) {
            const double *x = group.x + i * d * LANES + t % LANES;
            for (int r = 0; r < d; r++)
                for (int c = 0; c < d; c++)
                    G[r * d + c] += x[r * LANES] * x[c * LANES];
        }
        symmetric_eigenvalues(spectra->at + (size_t)t * (size_t)d, G, d);
    }
}

/* Adds the gradient of .5 q_L(lam)^2 by going back through the layers, whose inputs are given. */
static void add_gradient(double *gradient, const struct gdpp *gdpp, const double *lam,
                         const double *q)
{
    int L = gdpp->layers;
    double dq = q[L], dlam = 0;
    for (int l = L - 1; l >= 0; l--) {
        double c = gdpp->rate[l], left = 1 - gdpp->gamma[l] * lam[l];
        gradient[l] -= dq * q[l] * lam[l];
        gradient[L + l] -= dlam * 2 * lam[l] * lam[l] * left;
        dlam = dlam * left * (left - 2 * gdpp->gamma[l] * lam[l]) - dq * q[l] * c;
        dq *= 1 - c * lam[l];
    }
}

double spectral_loss(double *gradient, const struct spectra *spectra, const struct gdpp *gdpp)
{
    int L = gdpp->layers;
    assert(0 < L && L <= MODEL_LAYERS_MAX);
    size_t values = (size_t)spectra->count * (size_t)spectra->d;
    double lam[MODEL_LAYERS_MAX + 1], q[MODEL_LAYERS_MAX + 1], sum = 0;
    double scale = 2 * spectra->unit / spectra->count;
    for (int i = 0; gradient && i < 2 * L; i++)
        gradient[i] = 0;
    for (size_t i = 0; i < values; i++) {
        lam[0] = spectra->at[i];
        q[0] = 1;
        for (int l = 0; l < L; l++) {
            double left = 1 - gdpp->gamma[l] * lam[l];
            q[l + 1] = q[l] * (1 - gdpp->rate[l] * lam[l]);
            lam[l + 1] = lam[l] * left * left;
        }
        sum += .5 * q[L] * q[L];
        if (gradient)
            add_gradient(gradient, gdpp, lam, q);
    }
    for (int i = 0; gradient && i < 2 * L; i++)
        gradient[i] *= scale;
    return scale * sum;
}

/* ---- the optimum */

static double loss_of(double *gradient, const void *context, const struct gdpp *gdpp)
{
    return spectral_loss(gradient, context, gdpp);
}

/* Mean eigenvalue over mean square: the best rate of one step. */
static double one_step_rate(const struct spectra *spectra)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < (size_t)spectra->count * (size_t)spectra->d; i++) {
        sum += spectra->at[i];
        squares += spectra->at[i] * spectra->at[i];
    }
    return sum / squares;
}

double gdpp_optimum(struct gdpp *gdpp, const struct spectra *spectra, enum gdpp_freedom freedom)
{
    struct objective objective = {loss_of, spectra, 1e-12};
    double rate = one_step_rate(spectra), gamma = .3 * rate;
    if (freedom == GDPP_PER_LAYER) {
        gdpp_optimum(gdpp, spectra, GDPP_SHARED);
        rate = gdpp->rate[0];
        gamma = gdpp->gamma[0];
    }
    return optimum_search(gdpp, INFINITY, &objective, freedom, rate, gamma);
}
