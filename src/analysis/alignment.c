/* Does the model answer, and respond to its query, as gradient descent does? (science.md 1.2) */
#include "compare.h"
#include "registry.h"
#include "walk.h"

enum { PREDS_DIFF, MODEL_DIFF, MODEL_COS };

/* clang-format off */
static const struct column columns[] = {
    [PREDS_DIFF] = {.name = "preds_diff", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean |yhat - yhat_gd| over the evaluation set"},
    [MODEL_DIFF] = {.name = "model_diff", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean |g - g_gd| over the evaluation set, g = d yhat / d x_q"},
    [MODEL_COS] = {.name = "model_cos", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean cosine of g and g_gd over the evaluation set; 0 where one of them is 0, 1 where both are"},
};
/* clang-format on */

struct state {
    struct walk walk;
    struct baseline baseline;
    struct response response;
};

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    baseline_create(&s->baseline, arena, input);
    response_create(&s->response, arena, input);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double task = task_cost(input->task) + response_cost(input);
    return baseline_fit_cost(input) + baseline_predict_cost(input) + input->evaluation.tasks * task;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct likeness likeness = {0};
    int tasks = input->evaluation.tasks;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    baseline_fit(&s->baseline, &s->walk);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        response_form(&s->response, &s->walk);
        baseline_predict(&s->baseline, &s->walk);
        likeness_add(&likeness, &s->response, s->baseline.prediction, s->baseline.sensitivity,
                     walk_lanes(first, tasks));
    }
    put_number(output, PREDS_DIFF, likeness.preds / tasks);
    put_number(output, MODEL_DIFF, likeness.diff / tasks);
    put_number(output, MODEL_COS, likeness.cosine / tasks);
}

const struct analysis analysis_alignment = {
    .name = "alignment",
    .about =
        "differences of predictions and of sensitivities between the model and gradient descent",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = compares_with_descent,
    .cost = cost,
    .create = create,
    .execute = execute,
};
