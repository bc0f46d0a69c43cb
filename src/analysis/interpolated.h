/* interpolated.h - models between a trained one and another, in the products of their weights
 * (science.md 1.2, 2.5). */
#ifndef ANALYSIS_INTERPOLATED_H
#define ANALYSIS_INTERPOLATED_H

#include "analysis/analysis.h"
#include "theory/products.h"

struct interpolated {
    const struct analysis_input *run;
    const real *rest;            /* weights of the run, for the tensors that are no attention */
    struct model model;          /* of key size D (products_model) */
    struct analysis_input input; /* with that model and these weights */
    real *weights;               /* [model.parameters] */
    struct products trained, reference, mixed;
};

void interpolated_create(struct interpolated *interpolated, struct arena *arena,
                         const struct analysis_input *input);

/* Reads the products of these weights of the run's model; all is borrowed. */
void interpolated_read(struct interpolated *interpolated, const struct analysis_input *input,
                       const real *weights);

/* The products become (1 - share) of the trained ones and `share` of the reference's, which the
 * caller has filled. */
void interpolated_write(struct interpolated *interpolated, double share);

/* Whether a run has models between it and gradient descent: one linear head of paper 1. If so, it
 * has a reference (reference.h). */
bool interpolates(const struct task_config *task, const struct tokens_config *tokens,
                  const struct model_config *model);

/* Reads the weights of such a run, normalised; then the reference's are those of GD++. */
void interpolated_start(struct interpolated *interpolated, const struct analysis_input *input);
void interpolated_descent(struct interpolated *interpolated, const struct gdpp *gdpp);

#endif
