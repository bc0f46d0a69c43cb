/* Losses of few-shot streams, pair by pair, and those of least squares (science.md 2.8). */
#include <math.h>

#include "registry.h"
#include "states.h"
#include "theory/forecast.h"

enum { SHOT_LOSS, SHOT_STREAM, SHOT_PAIRS, SHOT_COLUMNS };

/* clang-format off */
static const struct column columns[] = {
    [SHOT_LOSS] = {.name = "shot_loss", .type = COLUMN_F64, .axes = {AXIS_SHOT}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set of the prediction of each pair's y"},
    [SHOT_STREAM] = {.name = "shot_least_squares", .type = COLUMN_F64, .axes = {AXIS_SHOT}, .level = LEVEL_BITS, .unit = "1",
        .about = "that of least squares on the stream, with strength .001, which takes y and the next x for a pair, too; lagged"},
    [SHOT_PAIRS] = {.name = "shot_least_squares_pairs", .type = COLUMN_F64, .axes = {AXIS_SHOT}, .level = LEVEL_BITS, .unit = "1",
        .about = "that of least squares on the pairs of the same task alone, with strength .001"},
};
/* clang-format on */

/* The papers' strength of least squares. */
#define STRENGTH 1e-3

struct state {
    struct walk walk;
    struct states states;
    int shots;           /* pairs of all tasks of a sequence */
    double *predictions; /* [T][d][LANES] */
    double *inputs;      /* [N][d][LANES] x_1 .. x_N of one task */
    double *labels;      /* [N][d][LANES] 0, y_1 .. y_{N-1} */
    double *scratch;
    double *means; /* [SHOT_COLUMNS][shots] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)tokens, (void)model;
    return task->kind == TASK_FEW_SHOT;
}

static struct forecast stream_of(const struct state *s)
{
    const double *first = s->states.at ? state_at(&s->states, 1) : NULL;
    return (struct forecast){s->states.d, s->states.T, s->states.d, first, first};
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    int d = input->task->shape.outputs, N = input->task->config.context;
    walk_create(&s->walk, arena, input, PASS_FAST);
    s->states = states_create(arena, input->task);
    s->shots = input->task->shape.output_tokens;
    struct forecast stream = stream_of(s);
    s->predictions = ARENA_TAKE(arena, double, s->states.T *d *LANES);
    s->inputs = ARENA_TAKE(arena, double, N *d *LANES);
    s->labels = ARENA_TAKE(arena, double, N *d *LANES);
    s->scratch = ARENA_TAKE(arena, double, forecast_scratch(&stream));
    s->means = ARENA_TAKE(arena, double, SHOT_COLUMNS * s->shots);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double d = input->task->shape.outputs, T = input->task->shape.tokens;
    return input->evaluation.tasks *
           (task_cost(input->task) + model_cost(input->model) + 6 * T * d * d);
}

/* Adds the losses of the first `lanes` sequences; prediction [d][LANES] of pair `shot`. */
static void add(struct state *s, int column, int shot, const double *prediction, int lanes)
{
    const double *y = state_at(&s->states, 2 * shot + 2);
    for (int b = 0; b < lanes; b++) {
        double square = 0;
        for (int c = 0; c < s->states.d; c++) {
            double error = prediction[c * LANES + b] - y[c * LANES + b];
            square += error * error;
        }
        s->means[column * s->shots + shot] += .5 * square / s->walk.input->evaluation.tasks;
    }
}

static void take_model(struct state *s, int lanes)
{
    int size = s->states.d * LANES;
    const real *outputs = walk_predict(&s->walk);
    for (int shot = 0; shot < s->shots; shot++) {
        for (int i = 0; i < size; i++)
            s->predictions[i] = (double)outputs[shot * size + i];
        add(s, SHOT_LOSS, shot, s->predictions, lanes);
    }
}

static void take_stream(struct state *s, int lanes)
{
    struct forecast stream = stream_of(s);
    forecast_ridge(NULL, s->predictions, &stream, STRENGTH, s->scratch);
    for (int shot = 0; shot < s->shots; shot++)
        add(s, SHOT_STREAM, shot, s->predictions + 2 * shot * s->states.d * LANES, lanes);
}

/* A task is a sequence whose features are x_1, x_2, ...: the state behind x_i is y_i. */
static void take_pairs(struct state *s, int lanes)
{
    int N = s->walk.task->config.context, d = s->states.d, size = d * LANES;
    struct forecast pairs = {d, N, d, s->labels, s->inputs};
    for (int first = 0; first < s->shots; first += N) {
        for (int i = 0; i < N * size; i++) {
            int pair = first + i / size;
            s->inputs[i] = state_at(&s->states, 2 * pair + 1)[i % size];
            s->labels[i] = i < size ? 0 : state_at(&s->states, 2 * pair)[i % size];
        }
        forecast_ridge(s->predictions, NULL, &pairs, STRENGTH, s->scratch);
        for (int i = 0; i < N; i++)
            add(s, SHOT_PAIRS, first + i, s->predictions + i * size, lanes);
    }
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct task_source source = evaluation_source(input);
    int tasks = input->evaluation.tasks;
    walk_start(&s->walk, input);
    for (int first = 0; first < tasks; first += LANES) {
        int lanes = walk_lanes(first, tasks);
        walk_draw(&s->walk, &source, first);
        states_read(&s->states, &s->walk);
        take_model(s, lanes);
        take_stream(s, lanes);
        take_pairs(s, lanes);
    }
    for (int i = 0; i < SHOT_COLUMNS * s->shots; i++)
        s->means[i] = isfinite(s->means[i]) ? s->means[i] : NAN;
    for (int column = 0; column < SHOT_COLUMNS; column++)
        output->put(output->context, column, (const int32_t[]){s->shots, 1, 1},
                    s->means + column * s->shots);
}

const struct analysis analysis_shots = {
    .name = "shots",
    .about = "losses of few-shot streams after so many pairs, of the model and of least squares",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
