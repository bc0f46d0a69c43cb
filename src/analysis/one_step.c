/* Is a model of sequences one step of gradient descent, with a step size and first weights that it
 * has learned? (science.md 2.3) */
#include <math.h>
#include <string.h>

#include "compare.h"
#include "registry.h"
#include "states.h"
#include "theory/one_step.h"

enum {
    NEAREST_ETA,
    NEAREST_W0,
    NEAREST_W0_SIZE,
    NEAREST_R2,
    NEAREST_LOSS,
    BEST_ETA,
    BEST_W0_SIZE,
    BEST_LOSS,
    BEST_RATIO
};

/* clang-format off */
#define NUMBER_COLUMN(text, what) {.name = (text), .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1", .about = (what)}
static const struct column columns[] = {
    [NEAREST_ETA] = NUMBER_COLUMN("nearest_step_eta", "step size of the step of gradient descent that is nearest to the model's predictions, over eta and W0"),
    [NEAREST_W0] = {.name = "nearest_step_w0", .type = COLUMN_F64, .axes = {AXIS_STATE_ROW, AXIS_STATE_COLUMN}, .level = LEVEL_BITS, .unit = "1",
        .about = "first weights W0 of that step: W0 s_t is what it predicts before it has seen anything"},
    [NEAREST_W0_SIZE] = NUMBER_COLUMN("nearest_step_w0_size", "root mean square of the singular values of nearest_step_w0; 1 for a rotation"),
    [NEAREST_R2] = NUMBER_COLUMN("nearest_step_r2", "1 - sum |prediction - that step's|^2 / sum |prediction|^2 over all tokens of the evaluation set"),
    [NEAREST_LOSS] = NUMBER_COLUMN("nearest_step_loss", "mean loss of that step over the evaluation set"),
    [BEST_ETA] = NUMBER_COLUMN("best_step_eta", "step size of the one step of gradient descent with the least loss on the evaluation set, over eta and W0"),
    [BEST_W0_SIZE] = NUMBER_COLUMN("best_step_w0_size", "root mean square of the singular values of that step's W0"),
    [BEST_LOSS] = NUMBER_COLUMN("best_step_loss", "mean loss of that step over the evaluation set"),
    [BEST_RATIO] = {.name = "best_step_ratio", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean loss of the trained model over best_step_loss, on the same tasks"},
};
/* clang-format on */

enum { PREDICTED, TRUE_NEXT };

struct state {
    struct walk walk;
    struct one_step_sums sums;
    struct states states;    /* of the group at hand */
    double *row;             /* [d][LANES] a prediction */
    double *losses;          /* [tasks] of the model */
    double *W0[2], *scratch; /* [d][d] each */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    bool linear = task->kind == TASK_LINEAR_DYNAMICS || task->kind == TASK_FIXED_DYNAMICS ||
                  task->kind == TASK_CONTRACTING_DYNAMICS;
    (void)tokens;
    (void)model;
    return linear;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    int d = input->task->shape.outputs;
    walk_create(&s->walk, arena, input, PASS_FAST);
    s->sums = one_step_create(arena, d);
    s->states = states_create(arena, input->task);
    s->row = ARENA_TAKE(arena, double, d *LANES);
    s->losses = ARENA_TAKE(arena, double, input->evaluation.tasks);
    s->W0[PREDICTED] = ARENA_TAKE(arena, double, d *d);
    s->W0[TRUE_NEXT] = ARENA_TAKE(arena, double, d *d);
    s->scratch = ARENA_TAKE(arena, double, one_step_scratch(d));
    return state;
}

static double cost(const struct analysis_input *input)
{
    double d = input->task->shape.outputs, T = input->task->shape.tokens;
    double sums = T * (4 + 2 + 2 + 4) * d * d; /* R and C twice; products of features and targets */
    return input->evaluation.tasks * (task_cost(input->task) + model_cost(input->model) + sums);
}

/* Lanes from this one on become 0: they do not count. */
static void silence(double *rows, int count, int first)
{
    for (int i = 0; i < count; i++)
        for (int b = first; b < LANES; b++)
            rows[i * LANES + b] = 0;
}

/* The tasks first .. first+15, which the walk has drawn. States are read before the model changes
 * its tokens. */
static void add_group(struct state *s, const struct analysis_input *input, int first)
{
    int d = s->sums.d, T = s->states.T, lanes = walk_lanes(first, input->evaluation.tasks);
    double losses[LANES];
    states_read(&s->states, &s->walk);
    silence(s->states.at, (T + 2) * d, lanes);
    const real *predictions = walk_predict(&s->walk);
    walk_losses(losses, &s->walk);
    memcpy(s->losses + first, losses, sizeof(double) * (size_t)lanes);
    one_step_begin(&s->sums);
    for (int t = 1; t <= T; t++) {
        for (int i = 0; i < d * LANES; i++)
            s->row[i] = (double)predictions[(t - 1) * d * LANES + i];
        silence(s->row, d, lanes);
        one_step_state(&s->sums, state_at(&s->states, t));
        one_step_target(&s->sums, PREDICTED, s->row);
        one_step_target(&s->sums, TRUE_NEXT, state_at(&s->states, t + 1));
    }
}

static double size(const double *W0, int d)
{
    double sum = 0;
    for (int i = 0; i < d * d; i++)
        sum += W0[i] * W0[i];
    return sqrt(sum / d);
}

static void put_results(struct state *s, const struct analysis_input *input,
                        const struct analysis_output *output)
{
    int d = s->sums.d, tasks = input->evaluation.tasks;
    double tokens = (double)tasks * input->task->shape.tokens;
    struct one_step nearest = {.W0 = s->W0[PREDICTED]}, best = {.W0 = s->W0[TRUE_NEXT]};
    one_step_fit(&nearest, &s->sums, PREDICTED, s->scratch);
    one_step_fit(&best, &s->sums, TRUE_NEXT, s->scratch);
    double left = one_step_distance(&nearest, &s->sums, PREDICTED, s->scratch);
    double of_nearest = one_step_distance(&nearest, &s->sums, TRUE_NEXT, s->scratch);
    double of_best = one_step_distance(&best, &s->sums, TRUE_NEXT, s->scratch);
    put_number(output, NEAREST_ETA, nearest.eta);
    output->put(output->context, NEAREST_W0, (const int32_t[]){d, d, 1}, nearest.W0);
    put_number(output, NEAREST_W0_SIZE, size(nearest.W0, d));
    put_number(output, NEAREST_R2, 1 - left / one_step_square(&s->sums, PREDICTED));
    put_number(output, NEAREST_LOSS, .5 * of_nearest / tokens);
    put_number(output, BEST_ETA, best.eta);
    put_number(output, BEST_W0_SIZE, size(best.W0, d));
    put_number(output, BEST_LOSS, .5 * of_best / tokens);
    put_number(output, BEST_RATIO, losses_mean(s->losses, tasks) / (.5 * of_best / tokens));
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    for (int first = 0; first < input->evaluation.tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        add_group(s, input, first);
    }
    put_results(s, input, output);
}

const struct analysis analysis_one_step = {
    .name = "one_step",
    .about =
        "the step of gradient descent with eta and W0 that a model of sequences is nearest to, and "
        "the one with the least loss",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
