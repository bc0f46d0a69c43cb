#include "forecasts.h"

bool is_dynamics(const struct task_config *task)
{
    return task->kind == TASK_LINEAR_DYNAMICS || task->kind == TASK_FIXED_DYNAMICS ||
           task->kind == TASK_CONTRACTING_DYNAMICS || task->kind == TASK_PARTIALLY_OBSERVED ||
           task->kind == TASK_NONLINEAR_DYNAMICS;
}

bool is_known(const struct task_config *task, enum knowledge knowledge)
{
    return knowledge == KNOWS_STATE ||
           (knowledge == KNOWS_FEATURES && task->kind == TASK_NONLINEAR_DYNAMICS) ||
           (knowledge == KNOWS_WINDOW && task->kind == TASK_PARTIALLY_OBSERVED);
}

/* Features of the richest knowledge that the task has. */
static int features_of(const struct task_config *task)
{
    return is_known(task, KNOWS_WINDOW) ? WINDOW * task->dimension : task->dimension;
}

void forecasts_create(struct forecasts *f, struct arena *arena, const struct analysis_input *input)
{
    const struct task *task = input->task;
    int T = task->shape.tokens, d = task->shape.outputs, F = features_of(&task->config);
    bool nonlinear = is_known(&task->config, KNOWS_FEATURES);
    struct forecast richest = {.d = d, .T = T, .F = F};
    *f = (struct forecasts){
        .states = states_create(arena, task),
        .features = ARENA_TAKE(arena, double, T *F *LANES),
        .seen = ARENA_TAKE(arena, real, nonlinear ? T * d * LANES : 0),
        .made = ARENA_TAKE(arena, real, nonlinear ? T * d * LANES : 0),
        .drawing = ARENA_TAKE(arena, real, nonlinear ? nonlinear_scratch(task) * LANES : 0),
        .scratch = ARENA_TAKE(arena, double, forecast_scratch(&richest)),
        .inclusive = ARENA_TAKE(arena, double, T *d *LANES),
        .lagged = ARENA_TAKE(arena, double, T *d *LANES),
    };
}

static void read_features(struct forecasts *f, const struct walk *walk)
{
    int count = f->states.T * f->states.d * LANES;
    for (int i = 0; i < count; i++)
        f->seen[i] = (real)state_at(&f->states, 1)[i];
    nonlinear_features(f->made, f->seen, f->states.T, walk->task, walk->input->kernels, f->drawing);
    for (int i = 0; i < count; i++)
        f->features[i] = (double)f->made[i];
}

/* Token t has o_t, o_{t-1}, ... o_{t-15}. */
static void read_window(struct forecasts *f)
{
    int state = f->states.d * LANES;
    for (int t = 1; t <= f->states.T; t++)
        for (int lag = 0; lag < WINDOW; lag++) {
            const double *from = state_at(&f->states, t > lag ? t - lag : 0);
            double *to = f->features + (ptrdiff_t)((t - 1) * WINDOW + lag) * state;
            for (int i = 0; i < state; i++)
                to[i] = from[i];
        }
}

void forecasts_read(struct forecasts *f, const struct walk *walk)
{
    states_read(&f->states, walk);
    if (is_known(&walk->task->config, KNOWS_FEATURES))
        read_features(f, walk);
    if (is_known(&walk->task->config, KNOWS_WINDOW))
        read_window(f);
}

struct forecast forecasts_view(const struct forecasts *f, const struct task *task,
                               enum knowledge knowledge)
{
    const double *states = state_at(&f->states, 1);
    bool own = knowledge == KNOWS_STATE;
    return (struct forecast){.d = f->states.d,
                             .T = f->states.T,
                             .F = own ? f->states.d : features_of(&task->config),
                             .states = states,
                             .features = own ? states : f->features};
}

const double *forecasts_next(const struct forecasts *f)
{
    return state_at(&f->states, 2);
}

/* With y the next state and p the prediction of rate 1: eta = sum y.p / sum p.p. */
static double find_rate(struct forecasts *f, struct walk *walk)
{
    struct task_source source = evaluation_source(walk->input);
    struct forecast view = forecasts_view(f, walk->task, KNOWS_STATE);
    const double *next = forecasts_next(f);
    int tasks = walk->input->evaluation.tasks;
    double product = 0, square = 0;
    for (int first = 0; first < tasks; first += LANES) {
        int lanes = walk_lanes(first, tasks);
        walk_draw(walk, &source, first);
        states_read(&f->states, walk);
        forecast_descent(f->inclusive, NULL, &view, 1, NULL, f->scratch);
        for (int i = 0; i < view.T * view.d; i++)
            for (int b = 0; b < lanes; b++) {
                double p = f->inclusive[i * LANES + b];
                product += p * next[i * LANES + b];
                square += p * p;
            }
    }
    return square > 0 ? product / square : 0;
}

double forecasts_rate(struct forecasts *f, struct walk *walk)
{
    struct fits own = {0}, *fits = walk->input->fits ? walk->input->fits : &own;
    if (!fits->has_rate) {
        fits->rate = find_rate(f, walk);
        fits->has_rate = true;
    }
    return fits->rate;
}

double forecasts_descent_cost(const struct analysis_input *input)
{
    double d = input->task->shape.outputs, T = input->task->shape.tokens;
    return 2 * T * d * d;
}

double forecasts_rate_cost(const struct analysis_input *input)
{
    if (input->fits && input->fits->rate_counted)
        return 0;
    if (input->fits)
        input->fits->rate_counted = true;
    return input->evaluation.tasks * (task_cost(input->task) + forecasts_descent_cost(input));
}
