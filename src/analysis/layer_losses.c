/* What a model would predict if it ended after each of its layers, and gradient descent after as
 * many steps. */
#include <string.h>

#include "compare.h"
#include "registry.h"
#include "train/loss.h"

enum {
    LAYER_LOSS,
    LAYER_LOSS_MEDIAN,
    LAYER_LOSS_TRIMMED,
    LAYER_GD_LOSS,
    LAYER_GD_LOSS_MEDIAN,
    LAYER_GD_LOSS_TRIMMED
};

/* clang-format off */
static const struct column columns[] = {
    [LAYER_LOSS] = {.name = "layer_loss", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set when the prediction is read off after this layer"},
    [LAYER_LOSS_MEDIAN] = {.name = "layer_loss_median", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "median over the evaluation set of the loss of a task after this layer"},
    [LAYER_LOSS_TRIMMED] = {.name = "layer_loss_trimmed", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "layer_loss without the worst .1 % of the tasks"},
    [LAYER_GD_LOSS] = {.name = "layer_gd_loss", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss of gradient descent over the evaluation set after as many steps, with gd_rate"},
    [LAYER_GD_LOSS_MEDIAN] = {.name = "layer_gd_loss_median", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "median over the evaluation set of gradient descent's loss of a task after as many steps"},
    [LAYER_GD_LOSS_TRIMMED] = {.name = "layer_gd_loss_trimmed", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "layer_gd_loss without the worst .1 % of the tasks"},
};
/* clang-format on */

struct state {
    struct walk walk;
    struct baseline baseline;
    real *output;            /* [O][LANES] */
    double *trace;           /* [steps][O][LANES] of descent */
    double *model, *descent; /* [L + 1][tasks] losses */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    return compares_with_descent(task, tokens, model) && !model->output_embedding;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    const struct model *model = input->model;
    size_t losses = (size_t)(model->L + 1) * (size_t)input->evaluation.tasks;
    size_t row = (size_t)model->shape.outputs * LANES;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    baseline_create(&s->baseline, arena, input);
    s->output = ARENA_TAKE(arena, real, row);
    s->trace = ARENA_TAKE(arena, double, (size_t)model->L *row);
    s->model = ARENA_TAKE(arena, double, losses);
    s->descent = ARENA_TAKE(arena, double, losses);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double task = task_cost(input->task) + model_cost(input->model);
    return baseline_fit_cost(input) + baseline_predict_cost(input) + input->evaluation.tasks * task;
}

/* losses[LANES] of what the model has in the channels of the prediction after a layer. */
static void model_losses(double losses[LANES], const struct state *s, int layer)
{
    const struct model *model = s->walk.input->model;
    const struct token_shape *shape = &model->shape;
    const real *stream = pass_activation(s->walk.pass, layer);
    const real *y = stream + (shape->first_token * model->D + shape->first_channel) * LANES;
    struct loss loss = {1, shape->outputs, NULL};
    for (int i = 0; i < shape->outputs * LANES; i++)
        s->output[i] = shape->sign < 0 ? -y[i] : y[i];
    loss_value(losses, s->output, s->walk.target, &loss);
}

/* After as many steps as the layers up to this one have taken; before the first, 0 is predicted. */
static void descent_losses(double losses[LANES], const struct state *s, int layer)
{
    const struct regression group = regression_at(&s->baseline.group, 0);
    int steps = layer - (s->walk.input->model->L - s->baseline.descent.steps);
    for (int i = 0; i < group.O * LANES && steps <= 0; i++)
        s->baseline.prediction[i] = 0;
    const double *prediction =
        steps > 0 ? s->trace + (steps - 1) * group.O * LANES : s->baseline.prediction;
    regression_losses(losses, &group, prediction);
}

/* The tasks first .. first+15. */
static void measure(struct state *s, int first)
{
    int tasks = s->walk.input->evaluation.tasks;
    size_t bytes = sizeof(double) * (size_t)walk_lanes(first, tasks);
    double losses[LANES];
    walk_predict(&s->walk);
    baseline_predict(&s->baseline, &s->walk);
    struct regression group = regression_at(&s->baseline.group, 0);
    descent_trace(s->trace, &group, &s->baseline.descent, s->baseline.scratch);
    for (int l = 0; l <= s->walk.input->model->L; l++) {
        size_t at = (size_t)l * (size_t)tasks + (size_t)first;
        model_losses(losses, s, l);
        memcpy(s->model + at, losses, bytes);
        descent_losses(losses, s, l);
        memcpy(s->descent + at, losses, bytes);
    }
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    int tasks = input->evaluation.tasks, L = input->model->L;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    baseline_fit(&s->baseline, &s->walk);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        measure(s, first);
    }
    put_layer_losses(output, LAYER_LOSS, s->model, L, tasks);
    put_layer_losses(output, LAYER_GD_LOSS, s->descent, L, tasks);
}

const struct analysis analysis_layer_losses = {
    .name = "layer_losses",
    .about = "losses when the prediction is read off after each layer, and of gradient descent",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
