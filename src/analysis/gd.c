/* The loss of gradient descent on the evaluation set, and how the model's compares. */
#include "compare.h"
#include "forecasts.h"
#include "registry.h"
#include "walk.h"

enum {
    GD_RATE,
    GD_STEPS,
    GD_LOSS,
    GD_RATIO,
    GD_RATIO_CI95,
    GD_LOSS_MEDIAN,
    GD_LOSS_TRIMMED,
    GD_RATIO_TRIMMED
};

/* clang-format off */
static const struct column columns[] = {
    [GD_RATE] = {.name = "gd_rate", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "eta/N of gradient descent, of sequences eta, by line search on the evaluation set"},
    [GD_STEPS] = {.name = "gd_steps", .type = COLUMN_I32, .level = LEVEL_BITS, .unit = "steps",
        .about = "steps of gradient descent: one a layer, one less with separate tokens; one on sequences"},
    [GD_LOSS] = {.name = "gd_loss", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean loss of gradient descent over the evaluation set"},
    [GD_RATIO] = {.name = "gd_ratio", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean loss of the trained model over gd_loss, on the same tasks"},
    [GD_RATIO_CI95] = {.name = "gd_ratio_ci95", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "half the width of the 95 % confidence interval of gd_ratio, from paired losses of the tasks"},
    [GD_LOSS_MEDIAN] = {.name = "gd_loss_median", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "median over the evaluation set of gradient descent's loss of a task"},
    [GD_LOSS_TRIMMED] = {.name = "gd_loss_trimmed", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss of gradient descent over the evaluation set without the worst .1 % of its tasks"},
    [GD_RATIO_TRIMMED] = {.name = "gd_ratio_trimmed", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "trimmed mean loss of the trained model over gd_loss_trimmed, each without its own worst tasks"},
};
/* clang-format on */

struct state {
    struct walk walk;
    struct baseline baseline;   /* of pairs */
    struct forecasts forecasts; /* of sequences */
    double rate;
    double *token_losses;    /* [T][LANES] */
    double *model, *descent; /* [tasks] losses */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    return is_dynamics(task) || compares_with_descent(task, tokens, model);
}

static bool has_sequences(const struct analysis_input *input)
{
    return is_dynamics(&input->task->config);
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    walk_create(&s->walk, arena, input, PASS_FAST);
    if (has_sequences(input))
        forecasts_create(&s->forecasts, arena, input);
    else
        baseline_create(&s->baseline, arena, input);
    s->token_losses = ARENA_TAKE(arena, double, input->task->shape.tokens *LANES);
    s->model = ARENA_TAKE(arena, double, input->evaluation.tasks);
    s->descent = ARENA_TAKE(arena, double, input->evaluation.tasks);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double task = task_cost(input->task) + model_cost(input->model);
    if (has_sequences(input))
        return forecasts_rate_cost(input) +
               input->evaluation.tasks * (task + forecasts_descent_cost(input));
    return baseline_fit_cost(input) + baseline_predict_cost(input) + input->evaluation.tasks * task;
}

/* losses of gradient descent on the group at hand. */
static void descend(double losses[LANES], struct state *s)
{
    struct forecasts *f = &s->forecasts;
    struct forecast view = forecasts_view(f, s->walk.task, KNOWS_STATE);
    states_read(&f->states, &s->walk);
    forecast_descent(f->inclusive, NULL, &view, s->rate, NULL, f->scratch);
    forecast_losses(s->token_losses, f->inclusive, forecasts_next(f), view.T, view.d);
    for (int b = 0; b < LANES; b++)
        losses[b] = 0;
    for (int i = 0; i < view.T * LANES; i++)
        losses[i % LANES] += s->token_losses[i] / view.T;
}

/* losses of the tasks first .. first+15 for model and descent. */
static void measure(struct state *s, const struct analysis_input *input, int first)
{
    double model[LANES], descent[LANES];
    walk_predict(&s->walk);
    walk_losses(model, &s->walk);
    if (has_sequences(input)) {
        descend(descent, s);
    } else {
        baseline_predict(&s->baseline, &s->walk);
        baseline_losses(descent, &s->baseline);
    }
    for (int b = 0; b < walk_lanes(first, input->evaluation.tasks); b++) {
        s->model[first + b] = model[b];
        s->descent[first + b] = descent[b];
    }
}

/* The best rate; returns the steps. */
static int32_t fit(struct state *s, const struct analysis_input *input)
{
    if (has_sequences(input)) {
        s->rate = forecasts_rate(&s->forecasts, &s->walk);
        return 1;
    }
    baseline_fit(&s->baseline, &s->walk);
    s->rate = s->baseline.descent.rate;
    return s->baseline.descent.steps;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    int tasks = input->evaluation.tasks;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    int32_t steps = fit(s, input);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        measure(s, input, first);
    }
    struct comparison c = losses_compare(s->model, s->descent, tasks);
    put_number(output, GD_RATE, s->rate);
    output->put(output->context, GD_STEPS, (const int32_t[]){1, 1, 1}, &steps);
    put_number(output, GD_LOSS, c.loss);
    put_number(output, GD_RATIO, c.ratio);
    put_number(output, GD_RATIO_CI95, c.ci95);
    put_number(output, GD_LOSS_MEDIAN, c.reference.median);
    put_number(output, GD_LOSS_TRIMMED, c.reference.trimmed);
    put_number(output, GD_RATIO_TRIMMED, c.trimmed);
}

const struct analysis analysis_gd = {
    .name = "gd",
    .about = "loss of gradient descent with one step a layer (on sequences one step), and the "
             "model's against it",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
