/* forecasts.h - the algorithms of theory/forecast.h on the sequences that a model sees, and
 * gradient descent on them at its best rate. */
#ifndef ANALYSIS_FORECASTS_H
#define ANALYSIS_FORECASTS_H

#include "states.h"
#include "theory/forecast.h"

/* Whether tasks are sequences of which every token predicts the next one. */
bool is_dynamics(const struct task_config *task);

/* What least squares may know beside the state at hand. */
enum knowledge {
    KNOWS_STATE,
    KNOWS_FEATURES, /* f(s) / |f(s)| of non-linear dynamics */
    KNOWS_WINDOW    /* the last WINDOW observations, 0 where there are none */
};

enum { WINDOW = 16 };

struct forecasts {
    struct states states;       /* of the group at hand */
    double *features;           /* [T][F][LANES] of the richest knowledge; F of it */
    real *seen, *made;          /* [T][d][LANES] states and features of non-linear dynamics */
    real *drawing;              /* scratch of nonlinear_features */
    double *scratch;            /* of every algorithm */
    double *inclusive, *lagged; /* [T][d][LANES] of the last one */
};

void forecasts_create(struct forecasts *forecasts, struct arena *arena,
                      const struct analysis_input *input);

/* Takes the sequences that `walk` has drawn, and their features. */
void forecasts_read(struct forecasts *forecasts, const struct walk *walk);

/* The group at hand with this knowledge; is_known: whether its task has it. */
bool is_known(const struct task_config *task, enum knowledge knowledge);
struct forecast forecasts_view(const struct forecasts *forecasts, const struct task *task,
                               enum knowledge knowledge);

/* The next states [T][d][LANES] of the group at hand. */
const double *forecasts_next(const struct forecasts *forecasts);

/* The rate eta at which gradient descent from 0 has the least loss on the evaluation set: a
 * parabola, so in closed form. The run's fits know it or get it; `walk` may be left at tasks of the
 * set. */
double forecasts_rate(struct forecasts *forecasts, struct walk *walk);

/* Multiply-adds of forecasts_rate, 0 when they have been counted for the run's fits; and of one
 * task for descent. */
double forecasts_rate_cost(const struct analysis_input *input);
double forecasts_descent_cost(const struct analysis_input *input);

#endif
