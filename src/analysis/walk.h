/* walk.h - what most analyses share: a model that walks through tasks, and the gradient descent
 * that it is compared with. */
#ifndef ANALYSIS_WALK_H
#define ANALYSIS_WALK_H

#include "analysis/analysis.h"
#include "theory/descent.h"

/* A pass with a task of 16 lanes in it. */
struct walk {
    const struct analysis_input *input;
    const struct task
        *task; /* what is drawn: the run's, unless another of its tokens is put here */
    struct pass *pass;
    real *target; /* [output_tokens][outputs][LANES] */
    real *scratch;
};

/* Takes its memory from the arena, enough to draw any inputs and labels; walk_start gives it task
 * and model. */
void walk_create(struct walk *walk, struct arena *arena, const struct analysis_input *input,
                 enum pass_path path);

void walk_start(struct walk *walk, const struct analysis_input *input);

/* Tasks first .. first+15 of the source: tokens and target; then the prediction. */
void walk_draw(struct walk *walk, const struct task_source *source, int first);
const real *walk_predict(struct walk *walk);

/* losses[LANES] of the model's prediction, which walk_predict has made. */
void walk_losses(double losses[LANES], const struct walk *walk);

/* Sums of losses along the stream, [its tokens]: 0 where an output is read, NaN elsewhere; then the
 * losses of the first `lanes` tasks of the prediction, which walk_predict has made. */
void positions_start(double *sums, const struct model *model);
void positions_add(double *sums, const struct walk *walk, int lanes);

/* losses[evaluation.tasks] of the model on the evaluation set. */
void walk_evaluate(double *losses, struct walk *walk);

struct task_source evaluation_source(const struct analysis_input *input);

/* Number of the tasks first .. first+15 that belong to the first `count`. */
int walk_lanes(int first, int count);

/* Steps of gradient descent that the model could take: one a layer, but with separate tokens the
 * first layer has to copy. */
int descent_steps(const struct tokens_config *tokens, const struct model_config *model);

/* Whether a run is linear regression with at least one such step. */
bool compares_with_descent(const struct task_config *task, const struct tokens_config *tokens,
                           const struct model_config *model);

/* Gradient descent with its rate searched on the evaluation set, or on the first SEARCH_TASKS of it
 * when it is larger; through the model's clip. */
enum { SEARCH_TASKS = 1 << 16 };

struct baseline {
    struct descent descent;
    struct regression_set searched, group; /* the group at hand is the set `group` */
    double *scratch;
    double *prediction;  /* [O][LANES] of the group at hand */
    double *sensitivity; /* [O][d][LANES] */
};

void baseline_create(struct baseline *baseline, struct arena *arena,
                     const struct analysis_input *input);

/* Number of the tasks of the evaluation set that are searched; reads them into the set. */
int searched_tasks(const struct analysis_input *input);
void searched_read(struct regression_set *searched, struct walk *walk);

/* The best rate of these steps, which the run's fits know or get: `walk` may be left at tasks of
 * the evaluation set. */
double fitted_rate(struct regression_set *searched, const struct descent *descent,
                   struct walk *walk, double *scratch);

/* Finds the rate; may leave `walk` at tasks of the evaluation set. */
void baseline_fit(struct baseline *baseline, struct walk *walk);

/* Fills group from the tasks that `walk` has drawn; then prediction and sensitivity, too. */
void baseline_read(struct baseline *baseline, const struct walk *walk);
void baseline_predict(struct baseline *baseline, const struct walk *walk);

/* losses[LANES] of the prediction. */
void baseline_losses(double losses[LANES], const struct baseline *baseline);

/* Multiply-adds of `baseline_fit`, 0 when they have been counted for the run's fits, and of
 * `baseline_predict` on the whole evaluation set. */
double baseline_fit_cost(const struct analysis_input *input);
double baseline_predict_cost(const struct analysis_input *input);

/* Multiply-adds of one step of gradient descent for one task. */
double descent_step_cost(const struct analysis_input *input);

/* One number for a column without axes. */
void put_number(const struct analysis_output *output, int column, double value);

#endif
