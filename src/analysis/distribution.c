/* Losses where inputs or weights are other than in training (science.md 1.4). */
#include "registry.h"
#include "shift.h"

enum {
    RANGE_LOSS,
    SCALE_LOSS = RANGE_LOSS + STATISTICS,
    INPUTS_LOSS = SCALE_LOSS + STATISTICS,
};

/* clang-format off */
static const struct column columns[] = {
    CURVE_COLUMNS(RANGE_LOSS, "range_loss", "on uniform inputs of another range", AXIS_ALGORITHM, AXIS_RANGE),
    CURVE_COLUMNS(SCALE_LOSS, "scale_loss", "on weights of another scale", AXIS_ALGORITHM, AXIS_SCALE),
    CURVE_COLUMNS(INPUTS_LOSS, "inputs_loss", "on inputs of another distribution and norm", AXIS_ALGORITHM,
                  AXIS_INPUTS, AXIS_NORM),
};
/* clang-format on */

static void move_range(struct task_config *config, int i, int j)
{
    (void)j;
    config->inputs = INPUTS_UNIFORM;
    config->input_range = analysis_axis(AXIS_RANGE)->value(i);
}

static void move_scale(struct task_config *config, int i, int j)
{
    (void)j;
    config->weight_scale = analysis_axis(AXIS_SCALE)->value(i);
}

static void move_inputs(struct task_config *config, int i, int j)
{
    config->inputs = INPUTS_EXPONENTIAL + i;
    config->input_range = analysis_axis(AXIS_NORM)->value(j);
}

static const struct curve curves[] = {
    {RANGE_LOSS, {AXIS_RANGE}, move_range},
    {SCALE_LOSS, {AXIS_SCALE}, move_scale},
    {INPUTS_LOSS, {AXIS_INPUTS, AXIS_NORM}, move_inputs},
};

enum { CURVES = sizeof curves / sizeof curves[0] };

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct shift *shift = ARENA_TAKE(arena, struct shift, 1), measured;
    shift_create(shift ? shift : &measured, arena, input, curves, CURVES);
    return shift;
}

static double cost(const struct analysis_input *input)
{
    return shift_cost(input, curves, CURVES);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    shift_execute(state, input, output, curves, CURVES);
}

const struct analysis analysis_distribution = {
    .name = "distribution",
    .about = "losses of the model, GD, GD++ and the model half way over range, scale and kind of "
             "the data",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = compares_with_descent,
    .cost = cost,
    .create = create,
    .execute = execute,
};
