/* Do a handful of numbers describe what a model on constructed tokens does? (science.md 2.5) */
#include <math.h>

#include "compare.h"
#include "compressed.h"
#include "registry.h"

enum {
    COMPRESSED_LOSS,
    COMPRESSED_RATIO,
    COMPRESSED_RATIO_CI95,
    COMPRESSED_16_LOSS,
    COMPRESSED_16_RATIO,
    COMPRESSION_LOSS,
    COMPRESSION_QK,
    COMPRESSION_VP,
    COMPRESSION_ETA
};

/* clang-format off */
static const struct column columns[] = {
    [COMPRESSED_LOSS] = {.name = "compressed_loss", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set when each d x d block of a head's products is the mean of its diagonal times 1"},
    [COMPRESSED_RATIO] = {.name = "compressed_ratio", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "compressed_loss over the mean loss of the trained model, on the same tasks"},
    [COMPRESSED_RATIO_CI95] = {.name = "compressed_ratio_ci95", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "half the width of the 95 % confidence interval of compressed_ratio, from paired losses of the tasks"},
    [COMPRESSED_16_LOSS] = {.name = "compressed_16_loss", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "compressed_loss with only the 16 largest of the numbers of each head"},
    [COMPRESSED_16_RATIO] = {.name = "compressed_16_ratio", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "compressed_16_loss over the mean loss of the trained model, on the same tasks"},
    [COMPRESSION_LOSS] = {.name = "compression_loss", .type = COLUMN_F64, .axes = {AXIS_SHARE}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set of products between the trained ones (0) and those of the compressed model (1)"},
    [COMPRESSION_QK] = {.name = "compression_qk", .type = COLUMN_F64, .axes = {AXIS_LAYER, AXIS_HEAD, AXIS_BLOCK}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean diagonal of each d x d block of Wq Wk' of a head; 0 where it has no use"},
    [COMPRESSION_VP] = {.name = "compression_vp", .type = COLUMN_F64, .axes = {AXIS_LAYER, AXIS_HEAD, AXIS_BLOCK}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean diagonal of each d x d block of Wv Wp of a head; 0 where it has no use"},
    [COMPRESSION_ETA] = {.name = "compression_eta", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "step size of gradient descent in the numbers of a single layer: sum over heads of QK 3-4 times VP 3-1; NaN for several layers"},
};
/* clang-format on */

struct state {
    struct compressed compressed;
    double *losses, *trained;  /* [tasks] */
    double *curve;             /* [points of the axis] */
    double *scalars[PRODUCTS]; /* [L + 1][H][COMPRESSION_BLOCKS] */
};

static int shares(void)
{
    return analysis_axis_length(AXIS_SHARE, NULL, NULL);
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    size_t heads = (size_t)(input->model->L + 1) * (size_t)input->model->H;
    compressed_create(&s->compressed, arena, input);
    s->losses = ARENA_TAKE(arena, double, input->evaluation.tasks);
    s->trained = ARENA_TAKE(arena, double, input->evaluation.tasks);
    s->curve = ARENA_TAKE(arena, double, shares());
    for (int p = 0; p < PRODUCTS; p++)
        s->scalars[p] = ARENA_TAKE(arena, double, heads *COMPRESSION_BLOCKS);
    return state;
}

static double cost(const struct analysis_input *input)
{
    return (shares() + 4) * compressed_cost(input); /* both ends twice more, to compare them */
}

/* What keeping so many numbers a head loses; *loss: the mean. */
static struct comparison compare(double *loss, struct state *s, const struct analysis_input *input,
                                 int keep)
{
    int tasks = input->evaluation.tasks;
    compressed_read(&s->compressed, input, input->weights, keep);
    compressed_losses(s->trained, &s->compressed, 0);
    compressed_losses(s->losses, &s->compressed, 1);
    *loss = losses_mean(s->losses, tasks);
    return losses_compare(s->losses, s->trained, tasks);
}

static void measure_curve(struct state *s, const struct analysis_input *input)
{
    for (int i = 0; i < shares(); i++) {
        compressed_losses(s->losses, &s->compressed, analysis_axis(AXIS_SHARE)->value(i));
        s->curve[i] = losses_mean(s->losses, input->evaluation.tasks);
    }
}

/* One row a layer, as its weights are; nothing happens before the first. */
static void put_scalars(struct state *s, const struct model *model,
                        const struct analysis_output *output, enum product product)
{
    double *to = s->scalars[product];
    const int heads = model->H, row = heads * COMPRESSION_BLOCKS;
    for (int i = 0; i < row; i++)
        to[i] = NAN;
    for (int i = row; i < (model->L + 1) * row; i++) {
        int layer = i / row - 1, set = model->weight_sets == 1 ? 0 : layer;
        int head = set * heads + i % row / COMPRESSION_BLOCKS;
        to[i] = s->compressed.scalars[head * COMPRESSION_SCALARS +
                                      (int)product * COMPRESSION_BLOCKS + i % COMPRESSION_BLOCKS];
    }
    output->put(output->context, product == PRODUCT_QK ? COMPRESSION_QK : COMPRESSION_VP,
                (const int32_t[]){model->L + 1, heads, COMPRESSION_BLOCKS}, to);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    double loss_few, loss;
    struct comparison few = compare(&loss_few, s, input, COMPRESSED_KEPT);
    struct comparison all = compare(&loss, s, input, COMPRESSION_SCALARS);
    measure_curve(s, input);
    put_number(output, COMPRESSED_LOSS, loss);
    put_number(output, COMPRESSED_RATIO, all.ratio);
    put_number(output, COMPRESSED_RATIO_CI95, all.ci95);
    put_number(output, COMPRESSED_16_LOSS, loss_few);
    put_number(output, COMPRESSED_16_RATIO, few.ratio);
    output->put(output->context, COMPRESSION_LOSS, (const int32_t[]){shares(), 1, 1}, s->curve);
    put_scalars(s, input->model, output, PRODUCT_QK);
    put_scalars(s, input->model, output, PRODUCT_VP);
    put_number(output, COMPRESSION_ETA, compressed_rate(&s->compressed));
}

const struct analysis analysis_compression = {
    .name = "compression",
    .about = "the model on constructed tokens as a handful of numbers a head: the numbers, its "
             "loss, and that of weights "
             "on the way there",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = compresses,
    .cost = cost,
    .create = create,
    .execute = execute,
};
