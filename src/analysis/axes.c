/* The axes of the columns of analyses. */
#include <assert.h>
#include <stddef.h>

#include "analysis/analysis.h"

static const char *const targets[] = {"y", NULL};

/* As many points as `first`, `first + step`, ... up to `last`. */
#define POINTS(first, step, last) ((int)(((last) - (first)) / (step) + 1.5))

static double share(int i)
{
    return i / 20.;
}

static double range(int i)
{
    return (50 + 3 * i) / 100.;
}

enum length { LENGTH_FIXED, LENGTH_LAYERS, LENGTH_TOKENS };

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
        .axis = {.name = "position", .unit = "1", .about = "token of the stream, with prefix and eos"},
        .length = LENGTH_TOKENS},
    [AXIS_TARGET] = {
        .axis = {.name = "target", .unit = "1", .about = "what a probe is asked for",
                 .labels = targets},
        .points = sizeof targets / sizeof targets[0] - 1},
    [AXIS_SHARE] = {
        .axis = {.name = "share", .unit = "1", .value = share,
                 .about = "share of the reference in interpolated weights"},
        .points = POINTS(0, .05, 1)},
    [AXIS_RANGE] = {
        .axis = {.name = "range", .unit = "1", .value = range,
                 .about = "range r of the inputs at evaluation: x ~ U(-r/2, r/2)"},
        .points = POINTS(.5, .03, 2)},
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

int analysis_axis_length(enum column_axis axis, const struct token_shape *shape,
                         const struct model_config *model)
{
    switch (rows[axis].length) {
    case LENGTH_LAYERS:
        return model->depth + 1;
    case LENGTH_TOKENS:
        return model_tokens(model, shape);
    case LENGTH_FIXED:
        break;
    }
    return rows[axis].axis.name ? rows[axis].points : -1;
}
