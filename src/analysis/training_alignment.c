/* When does a model become gradient descent, or GD++? Its snapshots beside both (science.md 1.2).
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "compare.h"
#include "reference.h"
#include "registry.h"

enum {
    SNAPSHOT_LOSS,
    SNAPSHOT_LOSS_MEDIAN,
    SNAPSHOT_LOSS_TRIMMED,
    SNAPSHOT_GD, /* a column for each member of enum versus */
    SNAPSHOT_GDPP = SNAPSHOT_GD + 4,
    SNAPSHOT_COLUMNS = SNAPSHOT_GDPP + 4
};

enum versus { RATIO, PREDS_DIFF, MODEL_DIFF, MODEL_COS };

/* clang-format off */
#define SNAPSHOT_COLUMN(text, what) {.name = (text), .type = COLUMN_F64, .axes = {AXIS_SNAPSHOT}, .level = LEVEL_BITS, .unit = "1", .about = (what)}
static const struct column columns[] = {
    [SNAPSHOT_LOSS] = SNAPSHOT_COLUMN("snapshot_loss", "mean loss of the snapshot over the evaluation set"),
    [SNAPSHOT_LOSS_MEDIAN] = SNAPSHOT_COLUMN("snapshot_loss_median", "median over the evaluation set of the snapshot's loss of a task"),
    [SNAPSHOT_LOSS_TRIMMED] = SNAPSHOT_COLUMN("snapshot_loss_trimmed", "snapshot_loss without the worst .1 % of the tasks"),
    [SNAPSHOT_GD + RATIO] = SNAPSHOT_COLUMN("snapshot_gd_ratio", "mean loss of the snapshot over gradient descent's, on the same tasks"),
    [SNAPSHOT_GD + PREDS_DIFF] = SNAPSHOT_COLUMN("snapshot_preds_diff", "preds_diff of the snapshot"),
    [SNAPSHOT_GD + MODEL_DIFF] = SNAPSHOT_COLUMN("snapshot_model_diff", "model_diff of the snapshot"),
    [SNAPSHOT_GD + MODEL_COS] = SNAPSHOT_COLUMN("snapshot_model_cos", "model_cos of the snapshot"),
    [SNAPSHOT_GDPP + RATIO] = SNAPSHOT_COLUMN("snapshot_gdpp_ratio", "mean loss of the snapshot over GD++'s, on the same tasks; NaN where gdpp does not apply"),
    [SNAPSHOT_GDPP + PREDS_DIFF] = SNAPSHOT_COLUMN("snapshot_gdpp_preds_diff", "gdpp_preds_diff of the snapshot"),
    [SNAPSHOT_GDPP + MODEL_DIFF] = SNAPSHOT_COLUMN("snapshot_gdpp_model_diff", "gdpp_model_diff of the snapshot"),
    [SNAPSHOT_GDPP + MODEL_COS] = SNAPSHOT_COLUMN("snapshot_gdpp_model_cos", "gdpp_model_cos of the snapshot"),
};
/* clang-format on */

static_assert(sizeof columns / sizeof columns[0] == SNAPSHOT_COLUMNS, "a row each");

/* What snapshots are compared with. */
struct rival {
    bool there;
    double *losses;            /* [tasks] */
    struct likeness *likeness; /* [snapshots] */
};

struct state {
    struct walk walk;
    struct baseline baseline;
    struct reference reference;
    struct response response;
    struct rival gd, gdpp;
    double *losses;                   /* [snapshots][tasks] */
    double *values[SNAPSHOT_COLUMNS]; /* [snapshots] */
};

static bool has_gdpp(const struct analysis_input *input)
{
    const struct model_config *model = &input->model->config;
    return model->depth > 1 && reference_fits(&input->task->config, &input->task->tokens, model);
}

static struct rival rival_create(struct arena *arena, const struct analysis_input *input,
                                 bool there)
{
    return (struct rival){
        .there = there,
        .losses = ARENA_TAKE(arena, double, input->evaluation.tasks),
        .likeness = ARENA_TAKE(arena, struct likeness, input->snapshots),
    };
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    size_t snapshots = (size_t)input->snapshots;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    baseline_create(&s->baseline, arena, input);
    response_create(&s->response, arena, input);
    s->gd = rival_create(arena, input, true);
    s->gdpp = rival_create(arena, input, has_gdpp(input));
    if (s->gdpp.there)
        reference_create(&s->reference, arena, input);
    s->losses = ARENA_TAKE(arena, double, snapshots *(size_t)input->evaluation.tasks);
    for (int c = 0; c < SNAPSHOT_COLUMNS; c++)
        s->values[c] = ARENA_TAKE(arena, double, snapshots);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double snapshot = task_cost(input->task) + response_cost(input);
    double task = input->snapshots * snapshot;
    double fits = baseline_fit_cost(input) + baseline_predict_cost(input);
    if (has_gdpp(input)) {
        fits += reference_fit_cost(input);
        task += reference_predict_cost(input);
    }
    return fits + input->evaluation.tasks * task;
}

