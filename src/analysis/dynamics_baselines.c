/* The loss at each token of a sequence: of the model, and of the algorithms that paper 2 compares
 * it with (science.md 2.3). */
#include <math.h>
#include <string.h>

#include "forecasts.h"
#include "registry.h"
#include "train/statistics.h"

enum { POSITION_LOSS, FORECAST_LOSS, FORECAST_ERROR, FORECAST_RATE, RICHARDSON_RATE };

/* clang-format off */
static const struct column columns[] = {
    [POSITION_LOSS] = {.name = "position_loss", .type = COLUMN_F64, .axes = {AXIS_POSITION}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean over the evaluation set of .5 |prediction - next state|^2 of a token; NaN of a token that predicts nothing"},
    [FORECAST_LOSS] = {.name = "forecast_loss", .type = COLUMN_F64, .axes = {AXIS_POSITION, AXIS_FORECAST, AXIS_KNOWN_PAIRS}, .level = LEVEL_BITS, .unit = "1",
        .about = "position_loss of an algorithm on the same sequences; NaN where the task does not have what it works on"},
    [FORECAST_ERROR] = {.name = "forecast_loss_error", .type = COLUMN_F64, .axes = {AXIS_FORECAST, AXIS_KNOWN_PAIRS}, .level = LEVEL_BITS, .unit = "1",
        .about = "standard error, over the evaluation set, of the mean of forecast_loss over the tokens that predict"},
    [FORECAST_RATE] = {.name = "forecast_rate", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "eta of the one step of gradient descent with the least loss on the evaluation set"},
    [RICHARDSON_RATE] = {.name = "richardson_rate", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "rate of the Richardson iteration with the least loss on the first 128 sequences of the evaluation set"},
};
/* clang-format on */

/* The points of AXIS_FORECAST. */
enum method {
    METHOD_ZERO,
    METHOD_DESCENT,
    METHOD_LEAST_SQUARES,
    METHOD_CHEBYSHEV,
    METHOD_NEUMANN,
    METHOD_NEWTON,
    METHOD_RICHARDSON,
    METHOD_FEATURES,
    METHOD_WINDOW,
    METHOD_CHEBYSHEV_FEATURES,
    METHOD_CHEBYSHEV_WINDOW,
    METHOD_BEST,
    METHOD_BEST_FEATURES,
    METHOD_BEST_WINDOW,
    METHODS
};

enum { PAIRS = 2, STEPS = 6, POWERS = STEPS + 1, SEARCH_GROUPS = 8 };

/* Ridge regression's, with this knowledge. */
static double strength_of(enum knowledge knowledge)
{
    return knowledge == KNOWS_WINDOW ? 10 : .001;
}

struct state {
    struct walk walk;
    struct forecasts forecasts;
    struct solver solvers[METHODS][PAIRS];       /* of the methods that have some */
    struct running_error errors[METHODS][PAIRS]; /* of the means over the tokens of a sequence */
    double rate;
    double *losses;   /* [T][LANES] of a group */
    double *model;    /* [rows of the stream] */
    double *sums;     /* [rows][METHODS][PAIRS] */
    double *searched; /* [SEARCH_GROUPS][T + 1][d][LANES] states */
    double *powers;   /* [PAIRS][POWERS][T][d][LANES] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)tokens, (void)model;
    return is_dynamics(task);
}

static enum knowledge knowledge_of(enum method method)
{
    switch (method) {
    case METHOD_FEATURES:
    case METHOD_CHEBYSHEV_FEATURES:
    case METHOD_BEST_FEATURES:
        return KNOWS_FEATURES;
    case METHOD_WINDOW:
    case METHOD_CHEBYSHEV_WINDOW:
    case METHOD_BEST_WINDOW:
        return KNOWS_WINDOW;
    default:
        return KNOWS_STATE;
    }
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    int rows = input->model->shape.tokens;
    walk_create(&s->walk, arena, input, PASS_FAST);
    forecasts_create(&s->forecasts, arena, input);
    s->losses = ARENA_TAKE(arena, double, input->task->shape.tokens *LANES);
    s->model = ARENA_TAKE(arena, double, rows);
    s->sums = ARENA_TAKE(arena, double, rows *METHODS *PAIRS);
    s->searched = ARENA_TAKE(arena, double,
                             SEARCH_GROUPS *(input->task->shape.tokens + 1) *
                                 input->task->shape.outputs * LANES);
    s->powers =
        ARENA_TAKE(arena, double,
                   PAIRS *POWERS * input->task->shape.tokens * input->task->shape.outputs * LANES);
    return state;
}

static double cost(const struct analysis_input *input)
{
    const struct task_config *task = &input->task->config;
    double T = input->task->shape.tokens, d = input->task->shape.outputs;
    double solvers = 2 * (3 * STEPS + (1 << STEPS)) + 8, searches = 40;
    double own = 4 * (STEPS + 3), best = 2 * own;
    double window = is_known(task, KNOWS_WINDOW) ? WINDOW * WINDOW : 0;
    double features = is_known(task, KNOWS_FEATURES) ? 1 : 0;
    double each = task_cost(input->task) + model_cost(input->model) +
                  T * d * d * (solvers + best + (window + features) * (4 + own + best) + 6);
    return forecasts_rate_cost(input) + input->evaluation.tasks * each +
           SEARCH_GROUPS * LANES * T * d * d * searches * (STEPS + 3);
}

/* Predictions of the group at hand; false: the task does not have what the method works on. */
static bool predict(struct state *s, enum method method)
{
    struct forecasts *f = &s->forecasts;
    enum knowledge knowledge = knowledge_of(method);
    const struct solver *solvers = s->solvers[method];
    const struct task *task = s->walk.task;
    if (!is_known(&task->config, knowledge))
        return false;
    struct forecast view = forecasts_view(f, task, knowledge);
    if (method == METHOD_ZERO || method == METHOD_DESCENT)
        forecast_descent(f->inclusive, f->lagged, &view, method == METHOD_ZERO ? 0 : s->rate, NULL,
                         f->scratch);
    else if (solvers[1].steps > 0) {
        forecast_solve(f->inclusive, NULL, &view, &solvers[0], f->scratch);
        forecast_solve(NULL, f->lagged, &view, &solvers[1], f->scratch);
    } else if (solvers[0].steps > 0)
        forecast_solve(f->inclusive, f->lagged, &view, &solvers[0], f->scratch);
    else
        forecast_ridge(f->inclusive, f->lagged, &view, strength_of(knowledge), f->scratch);
    return true;
}

/* The first `lanes` tasks of the group at hand. */
static void add_method(struct state *s, enum method method, int lanes)
{
    const struct forecasts *f = &s->forecasts;
    int T = f->states.T;
    bool known = predict(s, method);
    for (int lag = 0; lag < PAIRS; lag++) {
        forecast_losses(s->losses, lag ? f->lagged : f->inclusive, forecasts_next(f), T,
                        f->states.d);
        double means[LANES] = {0};
        for (int t = 0; t < T; t++) {
            int row = model_output_row(s->walk.input->model, t);
            double *sum = &s->sums[(row * METHODS + (int)method) * PAIRS + lag];
            for (int b = 0; b < lanes; b++) {
                double loss = known ? s->losses[t * LANES + b] : NAN;
                *sum += loss;
                means[b] += loss / T;
            }
        }
        for (int b = 0; b < lanes; b++)
            running_error_add(&s->errors[method][lag], means[b]);
    }
}

/* ---- solvers, and those that are fitted on the evaluation set, or on its first groups */

static double richardson_rate(struct state *s)
{
    struct forecasts *f = &s->forecasts;
    struct task_source source = evaluation_source(s->walk.input);
    int T = f->states.T, d = f->states.d;
    size_t group = (size_t)((T + 1) * d * LANES);
    for (int g = 0; g < SEARCH_GROUPS; g++) {
        walk_draw(&s->walk, &source, g * LANES);
        states_read(&f->states, &s->walk);
        memcpy(s->searched + (size_t)g * group, state_at(&f->states, 1), group * sizeof(double));
    }
    return forecast_richardson_rate(s->searched, SEARCH_GROUPS, T, d, STEPS, f->inclusive,
                                    f->scratch);
}

/* Both kinds of pairs of the first `lanes` tasks of the group at hand. */
static void add_powers(struct polynomial_fit fits[PAIRS], struct state *s, enum knowledge knowledge,
                       int lanes)
{
    struct forecasts *f = &s->forecasts;
    struct forecast view = forecasts_view(f, s->walk.task, knowledge);
    ptrdiff_t size = (ptrdiff_t)view.T * view.d * LANES;
    double *lagged = s->powers + POWERS * size;
    forecast_powers(s->powers, lagged, &view, STEPS, strength_of(knowledge), f->scratch);
    for (int lag = 0; lag < PAIRS; lag++)
        polynomial_add(&fits[lag], lag ? lagged : s->powers, forecasts_next(f), view.T * view.d,
                       lanes);
}

static void fit_polynomial(struct state *s, enum method method)
{
    enum knowledge knowledge = knowledge_of(method);
    struct task_source source = evaluation_source(s->walk.input);
    struct polynomial_fit fits[PAIRS] = {{.steps = STEPS}, {.steps = STEPS}};
    int tasks = s->walk.input->evaluation.tasks;
    if (!is_known(&s->walk.task->config, knowledge))
        return;
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        forecasts_read(&s->forecasts, &s->walk);
        add_powers(fits, s, knowledge, walk_lanes(first, tasks));
    }
    for (int lag = 0; lag < PAIRS; lag++)
        s->solvers[method][lag] = polynomial_best(&fits[lag], strength_of(knowledge));
}

static void prepare_solvers(struct state *s, double richardson)
{
    static const enum method chebyshev[] = {METHOD_CHEBYSHEV, METHOD_CHEBYSHEV_FEATURES,
                                            METHOD_CHEBYSHEV_WINDOW};
    for (int i = 0; i < 3; i++) {
        struct solver *solver = s->solvers[chebyshev[i]];
        *solver = solver_published();
        solver->strength = strength_of(knowledge_of(chebyshev[i]));
    }
    *s->solvers[METHOD_NEUMANN] = solver_constant(SOLVER_CHEBYSHEV, STEPS, 1, 0);
    *s->solvers[METHOD_NEWTON] = solver_constant(SOLVER_NEWTON, STEPS, 0, 0);
    *s->solvers[METHOD_RICHARDSON] = solver_constant(SOLVER_RICHARDSON, STEPS, richardson, 0);
    for (int method = METHOD_BEST; method <= METHOD_BEST_WINDOW; method++)
        fit_polynomial(s, (enum method)method);
}

static void put_means(struct state *s, const struct analysis_input *input,
                      const struct analysis_output *output)
{
    int rows = input->model->shape.tokens, tasks = input->evaluation.tasks;
    double errors[METHODS * PAIRS];
    for (int i = 0; i < METHODS * PAIRS; i++)
        errors[i] = running_error_of_mean(&s->errors[i / PAIRS][i % PAIRS]);
    for (int row = 0; row < rows; row++)
        s->model[row] /= tasks;
    for (int i = 0; i < rows * METHODS * PAIRS; i++)
        s->sums[i] = isnan(s->model[i / (METHODS * PAIRS)]) ? NAN : s->sums[i] / tasks;
    output->put(output->context, POSITION_LOSS, (const int32_t[]){rows, 1, 1}, s->model);
    output->put(output->context, FORECAST_LOSS, (const int32_t[]){rows, METHODS, PAIRS}, s->sums);
    output->put(output->context, FORECAST_ERROR, (const int32_t[]){METHODS, PAIRS, 1}, errors);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct task_source source = evaluation_source(input);
    int tasks = input->evaluation.tasks;
    walk_start(&s->walk, input);
    positions_start(s->model, input->model);
    s->rate = forecasts_rate(&s->forecasts, &s->walk);
    double richardson = richardson_rate(s);
    prepare_solvers(s, richardson);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        forecasts_read(&s->forecasts, &s->walk);
        for (int method = 0; method < METHODS; method++)
            add_method(s, (enum method)method, walk_lanes(first, tasks));
        walk_predict(&s->walk);
        positions_add(s->model, &s->walk, walk_lanes(first, tasks));
    }
    put_means(s, input, output);
    put_number(output, FORECAST_RATE, s->rate);
    put_number(output, RICHARDSON_RATE, richardson);
}

const struct analysis analysis_dynamics_baselines = {
    .name = "dynamics_baselines",
    .about = "loss at each token of a sequence: of the model, gradient descent, least squares, "
             "and iterations that approach it",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
