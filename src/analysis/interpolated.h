/* interpolated.h - models between a trained one and the algorithm that it is compared with
 * (science.md 1.2): one linear head, whose products M = Wq Wk' and U = Wv Wp are normalised. */
#ifndef ANALYSIS_INTERPOLATED_H
#define ANALYSIS_INTERPOLATED_H

#include "analysis/analysis.h"
#include "theory/products.h"

struct interpolated {
    const struct analysis_input *run;
    struct model model;             /* of key size D (products_model) */
    struct analysis_input input;    /* with that model and these weights */
    real *weights;                  /* [model.parameters] */
    struct products trained, mixed; /* of the run's weights, normalised; of these weights */
};

/* Whether a run has such models; if so, it has a reference (reference.h). */
bool interpolates(const struct task_config *task, const struct tokens_config *tokens,
                  const struct model_config *model);

void interpolated_create(struct interpolated *interpolated, struct arena *arena,
                         const struct analysis_input *input);

/* Reads the trained weights of the run; the input is borrowed. */
void interpolated_start(struct interpolated *interpolated, const struct analysis_input *input);

/* The weights become (1 - share) of the trained ones and `share` of the reference's. */
void interpolated_write(struct interpolated *interpolated, const struct gdpp *reference,
                        double share);

#endif
