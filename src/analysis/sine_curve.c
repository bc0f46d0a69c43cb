/* Regression of sines as a picture: the model's answer to many queries on one context (science.md
 * 1.6). */
#include <math.h>

#include "registry.h"
#include "walk.h"

enum {
    SINE_PREDICTION,
    SINE_TRUTH,
    SINE_CONTEXT_X,
    SINE_CONTEXT_Y,
    SINE_ZERO_LOSS,
    SINE_ZERO_RATIO,
};

/* clang-format off */
static const struct column columns[] = {
    [SINE_PREDICTION] = {.name = "sine_prediction", .type = COLUMN_F32, .axes = {AXIS_QUERY},
        .level = LEVEL_BITS, .unit = "1",
        .about = "the model's answer to queries on the context of the first task of the evaluation set"},
    [SINE_TRUTH] = {.name = "sine_truth", .type = COLUMN_F32, .axes = {AXIS_QUERY},
        .level = LEVEL_BITS, .unit = "1", .about = "the sine of that task"},
    [SINE_CONTEXT_X] = {.name = "sine_context_x", .type = COLUMN_F32, .axes = {AXIS_PAIR},
        .level = LEVEL_BITS, .unit = "1", .about = "x of that context"},
    [SINE_CONTEXT_Y] = {.name = "sine_context_y", .type = COLUMN_F32, .axes = {AXIS_PAIR},
        .level = LEVEL_BITS, .unit = "1", .about = "y of that context"},
    [SINE_ZERO_LOSS] = {.name = "sine_zero_loss", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set of predicting 0"},
    [SINE_ZERO_RATIO] = {.name = "sine_zero_ratio", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean loss of the trained model over sine_zero_loss, on the same tasks"},
};
/* clang-format on */

struct state {
    struct walk walk;
    int queries;
    real *x, *y;                  /* [queries][LANES], the same in every lane; their labels */
    float *prediction, *truth;    /* [queries] */
    float *context_x, *context_y; /* [N] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)tokens, (void)model;
    return task->kind == TASK_SINE;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    s->queries = analysis_axis_length(AXIS_QUERY, NULL, NULL);
    walk_create(&s->walk, arena, input, PASS_FAST);
    s->x = ARENA_TAKE(arena, real, s->queries * LANES);
    s->y = ARENA_TAKE(arena, real, s->queries * LANES);
    s->prediction = ARENA_TAKE(arena, float, s->queries);
    s->truth = ARENA_TAKE(arena, float, s->queries);
    s->context_x = ARENA_TAKE(arena, float, input->task->config.context);
    s->context_y = ARENA_TAKE(arena, float, input->task->config.context);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double tasks = input->evaluation.tasks + analysis_axis_length(AXIS_QUERY, NULL, NULL);
    return tasks * (task_cost(input->task) + model_cost(input->model));
}

/* Puts the first task of the evaluation set into every lane. */
static void draw_context(struct state *s, const struct analysis_input *input)
{
    const struct task *task = input->task;
    struct task_source source = evaluation_source(input);
    real *tokens = pass_tokens(s->walk.pass);
    walk_draw(&s->walk, &source, 0);
    for (int i = 0; i < task->shape.tokens * task->shape.width; i++)
        for (int b = 1; b < LANES; b++)
            tokens[i * LANES + b] = tokens[i * LANES];
    for (int i = 0; i < task->config.context; i++) {
        s->context_x[i] = (float)tokens[task->pairs.x + i * task->pairs.pair];
        s->context_y[i] = (float)tokens[task->pairs.y + i * task->pairs.pair];
    }
}

/* 16 queries at a time. */
static void predict_curve(struct state *s, const struct analysis_input *input)
{
    real *query = pass_tokens(s->walk.pass) + input->task->pairs.query;
    for (int first = 0; first < s->queries; first += LANES) {
        int lanes = walk_lanes(first, s->queries);
        for (int b = 0; b < lanes; b++)
            query[b] = s->x[(first + b) * LANES];
        const real *yhat = walk_predict(&s->walk);
        for (int b = 0; b < lanes; b++)
            s->prediction[first + b] = isfinite(yhat[b]) ? (float)yhat[b] : NAN;
    }
}

static void draw_truth(struct state *s, const struct analysis_input *input)
{
    struct task_source source = evaluation_source(input);
    for (int i = 0; i < s->queries; i++)
        input->kernels->fill(s->x + i * LANES, (real)analysis_axis(AXIS_QUERY)->value(i), 1);
    sine_label(s->y, s->x, s->queries, input->task, input->kernels, &source, 0);
    for (int i = 0; i < s->queries; i++)
        s->truth[i] = (float)s->y[i * LANES];
}

static void put_losses(struct state *s, const struct analysis_input *input,
                       const struct analysis_output *output)
{
    struct task_source source = evaluation_source(input);
    int tasks = input->evaluation.tasks;
    double model = 0, zero = 0;
    for (int first = 0; first < tasks; first += LANES) {
        double losses[LANES];
        walk_draw(&s->walk, &source, first);
        walk_predict(&s->walk);
        walk_losses(losses, &s->walk);
        for (int b = 0; b < walk_lanes(first, tasks); b++) {
            double y = (double)s->walk.target[b];
            model += losses[b];
            zero += .5 * y * y;
        }
    }
    put_number(output, SINE_ZERO_LOSS, zero / tasks);
    put_number(output, SINE_ZERO_RATIO, isfinite(model) ? model / zero : NAN);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    const int32_t curve[] = {s->queries, 1, 1}, context[] = {input->task->config.context, 1, 1};
    walk_start(&s->walk, input);
    draw_context(s, input);
    draw_truth(s, input);
    predict_curve(s, input);
    output->put(output->context, SINE_PREDICTION, curve, s->prediction);
    output->put(output->context, SINE_TRUTH, curve, s->truth);
    output->put(output->context, SINE_CONTEXT_X, context, s->context_x);
    output->put(output->context, SINE_CONTEXT_Y, context, s->context_y);
    put_losses(s, input, output);
}

const struct analysis analysis_sine_curve = {
    .name = "sine_curve",
    .about =
        "the model's answers to 100 queries on one context of a sine, and its loss against that "
        "of predicting 0",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
