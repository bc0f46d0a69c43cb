/* How few entries the products of attention's weights have (science.md 2.5). */
#include <math.h>

#include "registry.h"
#include "weights.h"

enum { SPARSITY_QK, SPARSITY_VP };

/* clang-format off */
static const struct column columns[] = {
    [SPARSITY_QK] = {.name = "sparsity_qk", .type = COLUMN_F64, .axes = {AXIS_LAYER, AXIS_HEAD}, .level = LEVEL_BITS, .unit = "1",
        .about = "share of the entries of Wq Wk' of a head above 1 % of the largest one"},
    [SPARSITY_VP] = {.name = "sparsity_vp", .type = COLUMN_F64, .axes = {AXIS_LAYER, AXIS_HEAD}, .level = LEVEL_BITS, .unit = "1",
        .about = "share of the entries of Wv Wp of a head above 1 % of the largest one"},
};
/* clang-format on */

struct state {
    double *M, *U;   /* [queried][queried], [D][D] */
    double *qk, *vp; /* [L + 1][H] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)task;
    (void)tokens;
    return model->kind == MODEL_TRANSFORMER;
}

static int most_queried(const struct model *model)
{
    int most = 0;
    for (int l = 0; l < model->L; l++)
        most = queried_channels(model, l) > most ? queried_channels(model, l) : most;
    return most;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    const struct model *model = input->model;
    size_t queried = (size_t)most_queried(model), D = (size_t)model->D;
    size_t heads = (size_t)(model->L + 1) * (size_t)model->H;
    s->M = ARENA_TAKE(arena, double, queried *queried);
    s->U = ARENA_TAKE(arena, double, D *D);
    s->qk = ARENA_TAKE(arena, double, heads);
    s->vp = ARENA_TAKE(arena, double, heads);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double queried = most_queried(input->model), D = input->model->D;
    return (queried * queried + D * D) * input->model->K * input->model->H * input->model->L;
}

/* NaN when a number is not finite; 0 when all are 0. */
static double share_above(const double *A, int n)
{
    double most = 0;
    int above = 0;
    for (int i = 0; i < n; i++) {
        if (!isfinite(A[i]))
            return NAN;
        most = fabs(A[i]) > most ? fabs(A[i]) : most;
    }
    for (int i = 0; i < n; i++)
        above += fabs(A[i]) > .01 * most;
    return (double)above / n;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    const struct model *model = input->model;
    int H = model->H, D = model->D;
    const int32_t shape[COLUMN_AXES] = {model->L + 1, H, 1};
    for (int h = 0; h < H; h++)
        s->qk[h] = s->vp[h] = NAN; /* nothing happens before the first layer */
    for (int l = 0; l < model->L; l++)
        for (int h = 0; h < H; h++) {
            int queried = queried_channels(model, l);
            head_products(s->M, s->U, model, input->weights, l, h);
            s->qk[(l + 1) * H + h] = share_above(s->M, queried * queried);
            s->vp[(l + 1) * H + h] = share_above(s->U, D * D);
        }
    output->put(output->context, SPARSITY_QK, shape, s->qk);
    output->put(output->context, SPARSITY_VP, shape, s->vp);
}

const struct analysis analysis_sparsity = {
    .name = "sparsity",
    .about = "share of the entries of the products of attention's weights that are not small",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
