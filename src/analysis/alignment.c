/* Does the model answer, and respond to its query, as gradient descent does? (science.md 1.2) */
#include <math.h>

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
    real *doutputs; /* [output_tokens][outputs][LANES] */
    real *g;        /* [O][d][LANES] */
};

static int output_rows(const struct analysis_input *input)
{
    return input->model->shape.output_tokens * input->model->shape.outputs;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    baseline_create(&s->baseline, arena, input);
    s->doutputs = ARENA_TAKE(arena, real, output_rows(input) * LANES);
    s->g = ARENA_TAKE(arena, real, output_rows(input) * input->task->config.dimension * LANES);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double passes = 1 + 2 * output_rows(input);
    double task = task_cost(input->task) + passes * model_cost(input->model);
    return baseline_fit_cost(input) + baseline_predict_cost(input) + input->evaluation.tasks * task;
}

/* g = d yhat / d x_q, one backward an output. */
static void form_sensitivity(struct state *s, const struct analysis_input *input)
{
    int d = input->task->config.dimension, rows = output_rows(input);
    for (int o = 0; o < rows; o++) {
        for (int i = 0; i < rows * LANES; i++)
            s->doutputs[i] = i / LANES == o;
        pass_backward(s->walk.pass, s->doutputs);
        const real *query = pass_input_gradient(s->walk.pass) + input->task->pairs.query;
        for (int i = 0; i < d * LANES; i++)
            s->g[o * d * LANES + i] = query[i];
    }
}

/* Sums over tasks. */
struct sums {
    double preds, diff, cosine;
};

/* Adds the task in lane b; g is 0 where a clip cuts the prediction, of both or of one of them; with
 * several outputs |yhat - yhat_gd| is their mean, and g the vector of all entries of the Jacobian.
 */
static void add(struct sums *sums, const struct state *s, const real *yhat, int b)
{
    const struct baseline *gd = &s->baseline;
    int O = gd->group.O, d = gd->group.d;
    double preds = 0, square = 0, gg = 0, rr = 0, gr = 0;
    for (int at = b; at < O * LANES; at += LANES)
        preds += fabs((double)yhat[at] - gd->prediction[at]);
    for (int at = b; at < O * d * LANES; at += LANES) {
        double g = (double)s->g[at], r = gd->sensitivity[at];
        square += (g - r) * (g - r);
        gg += g * g;
        rr += r * r;
        gr += g * r;
    }
    sums->preds += preds / O;
    sums->diff += sqrt(square);
    sums->cosine += gg == 0 || rr == 0 ? gg == rr : gr / (sqrt(gg) * sqrt(rr));
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct sums sums = {0, 0, 0};
    int tasks = input->evaluation.tasks;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    baseline_fit(&s->baseline, &s->walk);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        const real *yhat = walk_predict(&s->walk);
        baseline_predict(&s->baseline, &s->walk);
        form_sensitivity(s, input);
        for (int b = 0; b < walk_lanes(first, tasks); b++)
            add(&sums, s, yhat, b);
    }
    put_number(output, PREDS_DIFF, sums.preds / tasks);
    put_number(output, MODEL_DIFF, sums.diff / tasks);
    put_number(output, MODEL_COS, sums.cosine / tasks);
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
