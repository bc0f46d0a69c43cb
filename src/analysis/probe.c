/* Linear probes of regression: what can be read off the stream of the query's label, and of the
 * steps of gradient descent, per layer and token (science.md 2.7). */
#include <math.h>

#include "probing.h"
#include "registry.h"

enum { PROBE_R2, PROBE_R2_QUERY };

/* clang-format off */
static const struct column columns[] = {
    [PROBE_R2] = {.name = "probe_r2", .type = COLUMN_F32, .axes = {AXIS_LAYER, AXIS_POSITION, AXIS_TARGET},
        .level = LEVEL_BLAS, .unit = "1",
        .about = "held-out R^2 of a ridge probe from the stream of a token after a layer to the target; NaN beyond the steps of gradient descent"},
    [PROBE_R2_QUERY] = {.name = "probe_r2_query", .type = COLUMN_F64, .level = LEVEL_BLAS, .summary = true, .unit = "1",
        .about = "probe_r2 of the query's label from the query's token after the last layer"},
};
/* clang-format on */

struct state {
    struct probing probing;
    struct baseline baseline;
    int steps;           /* of gradient descent; 0: it is no target */
    double *predictions; /* [steps][O][LANES] */
    const real *target;  /* [O][LANES] of the group at hand */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)tokens, (void)model;
    return task->kind == TASK_LINEAR_REGRESSION;
}

static int traced_steps(const struct analysis_input *input)
{
    return descent_steps(&input->task->tokens, &input->model->config);
}

/* The label, and as many steps as there are layers at most. */
static int target_count(const struct analysis_input *input)
{
    return input->model->L + 1;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    int O = input->model->shape.outputs;
    s->steps = traced_steps(input);
    s->predictions = ARENA_TAKE(arena, double, s->steps *O *LANES);
    probing_create(&s->probing, arena, input, target_count(input), O);
    baseline_create(&s->baseline, arena, input);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double steps = traced_steps(input);
    return (steps > 0 ? baseline_fit_cost(input) : 0) +
           probing_cost(input, target_count(input), input->model->shape.outputs,
                        steps * descent_step_cost(input));
}

/* Predictions of gradient descent after each of its steps. */
static void look(void *context, const struct walk *walk)
{
    struct state *s = context;
    baseline_read(&s->baseline, walk);
    struct regression group = regression_at(&s->baseline.group, 0);
    descent_trace(s->predictions, &group, &s->baseline.descent, s->baseline.scratch);
    s->target = walk->target;
}

/* The same of every token. */
static void ask(double *y, void *context, int row)
{
    const struct state *s = context;
    int O = s->probing.shape.width, m = s->probing.shape.groups * O;
    (void)row;
    for (int b = 0; b < LANES; b++)
        for (int k = 0; k < m; k++)
            y[b * m + k] = k < O                    ? (double)s->target[k * LANES + b]
                           : k < (1 + s->steps) * O ? s->predictions[(k - O) * LANES + b]
                                                    : 0;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    const struct model *model = input->model;
    int T = model->shape.tokens, targets = target_count(input);
    int query = model->L * T + model->shape.first_token;
    struct probing_targets asked = {s, look, ask};
    probing_start(&s->probing, input);
    if (s->steps > 0)
        baseline_fit(&s->baseline, &s->probing.walk);
    probing_execute(&s->probing, &asked);
    output->put(output->context, PROBE_R2, (const int32_t[]){model->L + 1, T, targets},
                s->probing.held_out);
    put_number(output, PROBE_R2_QUERY, (double)s->probing.held_out[query * targets]);
}

const struct analysis analysis_probe = {
    .name = "probe",
    .about =
        "held-out linear probes of every layer and token for the query's label and the predictions "
        "of gradient descent",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
