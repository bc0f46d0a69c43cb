/* The optimum of GD++ over what it may choose. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "bfgs.h"
#include "theory/spectral.h"

static_assert((int)BFGS_MAX >= 2 * (int)MODEL_LAYERS_MAX, "a rate and a gamma for each layer");

/* Equal rates in all layers are a saddle between better optima, which rates that grow with the
 * layer lead to. */
enum { STEEPEST = 3 };

struct problem {
    const struct spectra *spectra;
    int layers;
    enum gdpp_freedom freedom;
};

static int variables(const struct problem *p)
{
    switch (p->freedom) {
    case GDPP_DESCENT:
        return 1;
    case GDPP_RATES:
        return p->layers;
    case GDPP_SHARED:
        return 2;
    case GDPP_PER_LAYER:
        return 2 * p->layers;
    }
    return 0;
}

static int rate_variable(const struct problem *p, int layer)
{
    return p->freedom == GDPP_DESCENT || p->freedom == GDPP_SHARED ? 0 : layer;
}

/* -1: gamma is 0. */
static int gamma_variable(const struct problem *p, int layer)
{
    if (p->freedom == GDPP_DESCENT || p->freedom == GDPP_RATES)
        return -1;
    return p->freedom == GDPP_SHARED ? 1 : p->layers + layer;
}

static struct gdpp unpack(const struct problem *p, const double *x)
{
    struct gdpp gdpp = {.layers = p->layers};
    for (int l = 0; l < p->layers; l++) {
        int gamma = gamma_variable(p, l);
        gdpp.rate[l] = x[rate_variable(p, l)];
        gdpp.gamma[l] = gamma < 0 ? 0 : x[gamma];
    }
    return gdpp;
}

static double value(double *gradient, const void *context, const double *x)
{
    const struct problem *p = context;
    struct gdpp gdpp = unpack(p, x);
    double each[2 * MODEL_LAYERS_MAX], loss = spectral_loss(each, p->spectra, &gdpp);
    memset(gradient, 0, sizeof(double) * (size_t)variables(p));
    for (int l = 0; l < p->layers; l++) {
        int gamma = gamma_variable(p, l);
        gradient[rate_variable(p, l)] += each[l];
        if (gamma >= 0)
            gradient[gamma] += each[p->layers + l];
    }
    return isfinite(loss) ? loss : INFINITY;
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

/* 2^-steepness at place -1, 1 at 0, 2^steepness at 1. */
static double growth(int steepness, double place)
{
    double beyond = (double)(1 << steepness) - 1;
    return place < 0 ? 1 / (1 - beyond * place) : 1 + beyond * place;
}

/* A start: the same gamma everywhere, rates that grow from the first layer to the last. */
static void ramp(double *x, const struct problem *p, double rate, double gamma, int steepness)
{
    for (int l = 0; l < p->layers; l++) {
        double place = p->layers > 1 ? 2.0 * l / (p->layers - 1) - 1 : 0;
        x[rate_variable(p, l)] = rate * growth(steepness, place);
        if (gamma_variable(p, l) >= 0)
            x[gamma_variable(p, l)] = gamma;
    }
}

/* Takes the start to its minimum, and keeps it when it is the best so far. */
static void try_start(struct gdpp *best, double *least, const struct problem *p, double *x)
{
    double loss = bfgs_minimise(x, &(struct smooth){value, p, variables(p)});
    if (loss < *least) {
        *least = loss;
        *best = unpack(p, x);
    }
}

double gdpp_optimum(struct gdpp *gdpp, const struct spectra *spectra, enum gdpp_freedom freedom)
{
    struct problem p = {spectra, gdpp->layers, freedom};
    double x[2 * MODEL_LAYERS_MAX], least = INFINITY;
    double rate = one_step_rate(spectra), gamma = .3 * rate;
    struct gdpp best = {.layers = gdpp->layers};
    if (freedom == GDPP_PER_LAYER) {
        gdpp_optimum(gdpp, spectra, GDPP_SHARED);
        rate = gdpp->rate[0];
        gamma = gdpp->gamma[0];
    }
    int steepest = freedom == GDPP_RATES || freedom == GDPP_PER_LAYER ? STEEPEST : 0;
    for (int steepness = 0; steepness <= steepest; steepness++) {
        ramp(x, &p, rate, gamma, steepness);
        try_start(&best, &least, &p, x);
    }
    *gdpp = best;
    return least;
}
