/* Do trained weights mean the same as those of gradient descent? Models half way, and all the way,
 * between them (science.md 1.2). */
#include "compare.h"
#include "interpolated.h"
#include "reference.h"
#include "registry.h"

enum {
    INTERPOLATION_LOSS,
    INTERPOLATION_LOSS_MEDIAN,
    INTERPOLATION_LOSS_TRIMMED,
    INTERPOLATION_PREDS_DIFF,
    INTERPOLATION_MODEL_DIFF,
    INTERPOLATION_MODEL_COS
};

/* clang-format off */
static const struct column columns[] = {
    [INTERPOLATION_LOSS] = {.name = "interpolation_loss", .type = COLUMN_F64, .axes = {AXIS_SHARE}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set of weights between the normalised trained ones and those of gradient descent (GD++ for several layers)"},
    [INTERPOLATION_LOSS_MEDIAN] = {.name = "interpolation_loss_median", .type = COLUMN_F64, .axes = {AXIS_SHARE}, .level = LEVEL_BITS, .unit = "1",
        .about = "median over the evaluation set of the loss of a task with interpolated weights"},
    [INTERPOLATION_LOSS_TRIMMED] = {.name = "interpolation_loss_trimmed", .type = COLUMN_F64, .axes = {AXIS_SHARE}, .level = LEVEL_BITS, .unit = "1",
        .about = "interpolation_loss without the worst .1 % of the tasks"},
    [INTERPOLATION_PREDS_DIFF] = {.name = "interpolation_preds_diff", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean |yhat - yhat_ref| of the model half way, over the evaluation set"},
    [INTERPOLATION_MODEL_DIFF] = {.name = "interpolation_model_diff", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean |g - g_ref| of the model half way over the evaluation set, g = d yhat / d x_q"},
    [INTERPOLATION_MODEL_COS] = {.name = "interpolation_model_cos", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean cosine of g and g_ref of the model half way, over the evaluation set"},
};
/* clang-format on */

struct state {
    struct interpolated between;
    struct walk fast, walk; /* of the model between; walk: with every token */
    struct reference reference;
    struct response response;
    double *losses;                  /* [tasks] */
    double *mean, *median, *trimmed; /* [points of the axis] */
};

static int shares(void)
{
    return analysis_axis_length(AXIS_SHARE, NULL, NULL);
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    size_t points = (size_t)shares();
    interpolated_create(&s->between, arena, input);
    walk_create(&s->fast, arena, &s->between.input, PASS_FAST);
    walk_create(&s->walk, arena, &s->between.input, PASS_TOKENS);
    reference_create(&s->reference, arena, input);
    response_create(&s->response, arena, &s->between.input);
    s->losses = ARENA_TAKE(arena, double, input->evaluation.tasks);
    s->mean = ARENA_TAKE(arena, double, points);
    s->median = ARENA_TAKE(arena, double, points);
    s->trimmed = ARENA_TAKE(arena, double, points);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double point = task_cost(input->task) + model_cost(input->model);
    double compared = task_cost(input->task) + response_cost(input) + reference_predict_cost(input);
    return reference_fit_cost(input) + input->evaluation.tasks * (shares() * point + compared);
}

static void measure_losses(struct state *s, int point)
{
    interpolated_write(&s->between, analysis_axis(AXIS_SHARE)->value(point));
    walk_start(&s->fast, &s->between.input);
    walk_evaluate(s->losses, &s->fast);
    struct loss_statistics statistics =
        loss_statistics(s->losses, s->between.input.evaluation.tasks);
    s->mean[point] = statistics.mean;
    s->median[point] = statistics.median;
    s->trimmed[point] = statistics.trimmed;
}

static struct likeness compare_half_way(struct state *s)
{
    int tasks = s->between.input.evaluation.tasks;
    struct task_source source = evaluation_source(&s->between.input);
    struct likeness likeness = {0};
    interpolated_write(&s->between, .5);
    walk_start(&s->walk, &s->between.input);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        response_form(&s->response, &s->walk);
        reference_predict(&s->reference, &s->walk);
        likeness_add(&likeness, &s->response, s->reference.prediction, s->reference.sensitivity,
                     walk_lanes(first, tasks));
    }
    return likeness;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    const int32_t shape[COLUMN_AXES] = {shares(), 1, 1};
    int tasks = input->evaluation.tasks;
    interpolated_start(&s->between, input);
    walk_start(&s->fast, &s->between.input);
    reference_fit(&s->reference, &s->fast);
    interpolated_descent(&s->between, &s->reference.gdpp);
    for (int point = 0; point < shares(); point++)
        measure_losses(s, point);
    struct likeness likeness = compare_half_way(s);
    output->put(output->context, INTERPOLATION_LOSS, shape, s->mean);
    output->put(output->context, INTERPOLATION_LOSS_MEDIAN, shape, s->median);
    output->put(output->context, INTERPOLATION_LOSS_TRIMMED, shape, s->trimmed);
    put_number(output, INTERPOLATION_PREDS_DIFF, likeness.preds / tasks);
    put_number(output, INTERPOLATION_MODEL_DIFF, likeness.diff / tasks);
    put_number(output, INTERPOLATION_MODEL_COS, likeness.cosine / tasks);
}

const struct analysis analysis_interpolation = {
    .name = "interpolation",
    .about = "losses of weights between the trained ones and those of gradient descent, or GD++",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = interpolates,
    .cost = cost,
    .create = create,
    .execute = execute,
};