/* What the rivals answer to the tasks first .. first+15. */
static void predict(struct state *s, int first)
{
    double losses[LANES];
    size_t bytes = sizeof(double) * (size_t)walk_lanes(first, s->walk.input->evaluation.tasks);
    baseline_predict(&s->baseline, &s->walk);
    baseline_losses(losses, &s->baseline);
    memcpy(s->gd.losses + first, losses, bytes);
    if (!s->gdpp.there)
        return;
    reference_predict(&s->reference, &s->walk);
    struct regression group = regression_at(&s->reference.group, 0);
    regression_losses(losses, &group, s->reference.prediction);
    memcpy(s->gdpp.losses + first, losses, bytes);
}

/* The tasks first .. first+15, which the walk has drawn. */
static void measure(struct state *s, int snapshot, int first)
{
    const struct analysis_input *input = s->walk.input;
    int tasks = input->evaluation.tasks, lanes = walk_lanes(first, tasks);
    double losses[LANES], *to = s->losses + (size_t)snapshot * (size_t)tasks + first;
    pass_weights(s->walk.pass,
                 input->snapshot_weights + (size_t)snapshot * input->model->parameters);
    response_form(&s->response, &s->walk);
    walk_losses(losses, &s->walk);
    memcpy(to, losses, sizeof(double) * (size_t)lanes);
    likeness_add(&s->gd.likeness[snapshot], &s->response, s->baseline.prediction,
                 s->baseline.sensitivity, lanes);
    if (s->gdpp.there)
        likeness_add(&s->gdpp.likeness[snapshot], &s->response, s->reference.prediction,
                     s->reference.sensitivity, lanes);
}

static void compare(struct state *s, int column, const struct rival *rival, int snapshot)
{
    int tasks = s->walk.input->evaluation.tasks;
    const double *losses = s->losses + (size_t)snapshot * (size_t)tasks;
    const struct likeness *sums = &rival->likeness[snapshot];
    const double values[] = {
        [RATIO] = losses_mean(losses, tasks) / losses_mean(rival->losses, tasks),
        [PREDS_DIFF] = sums->preds / tasks,
        [MODEL_DIFF] = sums->diff / tasks,
        [MODEL_COS] = sums->cosine / tasks,
    };
    for (int v = RATIO; v <= MODEL_COS; v++)
        s->values[column + v][snapshot] = rival->there ? values[v] : NAN;
}

/* Sorts its losses. */
static void fill(struct state *s, int snapshot)
{
    int tasks = s->walk.input->evaluation.tasks;
    compare(s, SNAPSHOT_GD, &s->gd, snapshot);
    compare(s, SNAPSHOT_GDPP, &s->gdpp, snapshot);
    struct loss_statistics found =
        loss_statistics(s->losses + (size_t)snapshot * (size_t)tasks, tasks);
    s->values[SNAPSHOT_LOSS][snapshot] = found.mean;
    s->values[SNAPSHOT_LOSS_MEDIAN][snapshot] = found.median;
    s->values[SNAPSHOT_LOSS_TRIMMED][snapshot] = found.trimmed;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct task_source source = evaluation_source(input);
    walk_start(&s->walk, input);
    baseline_fit(&s->baseline, &s->walk);
    if (s->gdpp.there)
        reference_fit(&s->reference, &s->walk);
    for (int first = 0; first < input->evaluation.tasks; first += LANES)
        for (int i = 0; i < input->snapshots; i++) {
            walk_draw(&s->walk, &source, first); /* a forward needs tokens of its own */
            if (i == 0)
                predict(s, first);
            measure(s, i, first);
        }
    for (int i = 0; i < input->snapshots; i++)
        fill(s, i);
    for (int c = 0; c < SNAPSHOT_COLUMNS; c++)
        output->put(output->context, c, (const int32_t[]){input->snapshots, 1, 1}, s->values[c]);
}

const struct analysis analysis_training_alignment = {
    .name = "training_alignment",
    .about = "loss, predictions and sensitivities of the kept snapshots beside gradient descent "
             "and GD++",
    .columns = columns,
    .column_count = SNAPSHOT_COLUMNS,
    .applies = compares_with_descent,
    .cost = cost,
    .create = create,
    .execute = execute,
};
