/* compare.h - a model beside the algorithm that it may have learned, on the same tasks (science.md
 * 1.2). */
#ifndef ANALYSIS_COMPARE_H
#define ANALYSIS_COMPARE_H

#include "train/statistics.h"
#include "walk.h"

/* What a model answers to the tasks that a walk (PASS_TOKENS) has drawn, and how it responds to
 * their queries. */
struct response {
    int O, d;
    const real *yhat; /* [O][LANES] */
    real *g;          /* [O][d][LANES] d yhat / d x_q */
    real *doutputs;   /* [O][LANES] */
};

void response_create(struct response *response, struct arena *arena,
                     const struct analysis_input *input);
void response_form(struct response *response, struct walk *walk);
double response_cost(const struct analysis_input *input); /* multiply-adds a task */

/* Sums over tasks of |yhat - yhat_ref|, |g - g_ref| and cosine(g, g_ref): 0 where one of them is 0,
 * as a clip can make it, 1 where both are. With several outputs |yhat - yhat_ref| is their mean,
 * and g the vector of all entries of the Jacobian. */
struct likeness {
    double preds, diff, cosine;
};

/* Adds the first `lanes` tasks of a group; prediction [O][LANES] and sensitivity [O][d][LANES] are
 * the reference's. */
void likeness_add(struct likeness *sums, const struct response *response, const double *prediction,
                  const double *sensitivity, int lanes);

/* Mean of losses[n], summed in their order. */
double losses_mean(const double *losses, int n);

/* Losses of the same tasks. ratio: of the means, model over reference; trimmed: of the means
 * without the worst .1 % of each. */
struct comparison {
    double loss; /* mean of the reference, summed in the order of the tasks */
    double ratio;
    double ci95; /* half the width of the interval of the ratio */
    double trimmed;
    struct loss_statistics reference;
};

/* Sorts both [n]. */
struct comparison losses_compare(double *model, double *reference, int n);

/* losses[L + 1][tasks] after each of the layers, which it sorts: means, medians and trimmed means
 * in this column and the two that follow, over the axis of layers. */
void put_layer_losses(const struct analysis_output *output, int column, double *losses, int L,
                      int tasks);

#endif
