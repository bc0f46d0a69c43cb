/* Do trained weights mean the same as those of gradient descent? Models half way, and all the way,
 * between them (science.md 1.2). */
#include <assert.h>
#include <string.h>

#include "compare.h"
#include "reference.h"
#include "registry.h"
#include "weights.h"

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
    struct model model;          /* of key size D: the tensors are M, 1, U, 1 */
    struct analysis_input input; /* with that model */
    real *weights;               /* [model.parameters] */
    double *M, *U;               /* [D][D] normalised products of the trained weights */
    struct walk fast, walk;      /* walk: with every token */
    struct reference reference;
    struct response response;
    double *losses;                  /* [tasks] */
    double *mean, *median, *trimmed; /* [points of the axis] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    return plain_attention(task, tokens, model, "linear") && model->heads == 1;
}

static int shares(void)
{
    return analysis_axis_length(AXIS_SHARE, NULL, NULL);
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    struct model_config config = input->model->config;
    config.key_size = 0;
    enum status st = model_init(&s->model, &config, &input->task->shape, NULL);
    assert(st == OK); /* as for the model of the run */
    size_t square = (size_t)s->model.D * (size_t)s->model.D, points = (size_t)shares();
    s->weights = ARENA_TAKE(arena, real, s->model.parameters);
    s->M = ARENA_TAKE(arena, double, square);
    s->U = ARENA_TAKE(arena, double, square);
    s->input = *input;
    s->input.model = &s->model;
    s->input.weights = s->weights;
    walk_create(&s->fast, arena, &s->input, PASS_FAST);
    walk_create(&s->walk, arena, &s->input, PASS_TOKENS);
    reference_create(&s->reference, arena, input);
    response_create(&s->response, arena, &s->input);
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

/* The tensors of the model: M and U with this share of the reference in them, and ones. */
static void interpolate(struct state *s, double share)
{
    int d = s->input.task->config.dimension, D = s->model.D;
    double damping = s->model.config.damping;
    double of_x = -s->reference.gdpp.gamma[0] / damping,
           of_y = -s->reference.gdpp.rate[0] / damping;
    for (int t = 0; t < s->model.tensor_count; t++) {
        const char *name = s->model.tensors[t].name;
        real *w = s->weights + s->model.tensors[t].offset;
        bool query = strcmp(name, "query") == 0, value = strcmp(name, "value") == 0;
        for (int i = 0; i < D * D; i++) {
            int row = i / D, diagonal = row == i % D;
            double reference = query ? row < d : row < d ? of_x : of_y;
            double trained = query ? s->M[i] : s->U[i];
            w[i] = (real)diagonal;
            if (query || value)
                w[i] = (real)((1 - share) * trained + share * diagonal * reference);
        }
    }
}

static void measure_losses(struct state *s, int point)
{
    int tasks = s->input.evaluation.tasks;
    struct task_source source = evaluation_source(&s->input);
    interpolate(s, analysis_axis(AXIS_SHARE)->value(point));
    walk_start(&s->fast, &s->input);
    for (int first = 0; first < tasks; first += LANES) {
        double losses[LANES];
        walk_draw(&s->fast, &source, first);
        walk_predict(&s->fast);
        walk_losses(losses, &s->fast);
        memcpy(s->losses + first, losses, sizeof(double) * (size_t)walk_lanes(first, tasks));
    }
    struct loss_statistics statistics = loss_statistics(s->losses, tasks);
    s->mean[point] = statistics.mean;
    s->median[point] = statistics.median;
    s->trimmed[point] = statistics.trimmed;
}

static struct likeness compare_half_way(struct state *s)
{
    int tasks = s->input.evaluation.tasks;
    struct task_source source = evaluation_source(&s->input);
    struct likeness likeness = {0};
    interpolate(s, .5);
    walk_start(&s->walk, &s->input);
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
    s->input.fits = input->fits;
    head_products(s->M, s->U, input->model, input->weights, 0, 0);
    normalise_products(s->M, s->U, s->model.D, input->task->config.dimension);
    walk_start(&s->fast, &s->input);
    reference_fit(&s->reference, &s->fast);
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
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
