/* The axes of the columns of analyses. */
#include <assert.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "theory/compression.h"

/* The query's label, and the prediction of gradient descent after so many steps. */
static const char *const targets[] = {"y",     "gd_1",  "gd_2",  "gd_3",  "gd_4",  "gd_5",  "gd_6",
                                      "gd_7",  "gd_8",  "gd_9",  "gd_10", "gd_11", "gd_12", "gd_13",
                                      "gd_14", "gd_15", "gd_16", "gd_17", "gd_18", "gd_19", "gd_20",
                                      "gd_21", "gd_22", "gd_23", "gd_24", "gd_25", "gd_26", "gd_27",
                                      "gd_28", "gd_29", "gd_30", "gd_31", "gd_32", NULL};

static_assert(sizeof targets / sizeof targets[0] == MODEL_LAYERS_MAX + 2, "a step for each layer");

static const char *const algorithms[] = {"transformer", "gd", "gdpp", "interpolated", NULL};

/* Of a sequence: states s_{t+1}, s_t, (R_t + .001 I)^-1 s_t, the features f(s_t) / |f(s_t)| of
 * non-linear dynamics, s_{t-1} ..., and s_{t+1} of another one; those of sequence_probe.c. */
static const char *const state_targets[] = {
    "next",   "current", "preconditioned", "features", "past_1",  "past_2", "past_3",
    "past_4", "past_5",  "past_6",         "past_7",   "control", NULL};

/* Those of task.inputs but the first, uniform. */
static const char *const inputs[] = {"exponential", "normal", "laplace", "mixed", NULL};

/* Of a product of weights on constructed tokens, by their parts of d channels. */
static const char *const blocks[] = {"1-1", "1-2", "1-3", "1-4", "2-1", "2-2", "2-3", "2-4", "3-1",
                                     "3-2", "3-3", "3-4", "4-1", "4-2", "4-3", "4-4", NULL};

static_assert(sizeof blocks / sizeof blocks[0] == COMPRESSION_BLOCKS + 1, "a name each");
/* What predicts the next state of a sequence, and from which pairs of states. */
static const char *const forecasts[] = {"zero",
                                        "gradient_descent",
                                        "least_squares",
                                        "chebyshev",
                                        "neumann",
                                        "newton_schulz",
                                        "richardson",
                                        "least_squares_on_features",
                                        "least_squares_on_window",
                                        "chebyshev_on_features",
                                        "chebyshev_on_window",
                                        "best_polynomial",
                                        "best_polynomial_on_features",
                                        "best_polynomial_on_window",
                                        NULL};
static const char *const known_pairs[] = {"inclusive", "lagged", NULL};

/* As many points as `first`, `first + step`, ... up to `last`. */
#define POINTS(first, step, last) ((int)((double)((last) - (first)) / (step) + 1.5))

static double share(int i)
{
    return i / 20.;
}

static double range(int i)
{
    return (50 + 3 * i) / 100.;
}

static double scale(int i)
{
    return (5 + i) / 10.;
}

static double norm(int i)
{
    return (10 + i) / 20.;
}

static double noisy(int i)
{
    return 2 * i;
}

static double times(int i)
{
    return i + 1;
}

static double copying(int i)
{
    return i == 0 ? 2 : 25 * i;
}

static double query(int i)
{
    return (20 * i - 990) / 198.;
}

enum length {
    LENGTH_FIXED,
    LENGTH_LAYERS,
    LENGTH_TOKENS,
    LENGTH_PAIRS,
    LENGTH_HEADS,
    LENGTH_CHANNELS,
    LENGTH_STATE,
    LENGTH_OUTPUTS
};

