/* A model of several layers beside GD++, gradient descent that transforms its inputs as well
 * (science.md 1.2). */
#include <math.h>
#include <string.h>

#include "compare.h"
#include "reference.h"
#include "registry.h"

enum {
    GDPP_RATE,
    GDPP_GAMMA,
    GDPP_LOSS,
    GDPP_LOSS_MEDIAN,
    GDPP_LOSS_TRIMMED,
    GDPP_RATIO,
    GDPP_RATIO_CI95,
    GDPP_RATIO_TRIMMED,
    GDPP_PREDS_DIFF,
    GDPP_MODEL_DIFF,
    GDPP_MODEL_COS,
    GDPP_LAYER_LOSS,
    GDPP_LAYER_LOSS_MEDIAN,
    GDPP_LAYER_LOSS_TRIMMED
};

/* clang-format off */
static const struct column columns[] = {
    [GDPP_RATE] = {.name = "gdpp_rate", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "eta/N of GD++ in this layer, at the optimum of the model's freedom (shared or per layer) on the evaluation set"},
    [GDPP_GAMMA] = {.name = "gdpp_gamma", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "gamma of GD++ in this layer; that of the last layer has no effect"},
    [GDPP_LOSS] = {.name = "gdpp_loss", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean loss of GD++ over the evaluation set"},
    [GDPP_LOSS_MEDIAN] = {.name = "gdpp_loss_median", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "median over the evaluation set of GD++'s loss of a task"},
    [GDPP_LOSS_TRIMMED] = {.name = "gdpp_loss_trimmed", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss of GD++ over the evaluation set without the worst .1 % of its tasks"},
    [GDPP_RATIO] = {.name = "gdpp_ratio", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean loss of the trained model over gdpp_loss, on the same tasks"},
    [GDPP_RATIO_CI95] = {.name = "gdpp_ratio_ci95", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "half the width of the 95 % confidence interval of gdpp_ratio, from paired losses of the tasks"},
    [GDPP_RATIO_TRIMMED] = {.name = "gdpp_ratio_trimmed", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "trimmed mean loss of the trained model over gdpp_loss_trimmed, each without its own worst tasks"},
    [GDPP_PREDS_DIFF] = {.name = "gdpp_preds_diff", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean |yhat - yhat_gdpp| over the evaluation set"},
    [GDPP_MODEL_DIFF] = {.name = "gdpp_model_diff", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean |g - g_gdpp| over the evaluation set, g = d yhat / d x_q"},
    [GDPP_MODEL_COS] = {.name = "gdpp_model_cos", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean cosine of g and g_gdpp over the evaluation set; 0 where one of them is 0, 1 where both are"},
    [GDPP_LAYER_LOSS] = {.name = "gdpp_layer_loss", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss of GD++ over the evaluation set when it is read off after this layer"},
    [GDPP_LAYER_LOSS_MEDIAN] = {.name = "gdpp_layer_loss_median", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "median over the evaluation set of GD++'s loss of a task after this layer"},
    [GDPP_LAYER_LOSS_TRIMMED] = {.name = "gdpp_layer_loss_trimmed", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "gdpp_layer_loss without the worst .1 % of the tasks"},
};
/* clang-format on */

struct state {
    struct walk walk;
    struct reference reference;
    struct response response;
    double *model; /* [tasks] losses */
    double *gdpp;  /* [L + 1][tasks]: after each layer */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    return model->depth > 1 && reference_fits(task, tokens, model);
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    reference_create(&s->reference, arena, input);
    response_create(&s->response, arena, input);
    s->model = ARENA_TAKE(arena, double, input->evaluation.tasks);
    s->gdpp =
        ARENA_TAKE(arena, double, (size_t)(input->model->L + 1) * (size_t)input->evaluation.tasks);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double layers = 1 + .5 * input->model->config.depth; /* read off after each layer */
    double task =
        task_cost(input->task) + response_cost(input) + layers * reference_predict_cost(input);
    return reference_fit_cost(input) + input->evaluation.tasks * task;
}

static double *losses_after(const struct state *s, int layer)
{
    return s->gdpp + (size_t)layer * (size_t)s->walk.input->evaluation.tasks;
}

/* The tasks first .. first+15. */
static void measure(struct state *s, struct likeness *likeness, int first)
{
    double losses[LANES];
    struct reference *r = &s->reference;
    int lanes = walk_lanes(first, s->walk.input->evaluation.tasks);
    response_form(&s->response, &s->walk);
    walk_losses(losses, &s->walk);
    memcpy(s->model + first, losses, sizeof(double) * (size_t)lanes);
    reference_predict(r, &s->walk);
    likeness_add(likeness, &s->response, r->prediction, r->sensitivity, lanes);
    for (int l = 0; l <= r->gdpp.layers; l++) {
        reference_losses(losses, r, l);
        memcpy(losses_after(s, l) + first, losses, sizeof(double) * (size_t)lanes);
    }
}

/* value[layers], on the axis of layers. */
static void put_layers(const struct analysis_output *output, int column, const double *value,
                       int layers)
{
    double of_layer[MODEL_LAYERS_MAX + 1] = {NAN}; /* nothing happens before the first */
    for (int l = 0; l < layers; l++)
        of_layer[l + 1] = value[l];
    output->put(output->context, column, (const int32_t[]){layers + 1, 1, 1}, of_layer);
}

static void put_losses(const struct analysis_output *output, const struct comparison *c)
{
    put_number(output, GDPP_LOSS, c->loss);
    put_number(output, GDPP_LOSS_MEDIAN, c->reference.median);
    put_number(output, GDPP_LOSS_TRIMMED, c->reference.trimmed);
    put_number(output, GDPP_RATIO, c->ratio);
    put_number(output, GDPP_RATIO_CI95, c->ci95);
    put_number(output, GDPP_RATIO_TRIMMED, c->trimmed);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct gdpp *gdpp = &s->reference.gdpp;
    struct likeness likeness = {0};
    int tasks = input->evaluation.tasks;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    reference_fit(&s->reference, &s->walk);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        measure(s, &likeness, first);
    }
    struct comparison c = losses_compare(s->model, losses_after(s, gdpp->layers), tasks);
    gdpp->gamma[gdpp->layers - 1] = NAN;
    put_layers(output, GDPP_RATE, gdpp->rate, gdpp->layers);
    put_layers(output, GDPP_GAMMA, gdpp->gamma, gdpp->layers);
    put_losses(output, &c);
    put_layer_losses(output, GDPP_LAYER_LOSS, s->gdpp, gdpp->layers, tasks);
    put_number(output, GDPP_PREDS_DIFF, likeness.preds / tasks);
    put_number(output, GDPP_MODEL_DIFF, likeness.diff / tasks);
    put_number(output, GDPP_MODEL_COS, likeness.cosine / tasks);
}

const struct analysis analysis_gdpp = {
    .name = "gdpp",
    .about = "loss of GD++ at its optimum, and how the model's losses, predictions and "
             "sensitivities compare",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
