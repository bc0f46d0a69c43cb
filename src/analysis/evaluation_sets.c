/* How much a loss depends on the sequences that it is measured on: five evaluation sets for one
 * model, where training it five times takes too long. */
#include "compare.h"
#include "registry.h"
#include "states.h"

enum { SETS_LOSS, SETS_POSITION_LOSS };

/* clang-format off */
static const struct column columns[] = {
    [SETS_LOSS] = {.name = "sets_loss", .type = COLUMN_F64, .axes = {AXIS_SET}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss of the trained model over evaluation.tasks sequences of evaluation.seed + set"},
    [SETS_POSITION_LOSS] = {.name = "sets_position_loss", .type = COLUMN_F64, .axes = {AXIS_SET, AXIS_POSITION}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean over that set of .5 |prediction - target|^2 at a token of the stream; NaN of a token that predicts nothing"},
};
/* clang-format on */

struct state {
    struct walk walk;
    struct analysis_input input; /* with the seed of a set */
    double *loss;                /* [sets] */
    double *positions;           /* [sets][T] */
};

static int sets(void)
{
    return analysis_axis_length(AXIS_SET, NULL, NULL);
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    walk_create(&s->walk, arena, input, PASS_FAST);
    s->loss = ARENA_TAKE(arena, double, sets());
    s->positions = ARENA_TAKE(arena, double, sets() * input->model->shape.tokens);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double task = task_cost(input->task) + model_cost(input->model);
    return (double)sets() * input->evaluation.tasks * task;
}

static void measure(struct state *s, int set)
{
    int tasks = s->input.evaluation.tasks, T = s->input.model->shape.tokens;
    double *positions = s->positions + set * T;
    struct task_source source = evaluation_source(&s->input);
    positions_start(positions, s->input.model);
    for (int first = 0; first < tasks; first += LANES) {
        int lanes = walk_lanes(first, tasks);
        double losses[LANES];
        walk_draw(&s->walk, &source, first);
        walk_predict(&s->walk);
        walk_losses(losses, &s->walk);
        for (int b = 0; b < lanes; b++)
            s->loss[set] += losses[b];
        positions_add(positions, &s->walk, lanes);
    }
    s->loss[set] /= tasks;
    for (int t = 0; t < T; t++)
        positions[t] /= tasks;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    s->input = *input;
    walk_start(&s->walk, &s->input);
    for (int set = 0; set < sets(); set++) {
        s->input.evaluation.seed = input->evaluation.seed + set;
        measure(s, set);
    }
    output->put(output->context, SETS_LOSS, (const int32_t[]){sets(), 1, 1}, s->loss);
    output->put(output->context, SETS_POSITION_LOSS,
                (const int32_t[]){sets(), input->model->shape.tokens, 1}, s->positions);
}

const struct analysis analysis_evaluation_sets = {
    .name = "evaluation_sets",
    .about = "losses on five evaluation sets, of evaluation.seed and the four after it, also at "
             "each token",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = reads_states,
    .cost = cost,
    .create = create,
    .execute = execute,
};
