/* How well conditioned the regression is that a sequence poses at each token, and what is left of
 * it when the layers up to one have prepared the query (science.md 2.7). */
#include <math.h>

#include "math/lapack.h"
#include "registry.h"
#include "states.h"
#include "train/statistics.h"

enum { CONDITION_NUMBER, CONDITION_PRECONDITIONED };

/* clang-format off */
static const struct column columns[] = {
    [CONDITION_NUMBER] = {.name = "condition_number", .type = COLUMN_F32, .axes = {AXIS_POSITION}, .level = LEVEL_BLAS, .unit = "1",
        .about = "median over the first 1,024 evaluation tasks of the condition number of R_t + .001 I, R_t = sum over i <= t of s_{i-1} s_{i-1}'"},
    [CONDITION_PRECONDITIONED] = {.name = "condition_preconditioned", .type = COLUMN_F32, .axes = {AXIS_LAYER, AXIS_POSITION},
        .level = LEVEL_BLAS, .unit = "1",
        .about = "the same of P (R_t + .001 I), P the derivative of channel 2 of constructed token t after a layer by itself before; every fifth token, else NaN; NaN of masked tokens"},
};
/* clang-format on */

/* The first of the evaluation set, the same for both columns: they agree before the first layer. A
 * derivative is a backward pass for each of its rows. */
enum { TASKS = 1024, DERIVATIVE_EVERY = 5 };

struct state {
    struct walk walk;
    struct states states;
    int layers, tasks, derivatives; /* L + 1; derivatives: tasks or 0 */
    real *gradient;                 /* [T of the stream][D][LANES] */
    double *R;                      /* [T + 1][d][d][LANES], t = 1 .. T: R_t + .001 I */
    double *P;                      /* [d][d][LANES] */
    double *matrix, *square;        /* [d][d] of one task */
    double *eigenvalues;            /* [d] */
    double *plain;                  /* [T + 1][tasks] */
    double *prepared;               /* [L + 1][T + 1][derivatives] */
    float *values;                  /* [L + 1][T of the stream] */
};

/* Whether a token has a channel that nothing but its query needs. */
static bool has_query(const struct task *task)
{
    return task->tokens.kind == TOKENS_CONSTRUCTED && !task->tokens.masked;
}

static int tasks_of(const struct analysis_input *input)
{
    return input->evaluation.tasks < TASKS ? input->evaluation.tasks : TASKS;
}

static int derivative_tasks(const struct analysis_input *input)
{
    bool plain = input->model->config.embedding == 0;
    return plain && has_query(input->task) ? tasks_of(input) : 0;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    const struct model *model = input->model;
    int T = input->task->shape.tokens, d = input->task->shape.outputs, square = d * d;
    s->layers = model->L + 1;
    s->tasks = tasks_of(input);
    s->derivatives = derivative_tasks(input);
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    s->states = states_create(arena, input->task);
    s->gradient = ARENA_TAKE(arena, real, model->shape.tokens * model->D * LANES);
    s->R = ARENA_TAKE(arena, double, (T + 1) * square * LANES);
    s->P = ARENA_TAKE(arena, double, square *LANES);
    s->matrix = ARENA_TAKE(arena, double, square);
    s->square = ARENA_TAKE(arena, double, square);
    s->eigenvalues = ARENA_TAKE(arena, double, d);
    s->plain = ARENA_TAKE(arena, double, (T + 1) * s->tasks);
    s->prepared = ARENA_TAKE(arena, double, s->layers *(T + 1) * s->derivatives);
    s->values = ARENA_TAKE(arena, float, s->layers * model->shape.tokens);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double T = input->task->shape.tokens, d = input->task->shape.outputs, L = input->model->L;
    double eigen = 20 * d * d * d, passes = T / DERIVATIVE_EVERY * d * (L + 1);
    return tasks_of(input) * (task_cost(input->task) + T * eigen) +
           derivative_tasks(input) * (1 + passes) * model_cost(input->model);
}

/* R_t + .001 I of the sequences at hand. */
static void gather(struct state *s)
{
    int d = s->states.d, square = d * d * LANES;
    states_read(&s->states, &s->walk);
    for (int i = 0; i < square; i++)
        s->R[i] = i / LANES % (d + 1) == 0 ? STATES_RIDGE : 0;
    for (int t = 1; t <= s->states.T; t++) {
        const double *before = s->R + (ptrdiff_t)(t - 1) * square;
        const double *state = state_at(&s->states, t - 1);
        for (int i = 0; i < square; i++) {
            int row = i / LANES / d, column = i / LANES % d, b = i % LANES;
            s->R[(ptrdiff_t)t * square + i] =
                before[i] + state[row * LANES + b] * state[column * LANES + b];
        }
    }
}