/* clang-format off */
static const struct row {
    struct axis axis;
    enum length length;
    int points; /* of a fixed length */
} rows[AXIS_COUNT] = {
    [AXIS_LAYER] = {
        .axis = {.name = "layer", .unit = "1",
                 .about = "residual stream after this layer; 0 is the input of the first"},
        .length = LENGTH_LAYERS},
    [AXIS_POSITION] = {
        .axis = {.name = "position", .unit = "1", .about = "token of the stream, with prefix and eos, from 0"},
        .length = LENGTH_TOKENS},
    [AXIS_TARGET] = {
        .axis = {.name = "target", .unit = "1", .about = "what a probe is asked for",
                 .labels = targets},
        .length = LENGTH_LAYERS},
    [AXIS_SHARE] = {
        .axis = {.name = "share", .unit = "1", .value = share,
                 .about = "share of the reference in interpolated weights"},
        .points = POINTS(0, .05, 1)},
    [AXIS_RANGE] = {
        .axis = {.name = "range", .unit = "1", .value = range,
                 .about = "range r of the inputs at evaluation: x ~ U(-r/2, r/2)"},
        .points = POINTS(.5, .03, 2)},
    [AXIS_ALGORITHM] = {
        .axis = {.name = "algorithm", .unit = "1", .labels = algorithms,
                 .about = "the trained model, what it is compared with (at its best for the run's own data), "
                          "and the model half way between it and GD++ (GD for one layer)"},
        .points = sizeof algorithms / sizeof algorithms[0] - 1},
    [AXIS_SCALE] = {
        .axis = {.name = "scale", .unit = "1", .value = scale,
                 .about = "task.weight_scale at evaluation"},
        .points = POINTS(.5, .1, 5)},
    [AXIS_INPUTS] = {
        .axis = {.name = "inputs", .unit = "1", .labels = inputs,
                 .about = "task.inputs at evaluation"},
        .points = sizeof inputs / sizeof inputs[0] - 1},
    [AXIS_NORM] = {
        .axis = {.name = "norm", .unit = "1", .value = norm,
                 .about = "norm r of the context's inputs at evaluation"},
        .points = POINTS(.5, .05, 5)},
    [AXIS_NOISY] = {
        .axis = {.name = "noisy", .unit = "labels", .value = noisy,
                 .about = "labels of the context that are N(0, 1) at evaluation"},
        .points = POINTS(0, 2, 8)},
    [AXIS_TIMES] = {
        .axis = {.name = "times", .unit = "1", .value = times,
                 .about = "how often the layer has been applied"},
        .points = POINTS(1, 1, 50)},
    [AXIS_QUERY] = {
        .axis = {.name = "query", .unit = "1", .value = query,
                 .about = "x of the queries on one context of a sine"},
        .points = 100},
    [AXIS_PAIR] = {
        .axis = {.name = "pair", .unit = "1", .about = "pair of the context"},
        .length = LENGTH_PAIRS},
    [AXIS_HEAD] = {
        .axis = {.name = "head", .unit = "1", .about = "head of the attention"},
        .length = LENGTH_HEADS},
    [AXIS_ROW] = {
        .axis = {.name = "row", .unit = "1",
                 .about = "channel of a token (x, then y) that a matrix takes, its row"},
        .length = LENGTH_CHANNELS},
    [AXIS_COLUMN] = {
        .axis = {.name = "column", .unit = "1",
                 .about = "channel of a token (x, then y) that a matrix gives, its column"},
        .length = LENGTH_CHANNELS},
    [AXIS_STATE_TARGET] = {
        .axis = {.name = "state_target", .unit = "1", .labels = state_targets,
                 .about = "what a probe of a sequence is asked for; control: the next state of another sequence (science.md 2.7)"},
        .points = sizeof state_targets / sizeof state_targets[0] - 1},
    [AXIS_COPYING] = {
        .axis = {.name = "copying", .unit = "1", .value = copying,
                 .about = "token of a sequence, 1 is the first, whose dependence on others is measured"},
        .points = 3},
    [AXIS_BACK] = {
        .axis = {.name = "back", .unit = "tokens", .about = "so many tokens before it; 0: itself"},
        .points = 6},
    [AXIS_SHOT] = {
        .axis = {.name = "shot", .unit = "1", .value = times,
                 .about = "pair of a few-shot stream whose y is predicted; those of a second task follow"},
        .length = LENGTH_OUTPUTS},
    [AXIS_BLOCK] = {
        .axis = {.name = "block", .unit = "1", .labels = blocks,
                 .about = "block of d rows and d columns of a product of weights: parts of the token that it takes and gives"},
        .points = COMPRESSION_BLOCKS},
    [AXIS_STATE_ROW] = {
        .axis = {.name = "state_row", .unit = "1",
                 .about = "component of the next state that a matrix gives, its row"},
        .length = LENGTH_STATE},
    [AXIS_STATE_COLUMN] = {
        .axis = {.name = "state_column", .unit = "1",
                 .about = "component of a state that a matrix takes, its column"},
        .length = LENGTH_STATE},
    [AXIS_FORECAST] = {
        .axis = {.name = "forecast", .unit = "1", .labels = forecasts,
                 .about = "what predicts the next state: ridge regression has the strength .001 (on the last 16 observations: 10), "
                          "and the iterations that approach it have 6 steps, those of chebyshev as paper 2 learned them for linear dynamics; "
                          "best polynomial: that of degree 6 with the least loss on the evaluation set, where no 6 steps have less"},
        .points = sizeof forecasts / sizeof forecasts[0] - 1},
    [AXIS_KNOWN_PAIRS] = {
        .axis = {.name = "known_pairs", .unit = "1", .labels = known_pairs,
                 .about = "pairs of states that an algorithm has at a token: all up to it, or all but the last"},
        .points = sizeof known_pairs / sizeof known_pairs[0] - 1},
    [AXIS_SET] = {
        .axis = {.name = "set", .unit = "1", .about = "evaluation set, of evaluation.seed + set"},
        .points = 5},
};
/* clang-format on */

const struct axis *analysis_axis(enum column_axis axis)
{
    return rows[axis].axis.name ? &rows[axis].axis : NULL;
}

bool analysis_axis_fixed(enum column_axis axis)
{
    return rows[axis].length == LENGTH_FIXED;
}

int analysis_axis_length(enum column_axis axis, const struct task *task,
                         const struct model_config *model)
{
    switch (rows[axis].length) {
    case LENGTH_LAYERS:
        return model->depth + 1;
    case LENGTH_TOKENS:
        return model_tokens(model, &task->shape);
    case LENGTH_PAIRS:
        return task->config.context;
    case LENGTH_HEADS:
        return model->heads;
    case LENGTH_CHANNELS:
        return task->shape.width;
    case LENGTH_STATE:
        return task->shape.outputs;
    case LENGTH_OUTPUTS:
        return task->shape.output_tokens;
    case LENGTH_FIXED:
        break;
    }
    return rows[axis].axis.name ? rows[axis].points : -1;
}
