/* What the heads of a softmax layer do together: the linear part of exp makes gradient descent of
 * the sum over heads of M U_yy (science.md 1.4). */
#include "registry.h"
#include "walk.h"
#include "weights.h"

enum { HEADS, HEADS_SUM, HEADS_DIAGONAL, HEADS_SUM_DIAGONAL };

/* clang-format off */
static const struct column columns[] = {
    [HEADS] = {.name = "softmax_heads", .type = COLUMN_F64, .axes = {AXIS_HEAD, AXIS_ROW, AXIS_COLUMN}, .level = LEVEL_BITS, .unit = "1",
        .about = "M U_yy of each head: M = Wq Wk', U_yy the mean diagonal of Wv Wp on the channels of y"},
    [HEADS_SUM] = {.name = "softmax_heads_sum", .type = COLUMN_F64, .axes = {AXIS_ROW, AXIS_COLUMN}, .level = LEVEL_BITS, .unit = "1",
        .about = "sum over heads of M U_yy"},
    [HEADS_DIAGONAL] = {.name = "softmax_heads_diagonal", .type = COLUMN_F64, .axes = {AXIS_HEAD}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean diagonal of M U_yy on the channels of x, of each head"},
    [HEADS_SUM_DIAGONAL] = {.name = "softmax_heads_sum_diagonal", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean diagonal of the sum over heads of M U_yy, on the channels of x"},
};
/* clang-format on */

struct state {
    double *heads;    /* [H][D][D] */
    double *sum, *U;  /* [D][D] */
    double *diagonal; /* [H] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    return plain_attention(task, tokens, model, "softmax");
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    size_t H = (size_t)input->model->H, square = (size_t)input->model->D * (size_t)input->model->D;
    s->heads = ARENA_TAKE(arena, double, H *square);
    s->sum = ARENA_TAKE(arena, double, square);
    s->U = ARENA_TAKE(arena, double, square);
    s->diagonal = ARENA_TAKE(arena, double, H);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double D = input->model->D;
    return 2 * D * D * input->model->K * input->model->H;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    int D = input->model->D, H = input->model->H, d = input->task->config.dimension;
    for (int h = 0; h < H; h++) {
        double *M = s->heads + (size_t)h * (size_t)D * (size_t)D;
        head_products(M, s->U, input->model, input->weights, 0, h);
        double yy = mean_diagonal(s->U, D, d, D - d);
        for (int i = 0; i < D * D; i++) {
            M[i] *= yy;
            s->sum[i] += M[i];
        }
        s->diagonal[h] = mean_diagonal(M, D, 0, d);
    }
    output->put(output->context, HEADS, (const int32_t[]){H, D, D}, s->heads);
    output->put(output->context, HEADS_SUM, (const int32_t[]){D, D, 1}, s->sum);
    output->put(output->context, HEADS_DIAGONAL, (const int32_t[]){H, 1, 1}, s->diagonal);
    put_number(output, HEADS_SUM_DIAGONAL, mean_diagonal(s->sum, D, 0, d));
}

const struct analysis analysis_softmax_heads = {
    .name = "softmax_heads",
    .about = "products of the weights of softmax heads, and their sum",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
