/* What the first layer takes from the tokens before one, when tokens are the states themselves
 * (science.md 2.7): the mean over tasks of |d (token t after layer 1) / d (input token j)|, the
 * norm of Frobenius, for j = t, t - 1, ...; at the end of training, and of its snapshots. */
#include <math.h>
#include <string.h>

#include "registry.h"
#include "walk.h"

/* clang-format off */
static const struct column columns[] = {
    {.name = "copy_sensitivity", .type = COLUMN_F64, .axes = {AXIS_COPYING, AXIS_BACK}, .level = LEVEL_BITS, .unit = "1",
     .about = "mean norm, over the first 256 evaluation tasks, of the derivative of a token after layer 1 by the input token so many before it; NaN where there is none"},
};

static const struct column training_columns[] = {
    {.name = "snapshot_copy_sensitivity", .type = COLUMN_F64, .axes = {AXIS_SNAPSHOT, AXIS_COPYING, AXIS_BACK}, .level = LEVEL_BITS, .unit = "1",
     .about = "copy_sensitivity of the snapshot"},
};
/* clang-format on */

/* The first of the evaluation set. */
enum { SENSITIVITY_TASKS = 256 };

struct state {
    struct walk walk;
    int points, back; /* lengths of the two axes */
    real *gradient;   /* [T of the stream][D][LANES] */
    double *squares;  /* [back][LANES] of the norms of the group at hand */
    double *means;    /* [snapshots or 1][points][back] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)task;
    return tokens->kind == TOKENS_RAW && model->kind == MODEL_TRANSFORMER;
}

static int task_count(const struct analysis_input *input)
{
    int tasks = input->evaluation.tasks;
    return tasks < SENSITIVITY_TASKS ? tasks : SENSITIVITY_TASKS;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    const struct model *model = input->model;
    int looks = input->snapshots > 1 ? input->snapshots : 1;
    s->points = analysis_axis_length(AXIS_COPYING, NULL, NULL);
    s->back = analysis_axis_length(AXIS_BACK, NULL, NULL);
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    s->gradient = ARENA_TAKE(arena, real, model->shape.tokens * model->D * LANES);
    s->squares = ARENA_TAKE(arena, double, s->back *LANES);
    s->means = ARENA_TAKE(arena, double, looks * s->points * s->back);
    return state;
}

/* Token of the task, 0, 1, ..., at a point of the axis. */
static int token_at(int point)
{
    return (int)analysis_axis(AXIS_COPYING)->value(point) - 1;
}

/* Backward from one channel of one token costs what a layer does forward, twice. */
static double cost(const struct analysis_input *input)
{
    const struct model *model = input->model;
    double forward = model_cost(model), channels = 0;
    for (int p = 0; p < analysis_axis_length(AXIS_COPYING, NULL, NULL); p++)
        channels += token_at(p) < input->task->shape.tokens ? model->D : 0;
    return task_count(input) *
           (task_cost(input->task) + forward + channels * 2 * forward / model->L);
}

static double training_cost(const struct analysis_input *input)
{
    return input->snapshots * cost(input);
}

/* squares[k] of d (token t after layer 1) / d (input token t - k), in each lane. */
static void differentiate(struct state *s, int t)
{
    const struct model *model = s->walk.input->model;
    const struct kernels *kernels = s->walk.input->kernels;
    int D = model->D, W = s->walk.task->shape.width;
    real *row = s->gradient + (ptrdiff_t)model_row(model, t) * D * LANES;
    memset(s->squares, 0, sizeof(double) * (size_t)(s->back * LANES));
    kernels->fill(s->gradient, 0, model->shape.tokens * D);
    for (int c = 0; c < D; c++) {
        kernels->fill(row + c * LANES, 1, 1);
        pass_backward_from(s->walk.pass, 1, s->gradient);
        kernels->fill(row + c * LANES, 0, 1);
        for (int k = 0; k < s->back && k <= t; k++) {
            const real *by = pass_input_gradient(s->walk.pass) + (ptrdiff_t)(t - k) * W * LANES;
            for (int i = 0; i < W * LANES; i++)
                s->squares[k * LANES + i % LANES] += (double)by[i] * (double)by[i];
        }
    }
}

/* means[points][back] of the weights that the pass has. */
static void measure(struct state *s, double *means)
{
    struct task_source source = evaluation_source(s->walk.input);
    int tasks = task_count(s->walk.input);
    for (int i = 0; i < s->points * s->back; i++) {
        bool there = token_at(i / s->back) < s->walk.task->shape.tokens;
        means[i] = there && i % s->back <= token_at(i / s->back) ? 0 : NAN;
    }
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        walk_predict(&s->walk);
        for (int p = 0; p < s->points && token_at(p) < s->walk.task->shape.tokens; p++) {
            differentiate(s, token_at(p));
            for (int k = 0; k < s->back; k++)
                for (int b = 0; b < walk_lanes(first, tasks); b++)
                    means[p * s->back + k] += sqrt(s->squares[k * LANES + b]) / tasks;
        }
    }
    for (int i = 0; i < s->points * s->back; i++)
        means[i] = isfinite(means[i]) ? means[i] : NAN;
}

static void start(struct state *s, const struct analysis_input *input)
{
    walk_start(&s->walk, input);
    pass_keep_all(s->walk.pass);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    start(s, input);
    measure(s, s->means);
    output->put(output->context, 0, (const int32_t[]){s->points, s->back, 1}, s->means);
}

static void execute_training(void *state, const struct analysis_input *input,
                             const struct analysis_output *output)
{
    struct state *s = state;
    start(s, input);
    for (int i = 0; i < input->snapshots; i++) {
        pass_weights(s->walk.pass, input->snapshot_weights + (size_t)i * input->model->parameters);
        measure(s, s->means + i * s->points * s->back);
    }
    output->put(output->context, 0, (const int32_t[]){input->snapshots, s->points, s->back},
                s->means);
}

const struct analysis analysis_copy_sensitivity = {
    .name = "copy_sensitivity",
    .about = "how much a raw token of a sequence depends on those before it after the first layer",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};

const struct analysis analysis_training_copy_sensitivity = {
    .name = "training_copy_sensitivity",
    .about = "copy_sensitivity of the kept snapshots",
    .columns = training_columns,
    .column_count = sizeof training_columns / sizeof training_columns[0],
    .applies = applies,
    .cost = training_cost,
    .create = create,
    .execute = execute_training,
};
