/* When along training does a model become what a handful of numbers can say? (science.md 2.5) */
#include <assert.h>

#include "compare.h"
#include "compressed.h"
#include "registry.h"

enum { TRAINED_LOSS, LOSS, LOSS_16, ETA, COLUMNS };

/* clang-format off */
#define SNAPSHOT_COLUMN(text, what) {.name = (text), .type = COLUMN_F64, .axes = {AXIS_SNAPSHOT}, .level = LEVEL_BITS, .unit = "1", .about = (what)}
static const struct column columns[] = {
    [TRAINED_LOSS] = SNAPSHOT_COLUMN("snapshot_trained_loss", "mean loss over the evaluation set of the snapshot itself, beside snapshot_compressed_loss"),
    [LOSS] = SNAPSHOT_COLUMN("snapshot_compressed_loss", "compressed_loss of the snapshot"),
    [LOSS_16] = SNAPSHOT_COLUMN("snapshot_compressed_16_loss", "compressed_16_loss of the snapshot"),
    [ETA] = SNAPSHOT_COLUMN("snapshot_eta", "compression_eta of the snapshot"),
};
/* clang-format on */

static_assert(sizeof columns / sizeof columns[0] == COLUMNS, "a row each");

struct state {
    struct compressed compressed;
    double *losses;          /* [tasks] */
    double *values[COLUMNS]; /* [snapshots] */
};

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    compressed_create(&s->compressed, arena, input);
    s->losses = ARENA_TAKE(arena, double, input->evaluation.tasks);
    for (int c = 0; c < COLUMNS; c++)
        s->values[c] = ARENA_TAKE(arena, double, input->snapshots);
    return state;
}

static double cost(const struct analysis_input *input)
{
    return 3 * input->snapshots * compressed_cost(input);
}

static double loss(struct state *s, double share)
{
    compressed_losses(s->losses, &s->compressed, share);
    return losses_mean(s->losses, s->compressed.between.input.evaluation.tasks);
}

static void measure(struct state *s, const struct analysis_input *input, int i)
{
    const real *weights = input->snapshot_weights + (size_t)i * input->model->parameters;
    compressed_read(&s->compressed, input, weights, COMPRESSED_KEPT);
    s->values[LOSS_16][i] = loss(s, 1);
    compressed_read(&s->compressed, input, weights, COMPRESSION_SCALARS);
    s->values[LOSS][i] = loss(s, 1);
    s->values[TRAINED_LOSS][i] = loss(s, 0);
    s->values[ETA][i] = compressed_rate(&s->compressed);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    for (int i = 0; i < input->snapshots; i++)
        measure(s, input, i);
    for (int c = 0; c < COLUMNS; c++)
        output->put(output->context, c, (const int32_t[]){input->snapshots, 1, 1}, s->values[c]);
}

const struct analysis analysis_training_compression = {
    .name = "training_compression",
    .about = "loss of the kept snapshots, and of each as a handful of numbers a head",
    .columns = columns,
    .column_count = COLUMNS,
    .applies = compresses,
    .cost = cost,
    .create = create,
    .execute = execute,
};
