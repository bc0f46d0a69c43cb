#include "optimum.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "bfgs.h"

static_assert((int)BFGS_MAX >= 2 * (int)MODEL_LAYERS_MAX, "a rate and a gamma for each layer");

/* Equal rates in all layers are a saddle between better optima, which rates that grow with the
 * layer lead to. */
enum { STEEPEST = 3 };

struct problem {
    const struct objective *objective;
    int layers;
    enum gdpp_freedom freedom;
};

static bool per_layer(enum gdpp_freedom freedom)
{
    return freedom == GDPP_RATES || freedom == GDPP_PER_LAYER;
}

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
    return per_layer(p->freedom) ? layer : 0;
}

/* -1: gamma is 0. */
static int gamma_variable(const struct problem *p, int layer)
{
    if (p->freedom == GDPP_DESCENT || p->freedom == GDPP_RATES)
        return -1;
    return p->freedom == GDPP_SHARED ? 1 : p->layers + layer;
}

static void pack(double *x, const struct problem *p, const struct gdpp *gdpp)
{
    for (int l = 0; l < p->layers; l++) {
        x[rate_variable(p, l)] = gdpp->rate[l];
        if (gamma_variable(p, l) >= 0)
            x[gamma_variable(p, l)] = gdpp->gamma[l];
    }
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
    double each[2 * MODEL_LAYERS_MAX];
    double loss = p->objective->loss(each, p->objective->context, &gdpp);
    memset(gradient, 0, sizeof(double) * (size_t)variables(p));
    for (int l = 0; l < p->layers; l++) {
        int gamma = gamma_variable(p, l);
        gradient[rate_variable(p, l)] += each[l];
        if (gamma >= 0)
            gradient[gamma] += each[p->layers + l];
    }
    return isfinite(loss) ? loss : INFINITY;
}

double optimum_descend(struct gdpp *gdpp, const struct objective *objective,
                       enum gdpp_freedom freedom)
{
    struct problem p = {objective, gdpp->layers, freedom};
    double x[2 * MODEL_LAYERS_MAX];
    pack(x, &p, gdpp);
    struct smooth smooth = {value, &p, variables(&p), objective->precision};
    double loss = bfgs_minimise(x, &smooth);
    *gdpp = unpack(&p, x);
    return loss;
}

/* 2^-steepness at place -1, 1 at 0, 2^steepness at 1. */
static double growth(int steepness, double place)
{
    double beyond = (double)(1 << steepness) - 1;
    return place < 0 ? 1 / (1 - beyond * place) : 1 + beyond * place;
}

/* The same gamma everywhere, rates that grow from the first layer to the last. */
static struct gdpp ramp(int layers, double rate, double gamma, int steepness)
{
    struct gdpp gdpp = {.layers = layers};
    for (int l = 0; l < layers; l++) {
        double place = layers > 1 ? 2.0 * l / (layers - 1) - 1 : 0;
        gdpp.rate[l] = rate * growth(steepness, place);
        gdpp.gamma[l] = gamma;
    }
    return gdpp;
}

double optimum_search(struct gdpp *gdpp, double least, const struct objective *objective,
                      enum gdpp_freedom freedom, double rate, double gamma)
{
    for (int steepness = 0; steepness <= (per_layer(freedom) ? STEEPEST : 0); steepness++) {
        struct gdpp at = ramp(gdpp->layers, rate, gamma, steepness);
        double loss = optimum_descend(&at, objective, freedom);
        if (loss < least) {
            least = loss;
            *gdpp = at;
        }
    }
    return least;
}
