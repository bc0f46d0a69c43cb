/* The optimum of GD++ on a set of tasks, through a clip. */
#include <math.h>

#include "optimum.h"
#include "theory/spectral.h"

/* Tasks of the first look, and where each layer has rates of its own, which fit 1,024 tasks too
 * well. */
enum { SCAN_TASKS = 1024, RAMP_TASKS = 4096 };

/* A loss of sampled tasks is not known to more digits than these. */
static const double rough = 1e-4, rougher = 1e-3, fine = 1e-5;

struct sample {
    struct regression_set set;
    double clip;
    double *scratch;
};

static double loss_of(double *gradient, const void *context, const struct gdpp *gdpp)
{
    const struct sample *sample = context;
    return gdpp_loss(gradient, &sample->set, gdpp, sample->clip, sample->scratch);
}

static struct sample first_tasks(const struct sample *sample, int count)
{
    struct sample few = *sample;
    few.set.count = count < few.set.count ? count : few.set.count;
    return few;
}

size_t gdpp_search_scratch(int layers, int d, int N, int O)
{
    return gdpp_scratch(layers, d, N, O) + (size_t)SCAN_TASKS * (size_t)d;
}

/* The eigenvalues of the first look lie behind the scratch of a loss. */
static struct spectra read_spectra(const struct sample *few, int layers)
{
    const struct regression_set *set = &few->set;
    struct spectra spectra = {.d = set->d, .count = set->count, .unit = 1};
    spectra.at = few->scratch + gdpp_scratch(layers, set->d, set->N, set->O);
    spectra_read(&spectra, set);
    return spectra;
}

/* One rate for all layers (and one gamma): from the optimum of the eigenvalues, which knows no
 * clip, and from half of it, as a clip makes steps shorter. */
static double search_shared(struct gdpp *gdpp, const struct sample *sample,
                            enum gdpp_freedom freedom)
{
    struct sample few = first_tasks(sample, SCAN_TASKS);
    struct spectra spectra = read_spectra(&few, gdpp->layers);
    struct objective objective = {loss_of, &few, rough};
    struct gdpp start = *gdpp;
    gdpp_optimum(&start, &spectra, freedom);
    double least = INFINITY;
    for (int halves = 2; halves > 0; halves--)
        least = optimum_search(gdpp, least, &objective, freedom, .5 * halves * start.rate[0],
                               .5 * halves * start.gamma[0]);
    return least;
}

/* Rates for each layer: from ramps around the best shared ones and, without a clip, from the
 * optimum of the eigenvalues. */
static void search_layers(struct gdpp *gdpp, const struct sample *sample, enum gdpp_freedom freedom)
{
    struct sample more = first_tasks(sample, RAMP_TASKS);
    struct objective objective = {loss_of, &more, rougher};
    search_shared(gdpp, sample, freedom == GDPP_RATES ? GDPP_DESCENT : GDPP_SHARED);
    double least =
        optimum_search(gdpp, INFINITY, &objective, freedom, gdpp->rate[0], gdpp->gamma[0]);
    if (sample->clip > 0)
        return;
    struct sample few = first_tasks(sample, SCAN_TASKS);
    struct spectra spectra = read_spectra(&few, gdpp->layers);
    struct gdpp start = *gdpp;
    gdpp_optimum(&start, &spectra, freedom);
    if (optimum_descend(&start, &objective, freedom) < least)
        *gdpp = start;
}

double gdpp_search(struct gdpp *gdpp, const struct regression_set *set, double clip,
                   enum gdpp_freedom freedom, double *scratch)
{
    struct sample sample = {*set, clip, scratch};
    struct objective objective = {loss_of, &sample, fine};
    if (freedom == GDPP_RATES || freedom == GDPP_PER_LAYER)
        search_layers(gdpp, &sample, freedom);
    else
        search_shared(gdpp, &sample, freedom);
    return optimum_descend(gdpp, &objective, freedom);
}