/* Of a symmetric positive matrix [d][d]. */
static double condition(const struct state *s, const double *matrix)
{
    int d = s->states.d;
    if (!lapack_eigen(s->eigenvalues, NULL, matrix, d))
        return NAN;
    return s->eigenvalues[0] > 0 ? s->eigenvalues[d - 1] / s->eigenvalues[0] : INFINITY;
}

static double plain_condition(const struct state *s, int t, int lane)
{
    int square = s->states.d * s->states.d;
    for (int i = 0; i < square; i++)
        s->matrix[i] = s->R[((ptrdiff_t)t * square + i) * LANES + lane];
    return condition(s, s->matrix);
}

/* Of P (R_t + .001 I), by the squares of its singular values. */
static double prepared_condition(const struct state *s, int t, int lane)
{
    int d = s->states.d, square = d * d;
    for (int i = 0; i < square; i++) {
        s->matrix[i] = 0;
        for (int k = 0; k < d; k++)
            s->matrix[i] += s->P[(i / d * d + k) * LANES + lane] *
                            s->R[((ptrdiff_t)t * square + k * d + i % d) * LANES + lane];
        s->square[i] = 0;
    }
    lapack_gram(s->square, s->matrix, d, d);
    return sqrt(condition(s, s->square));
}

/* P of token t, 1 .. T, after a layer: its rows one by one. */
static void differentiate(struct state *s, int layer, int t)
{
    const struct model *model = s->walk.input->model;
    const struct kernels *kernels = s->walk.input->kernels;
    int d = s->states.d, W = s->walk.task->shape.width;
    real *query = s->gradient + ((ptrdiff_t)model_row(model, t - 1) * model->D + d) * LANES;
    kernels->fill(s->gradient, 0, model->shape.tokens * model->D);
    for (int row = 0; row < d; row++) {
        kernels->fill(query + row * LANES, 1, 1);
        pass_backward_from(s->walk.pass, layer, s->gradient);
        kernels->fill(query + row * LANES, 0, 1);
        const real *by = pass_input_gradient(s->walk.pass) + ((t - 1) * W + d) * LANES;
        for (int i = 0; i < d * LANES; i++)
            s->P[row * d * LANES + i] = (double)by[i];
    }
}

static double *plain_at(const struct state *s, int t)
{
    return s->plain + (ptrdiff_t)t * s->tasks;
}

static double *prepared_at(const struct state *s, int layer, int t)
{
    return s->prepared + (ptrdiff_t)(layer * (s->states.T + 1) + t) * s->derivatives;
}

/* The tasks first .. first+15 that are also differentiated. */
static void take_derivatives(struct state *s, int first)
{
    int lanes = walk_lanes(first, s->derivatives);
    walk_predict(&s->walk);
    for (int t = DERIVATIVE_EVERY; t <= s->states.T; t += DERIVATIVE_EVERY)
        for (int layer = 0; layer < s->layers; layer++) {
            if (layer > 0)
                differentiate(s, layer, t);
            for (int b = 0; b < lanes; b++)
                prepared_at(s, layer, t)[first + b] =
                    layer > 0 ? prepared_condition(s, t, b) : plain_at(s, t)[first + b];
        }
}

static float median(double *values, int count)
{
    double middle = count > 0 ? loss_statistics(values, count).median : NAN;
    return (float)(isfinite(middle) ? middle : NAN);
}

static void put(const struct state *s, const struct analysis_output *output)
{
    const struct model *model = s->walk.input->model;
    int rows = model->shape.tokens;
    for (int i = 0; i < s->layers * rows; i++)
        s->values[i] = NAN;
    for (int t = 1; t <= s->states.T; t++)
        s->values[model_row(model, t - 1)] = median(plain_at(s, t), s->tasks);
    output->put(output->context, CONDITION_NUMBER, (const int32_t[]){rows, 1, 1}, s->values);
    for (int i = 0; i < s->layers * rows; i++)
        s->values[i] = NAN;
    for (int t = DERIVATIVE_EVERY; t <= s->states.T; t += DERIVATIVE_EVERY)
        for (int layer = 0; layer < s->layers; layer++)
            s->values[layer * rows + model_row(model, t - 1)] =
                median(prepared_at(s, layer, t), s->derivatives);
    output->put(output->context, CONDITION_PRECONDITIONED, (const int32_t[]){s->layers, rows, 1},
                s->values);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    pass_keep_all(s->walk.pass);
    for (int first = 0; first < s->tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        gather(s);
        for (int t = 1; t <= s->states.T; t++)
            for (int b = 0; b < walk_lanes(first, s->tasks); b++)
                plain_at(s, t)[first + b] = plain_condition(s, t, b);
        if (first < s->derivatives)
            take_derivatives(s, first);
    }
    put(s, output);
}

const struct analysis analysis_condition = {
    .name = "condition",
    .about = "condition numbers of the regression at each token of a sequence, and of what layers "
             "make of it",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = reads_states,
    .cost = cost,
    .create = create,
    .execute = execute,
};
