/* reference.h - the algorithm that a model of several layers is compared with (science.md 1.2). */
#ifndef ANALYSIS_REFERENCE_H
#define ANALYSIS_REFERENCE_H

#include "theory/spectral.h"
#include "walk.h"

/* GD++ with as many layers as the model, and with its freedom: one rate and gamma when weights are
 * shared, else those of each layer; for a single layer gradient descent. At their optimum on the
 * evaluation set, or on the first SEARCH_TASKS of it when it is larger:
 *   - one layer: the rate of struct baseline;
 *   - more, with data as training has them and without a clip: the least loss expected for the
 *     contexts of the set, over all weights and queries, by their eigenvalues (spectral.h);
 *   - otherwise the least loss of the first SEARCH_TASKS_CLIPPED tasks themselves (gdpp_search).
 * With numbers for each layer a search of more layers than PER_LAYER_MAX would take minutes, and
 * its result would say little: from four layers on it follows the tail of the sample. */
enum { SEARCH_TASKS_CLIPPED = 2048, PER_LAYER_MAX = 5 };

struct reference {
    struct gdpp gdpp;
    double clip;
    bool spectral;
    enum gdpp_freedom freedom;
    struct regression_set searched, group; /* the group at hand is the set `group` */
    struct spectra spectra;
    double *scratch;
    double *prediction;  /* [O][LANES] of the group at hand */
    double *sensitivity; /* [O][d][LANES] */
};

/* Whether a run has a reference: linear regression with joint tokens, not too deep. */
bool reference_fits(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model);

void reference_create(struct reference *reference, struct arena *arena,
                      const struct analysis_input *input);

/* Finds the optimum, which the run's fits know or get; may leave `walk` at tasks of the evaluation
 * set. */
void reference_fit(struct reference *reference, struct walk *walk);

/* Fills group from the tasks that `walk` has drawn; then prediction and sensitivity, too. */
void reference_read(struct reference *reference, const struct walk *walk);
void reference_predict(struct reference *reference, const struct walk *walk);

/* losses[LANES] of its prediction after `layers` layers, 0 .. L, which is the one it leaves, for
 * the group at hand. */
void reference_losses(double losses[LANES], struct reference *reference, int layers);

/* Multiply-adds of reference_fit, 0 when they have been counted for the run's fits, and of
 * reference_predict for one task. */
double reference_fit_cost(const struct analysis_input *input);
double reference_predict_cost(const struct analysis_input *input);

#endif
