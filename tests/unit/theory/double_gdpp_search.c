/* The optimum of GD++ on a set of tasks: as good as that of its eigenvalues, and better behind a
 * clip. */
#include "near.h"

#include <stdlib.h>

#include "sample.h"
#include "theory/descent.h"
#include "theory/spectral.h"

enum { LAYERS_MOST = 5 };

static double search(struct gdpp *gdpp, const struct regression_set *set, double clip,
                     enum gdpp_freedom freedom)
{
    size_t room = gdpp_search_scratch(gdpp->layers, set->d, set->N, set->O);
    double *scratch = malloc(sizeof(double) * room);
    double loss = gdpp_search(gdpp, set, clip, freedom, scratch);
    assert_near(gdpp_loss(NULL, set, gdpp, clip, scratch), loss, 0);
    free(scratch);
    return loss;
}

static double loss_at(const struct regression_set *set, const struct gdpp *gdpp, double clip)
{
    double *scratch = malloc(sizeof(double) * gdpp_scratch(gdpp->layers, set->d, set->N, set->O));
    double loss = gdpp_loss(NULL, set, gdpp, clip, scratch);
    free(scratch);
    return loss;
}

static struct gdpp spectral_optimum(const struct regression_set *set, int layers,
                                    enum gdpp_freedom freedom)
{
    struct gdpp gdpp = {.layers = layers};
    struct spectra spectra = {.d = set->d, .count = set->count, .unit = 1};
    spectra.at = malloc(sizeof(double) * (size_t)(set->count * set->d));
    spectra_read(&spectra, set);
    gdpp_optimum(&gdpp, &spectra, freedom);
    free(spectra.at);
    return gdpp;
}

/* With one rate and no gamma it is the line search of descent.h: both stop within 1e-5 of the least
 * loss of this set, and the line search far closer. */
static void one_rate_is_that_of_the_line_search(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 200, 3);
    double *scratch = malloc(sizeof(double) * descent_scratch(10, 10, 1));
    for (int clipped = 0; clipped < 2; clipped++) {
        struct descent descent = {.steps = 3, .clip = clipped ? .5 : 0};
        struct gdpp gdpp = {.layers = 3};
        descent.rate = descent_search(&set, &descent, scratch);
        double least = descent_loss(NULL, &set, &descent, scratch);
        double loss = search(&gdpp, &set, descent.clip, GDPP_DESCENT);
        assert_near(loss, least, 1e-5 * least);
        assert_near(gdpp.rate[2], gdpp.rate[0], 0);
        assert_near(gdpp.gamma[0], 0, 0);
    }
    free(scratch);
    free(set.at);
}

/* The eigenvalues know the expectation over weights and queries, the set has one of each: its
 * optimum is better on the set, but by little (up to three parameters that count, 250 tasks whose
 * losses scatter by 1.6 times their mean: 1.6^2 / 250 = 1 % each; three times that is allowed). */
static void without_a_clip_it_is_a_little_better_than_the_eigenvalues(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 250, 4);
    for (int freedom = GDPP_DESCENT; freedom <= GDPP_PER_LAYER; freedom++) {
        struct gdpp found = {.layers = 2};
        struct gdpp expected = spectral_optimum(&set, 2, (enum gdpp_freedom)freedom);
        double loss = search(&found, &set, 0, (enum gdpp_freedom)freedom);
        double least = loss_at(&set, &expected, 0);
        assert_true(loss <= least * (1 + 1e-5));
        assert_true(loss >= .91 * least);
    }
    free(set.at);
}

/* The optimum without a clip is useless behind it (science.md 1.1), and nothing near the one that
 * is found is better than the precision. */
static void behind_a_clip_nothing_near_is_better(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 160, 5);
    struct gdpp gdpp = {.layers = LAYERS_MOST};
    struct gdpp blind = spectral_optimum(&set, LAYERS_MOST, GDPP_SHARED);
    double clip = 3, loss = search(&gdpp, &set, clip, GDPP_SHARED);
    assert_true(loss < .7 * loss_at(&set, &blind, clip));
    for (int i = -2; i <= 2; i++)
        for (int k = -2; k <= 2; k++) {
            struct gdpp near = gdpp;
            for (int l = 0; l < LAYERS_MOST; l++) {
                near.rate[l] *= 1 + .01 * i;
                near.gamma[l] *= 1 + .01 * k;
            }
            assert_true(loss_at(&set, &near, clip) >= loss * (1 - 1e-5));
        }
    free(set.at);
}

/* What may be chosen nests, so the more is free the less is lost. */
static void more_freedom_loses_less(void **state)
{
    (void)state;
    struct regression_set set = sample_set(&paper_task, 120, 6);
    double clip = 2, loss[GDPP_PER_LAYER + 1];
    for (int freedom = GDPP_DESCENT; freedom <= GDPP_PER_LAYER; freedom++) {
        struct gdpp gdpp = {.layers = 2};
        loss[freedom] = search(&gdpp, &set, clip, (enum gdpp_freedom)freedom);
    }
    assert_true(loss[GDPP_RATES] < loss[GDPP_DESCENT]);
    assert_true(loss[GDPP_SHARED] < loss[GDPP_DESCENT]);
    assert_true(loss[GDPP_PER_LAYER] < loss[GDPP_RATES]);
    assert_true(loss[GDPP_PER_LAYER] < loss[GDPP_SHARED]);
    free(set.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rate_is_that_of_the_line_search),
        cmocka_unit_test(without_a_clip_it_is_a_little_better_than_the_eigenvalues),
        cmocka_unit_test(behind_a_clip_nothing_near_is_better),
        cmocka_unit_test(more_freedom_loses_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
