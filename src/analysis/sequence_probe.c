/* Linear probes of sequences: what can be read off a token of the stream after a layer of the state
 * that follows, of those that came before, and of what algorithms make of them (science.md 2.7). */
#include <string.h>

#include "forecasts.h"
#include "probing.h"
#include "registry.h"

enum { SEQUENCE_R2, SEQUENCE_R2_IN_SAMPLE };

/* clang-format off */
static const struct column columns[] = {
    [SEQUENCE_R2] = {.name = "sequence_probe_r2", .type = COLUMN_F32, .axes = {AXIS_LAYER, AXIS_POSITION, AXIS_STATE_TARGET},
        .level = LEVEL_BLAS, .unit = "1",
        .about = "held-out R^2 of a ridge probe from the stream of a token after a layer to the target; NaN where there is no such state"},
    [SEQUENCE_R2_IN_SAMPLE] = {.name = "sequence_probe_r2_in_sample", .type = COLUMN_F32, .axes = {AXIS_LAYER, AXIS_POSITION, AXIS_STATE_TARGET},
        .level = LEVEL_BLAS, .unit = "1",
        .about = "R^2 of least squares (strength 1e-10) on the 256 sequences themselves that it was fitted on"},
};
/* clang-format on */

struct state {
    struct probing probing;
    struct forecasts forecasts; /* states and features of the group at hand */
    double *values;             /* [d][LANES] */
    double *preconditioned;     /* [T][d][LANES] (R_t + STATES_RIDGE I)^-1 s_t, t = 1 .. T */
    int *tokens;                /* [rows of the stream] t = 1 .. T, 0: no token of the task */
};

/* values[d][LANES] of what a probe of token t is asked for; NULL: there is none. */
typedef const double *(*target)(const struct state *s, int t, double *values, int past);

static const double *next(const struct state *s, int t, double *values, int past)
{
    (void)values, (void)past;
    return state_at(&s->forecasts.states, t + 1);
}

static const double *preconditioned(const struct state *s, int t, double *values, int past)
{
    (void)values, (void)past;
    return s->preconditioned + (ptrdiff_t)(t - 1) * s->forecasts.states.d * LANES;
}

/* f(s_t) / |f(s_t)| of non-linear dynamics. */
static const double *features(const struct state *s, int t, double *values, int past)
{
    const struct task *task = s->probing.walk.task;
    (void)values, (void)past;
    if (!is_known(&task->config, KNOWS_FEATURES))
        return NULL;
    return forecasts_view(&s->forecasts, task, KNOWS_FEATURES).features +
           (ptrdiff_t)(t - 1) * s->forecasts.states.d * LANES;
}

static const double *earlier(const struct state *s, int t, double *values, int past)
{
    (void)values;
    return t > past ? state_at(&s->forecasts.states, t - past) : NULL;
}

/* What no token of this sequence can know: the next state of its neighbour. */
static const double *of_another(const struct state *s, int t, double *values, int past)
{
    const double *state = state_at(&s->forecasts.states, t + 1);
    (void)past;
    for (int i = 0; i < s->forecasts.states.d * LANES; i++)
        values[i] = state[i / LANES * LANES + (i + 1) % LANES];
    return values;
}

/* In the order of AXIS_STATE_TARGET. */
static const struct {
    target target;
    int past;
} targets[] = {{next, 0},    {earlier, 0}, {preconditioned, 0}, {features, 0},
               {earlier, 1}, {earlier, 2}, {earlier, 3},        {earlier, 4},
               {earlier, 5}, {earlier, 6}, {earlier, 7},        {of_another, 0}};

enum { TARGETS = sizeof targets / sizeof targets[0] };

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    int T = input->task->shape.tokens, d = input->task->shape.outputs;
    probing_create(&s->probing, arena, input, TARGETS, d);
    forecasts_create(&s->forecasts, arena, input);
    s->values = ARENA_TAKE(arena, double, d *LANES);
    s->preconditioned = ARENA_TAKE(arena, double, T *d *LANES);
    s->tokens = ARENA_TAKE(arena, int, input->model->shape.tokens);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double T = input->task->shape.tokens, d = input->task->shape.outputs;
    return probing_cost(input, TARGETS, (int)d, 4 * T * d * d);
}

static void look(void *context, const struct walk *walk)
{
    struct state *s = context;
    struct forecast sequences = forecasts_view(&s->forecasts, walk->task, KNOWS_STATE);
    forecasts_read(&s->forecasts, walk);
    forecast_precondition(s->preconditioned, &sequences, STATES_RIDGE, s->forecasts.scratch);
}

static void ask(double *y, void *context, int row)
{
    const struct state *s = context;
    int d = s->forecasts.states.d, m = TARGETS * d, t = s->tokens[row];
    memset(y, 0, sizeof(double) * (size_t)(LANES * m));
    for (int k = 0; k < TARGETS && t > 0; k++) {
        const double *values = targets[k].target(s, t, s->values, targets[k].past);
        for (int i = 0; values && i < d * LANES; i++)
            y[i % LANES * m + k * d + i / LANES] = values[i];
    }
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    const int32_t shape[] = {input->model->L + 1, input->model->shape.tokens, TARGETS};
    struct probing_targets asked = {s, look, ask};
    for (int t = 1; t <= s->forecasts.states.T; t++)
        s->tokens[model_row(input->model, t - 1)] = t;
    probing_start(&s->probing, input);
    probing_execute(&s->probing, &asked);
    output->put(output->context, SEQUENCE_R2, shape, s->probing.held_out);
    output->put(output->context, SEQUENCE_R2_IN_SAMPLE, shape, s->probing.in_sample);
}

const struct analysis analysis_sequence_probe = {
    .name = "sequence_probe",
    .about = "linear probes of every layer and token of sequences: held-out and in sample, for the "
             "next state, earlier ones, and the preconditioned one",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = reads_states,
    .cost = cost,
    .create = create,
    .execute = execute,
};
