/* compressed.h - a model on constructed tokens as a handful of numbers a head (science.md 2.5), and
 * what that costs. */
#ifndef ANALYSIS_COMPRESSED_H
#define ANALYSIS_COMPRESSED_H

#include "interpolated.h"
#include "theory/compression.h"
#include "walk.h"

enum { COMPRESSED_KEPT = 16 /* the numbers of a head that the paper counts */ };

struct compressed {
    struct interpolated between; /* its reference is the compressed model */
    struct walk walk;
    double *scalars; /* [sets][heads][COMPRESSION_SCALARS] */
};

/* Whether a run has one. */
bool compresses(const struct task_config *task, const struct tokens_config *tokens,
                const struct model_config *model);

void compressed_create(struct compressed *compressed, struct arena *arena,
                       const struct analysis_input *input);

/* Reads these weights of the run's model; the reference keeps the `keep` largest numbers of each
 * head. */
void compressed_read(struct compressed *compressed, const struct analysis_input *input,
                     const real *weights, int keep);

/* losses[evaluation.tasks] between trained (share 0) and compressed (1). */
void compressed_losses(double *losses, struct compressed *compressed, double share);

/* Multiply-adds of compressed_losses. */
double compressed_cost(const struct analysis_input *input);

/* Step size of gradient descent of a single layer: the sum over its heads of QK from s_t to s_i-1
 * times VP from s_i to the prediction, times the damping. NaN for several layers. */
double compressed_rate(const struct compressed *compressed);

#endif
