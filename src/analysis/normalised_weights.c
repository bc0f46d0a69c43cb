/* Pictures of what one head has learned, beside gradient descent: M' is the identity on x, U' is
 * -eta/N on y and -gamma on x (science.md 1.2). */
#include <math.h>

#include "reference.h"
#include "registry.h"
#include "weights.h"

enum { NORMALISED_M, NORMALISED_U, M_OFF_DIAGONAL, U_YY, U_XX, U_YY_REFERENCE, U_YY_RATIO };

/* clang-format off */
static const struct column columns[] = {
    [NORMALISED_M] = {.name = "normalised_m", .type = COLUMN_F64, .axes = {AXIS_ROW, AXIS_COLUMN}, .level = LEVEL_BITS, .unit = "1",
        .about = "M' = Wq Wk' / m, m the mean of its first d diagonal entries"},
    [NORMALISED_U] = {.name = "normalised_u", .type = COLUMN_F64, .axes = {AXIS_ROW, AXIS_COLUMN}, .level = LEVEL_BITS, .unit = "1",
        .about = "U' = m Wv Wp, for tokens that are rows"},
    [M_OFF_DIAGONAL] = {.name = "normalised_m_off_diagonal", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "largest size of an entry of M' that is not on the diagonal"},
    [U_YY] = {.name = "normalised_u_yy", .type = COLUMN_F64, .level = LEVEL_BITS, .summary = true, .unit = "1",
        .about = "mean diagonal of U' on the channels of y: -eta/N of gradient descent"},
    [U_XX] = {.name = "normalised_u_xx", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean diagonal of U' on the channels of x: -gamma of GD++"},
    [U_YY_REFERENCE] = {.name = "normalised_u_yy_reference", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "-eta/N of gradient descent (GD++ for several layers) at its optimum, over model.damping"},
    [U_YY_RATIO] = {.name = "normalised_u_yy_ratio", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "normalised_u_yy over normalised_u_yy_reference"},
};
/* clang-format on */

struct state {
    struct walk walk;
    struct reference reference;
    double *M, *U; /* [D][D] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    return plain_attention(task, tokens, model, "linear") && model->heads == 1;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    size_t square = (size_t)input->model->D * (size_t)input->model->D;
    walk_create(&s->walk, arena, input, PASS_FAST);
    reference_create(&s->reference, arena, input);
    s->M = ARENA_TAKE(arena, double, square);
    s->U = ARENA_TAKE(arena, double, square);
    return state;
}

static double cost(const struct analysis_input *input)
{
    return reference_fit_cost(input);
}

/* NaN when an entry is. */
static double off_diagonal(const double *A, int n)
{
    double most = 0;
    for (int i = 0; i < n * n; i++) {
        if (isnan(A[i]))
            return NAN;
        if (i / n != i % n && fabs(A[i]) > most)
            most = fabs(A[i]);
    }
    return most;
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    int D = input->model->D, d = input->task->config.dimension;
    const int32_t shape[COLUMN_AXES] = {D, D, 1};
    walk_start(&s->walk, input);
    reference_fit(&s->reference, &s->walk);
    head_products(s->M, s->U, input->model, input->weights, 0, 0);
    normalise_products(s->M, s->U, D, d);
    double yy = mean_diagonal(s->U, D, d, D - d);
    double reference = -s->reference.gdpp.rate[0] / input->model->config.damping;
    output->put(output->context, NORMALISED_M, shape, s->M);
    output->put(output->context, NORMALISED_U, shape, s->U);
    put_number(output, M_OFF_DIAGONAL, off_diagonal(s->M, D));
    put_number(output, U_YY, yy);
    put_number(output, U_XX, mean_diagonal(s->U, D, 0, d));
    put_number(output, U_YY_REFERENCE, reference);
    put_number(output, U_YY_RATIO, yy / reference);
}

const struct analysis analysis_normalised_weights = {
    .name = "normalised_weights",
    .about = "weights of one linear head as matrices of channels, beside those of gradient descent",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
