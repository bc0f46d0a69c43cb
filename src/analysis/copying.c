/* What the first layer brings together when x and y are tokens of their own (science.md 1.5). */
#include <math.h>

#include "registry.h"
#include "walk.h"

enum { COPY_OWN, COPY_NEXT, COPY_OTHERS };

/* clang-format off */
static const struct column columns[] = {
    [COPY_OWN] = {.name = "copy_own", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "mean over tokens k of |mean derivative of the sum of token k after layer 1 by input token k|"},
    [COPY_NEXT] = {.name = "copy_next", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "copy_own by input token k + 1"},
    [COPY_OTHERS] = {.name = "copy_others", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "copy_own by the other input tokens, their mean"},
};
/* clang-format on */

/* Of the evaluation set: derivatives of 512 tasks are averaged before their length is taken. */
enum { COPYING_TASKS = 512 };

struct state {
    struct walk walk;
    int tokens;     /* T of the task */
    real *gradient; /* [T of the stream][D][LANES] */
    double *sums;   /* [k][j][W] of derivatives of token k by input token j */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)task, (void)model;
    return tokens->kind == TOKENS_SEPARATE;
}

static int task_count(const struct analysis_input *input)
{
    return input->evaluation.tasks < COPYING_TASKS ? input->evaluation.tasks : COPYING_TASKS;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    const struct model *model = input->model;
    s->tokens = input->task->shape.tokens;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    s->gradient = ARENA_TAKE(arena, real, model->shape.tokens * model->D * LANES);
    s->sums = ARENA_TAKE(arena, double, s->tokens * s->tokens * input->task->shape.width);
    return state;
}

/* Forward costs a layer of every token for each, backward twice as much for each token. */
static double cost(const struct analysis_input *input)
{
    double T = input->model->shape.tokens, forward = model_cost(input->model);
    return task_count(input) * (task_cost(input->task) + (1 + 2 * T) * forward);
}

/* Adds the derivatives of token k in the first `lanes` tasks. */
static void differentiate(struct state *s, const struct analysis_input *input, int k, int lanes)
{
    const struct model *model = input->model;
    const struct kernels *kernels = input->kernels;
    int D = model->D, W = input->task->shape.width;
    real *row = s->gradient + (ptrdiff_t)model_row(model, k) * D * LANES;
    kernels->fill(s->gradient, 0, model->shape.tokens * D);
    kernels->fill(row, 1, D);
    pass_backward_from(s->walk.pass, 1, s->gradient);
    const real *derivative = pass_input_gradient(s->walk.pass);
    double *sum = s->sums + (ptrdiff_t)k * s->tokens * W;
    for (int i = 0; i < s->tokens * W; i++)
        for (int b = 0; b < lanes; b++)
            sum[i] += (double)derivative[i * LANES + b];
}

/* |mean derivative of token k by input token j| */
static double length(const struct state *s, const struct analysis_input *input, int k, int j)
{
    int W = input->task->shape.width;
    const double *sum = s->sums + (ptrdiff_t)(k * s->tokens + j) * W;
    double square = 0;
    for (int c = 0; c < W; c++)
        square += sum[c] * sum[c];
    return sqrt(square) / task_count(input);
}

static double number_or_nan(double value)
{
    return isfinite(value) ? value : NAN;
}

/* The last token has no next one. */
static void put_means(const struct state *s, const struct analysis_input *input,
                      const struct analysis_output *output)
{
    double own = 0, next = 0, others = 0;
    int T = s->tokens;
    for (int k = 0; k < T; k++) {
        double rest = 0;
        for (int j = 0; j < T; j++) {
            double of_j = length(s, input, k, j);
            *(j == k ? &own : j == k + 1 ? &next : &rest) += of_j;
        }
        others += rest / (k + 1 < T ? T - 2 : T - 1);
    }
    put_number(output, COPY_OWN, number_or_nan(own / T));
    put_number(output, COPY_NEXT, number_or_nan(next / (T - 1)));
    put_number(output, COPY_OTHERS, number_or_nan(others / T));
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct task_source source = evaluation_source(input);
    int tasks = task_count(input);
    walk_start(&s->walk, input);
    pass_keep_all(s->walk.pass);
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        walk_predict(&s->walk);
        for (int k = 0; k < s->tokens; k++)
            differentiate(s, input, k, walk_lanes(first, tasks));
    }
    put_means(s, input, output);
}

const struct analysis analysis_copying = {
    .name = "copying",
    .about =
        "which input tokens a token depends on after the first layer: its own, the next, others",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
