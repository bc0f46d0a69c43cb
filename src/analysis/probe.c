/* Linear probes: what can be read off the residual stream, per layer and token (science.md 2.7). */
#include <math.h>

#include "math/lapack.h"
#include "registry.h"
#include "ridge.h"
#include "walk.h"

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

/* Tasks 0 .. 2047 of the probe's stream are fitted, in RIDGE_FOLDS folds; the next 2,048 are the
 * test. They are taken in blocks of a super-group. */
enum {
    FOLD_TASKS = 512,
    FIT_TASKS = RIDGE_FOLDS * FOLD_TASKS,
    TEST_TASKS = 2048,
    PARTS = RIDGE_FOLDS + 1, /* the last one is the test */
};

struct state {
    struct walk walk;
    int places; /* (L + 1) T: a probe each, layer by layer */
    struct baseline baseline;
    int steps;           /* of gradient descent; 0: it is no target */
    double *predictions; /* [steps][O][LANES] */
    int S;               /* 1 + D + (1 + steps) O, entries of a row (1, activation, targets) */
    double *rows;        /* [places][SUPER_GROUP][S] of the block at hand */
    double *gram;        /* [PARTS][places][S][S] */
    double *chosen;      /* [PARTS][1 + D + O][1 + D + O], those of one target */
    double *scratch;     /* of ridge_r2 */
    float *r2;           /* [places][1 + L] */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)tokens, (void)model;
    return task->kind == TASK_LINEAR_REGRESSION;
}

static int place_count(const struct model *model)
{
    return (model->L + 1) * model->shape.tokens;
}

static int traced_steps(const struct analysis_input *input)
{
    return descent_steps(&input->task->tokens, &input->model->config);
}

static int row_size(const struct analysis_input *input)
{
    return 1 + input->model->D + (1 + traced_steps(input)) * input->model->shape.outputs;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    const struct model *model = input->model;
    s->places = place_count(model);
    s->S = row_size(input);
    s->steps = traced_steps(input);
    size_t places = (size_t)s->places, S = (size_t)s->S;
    size_t O = (size_t)model->shape.outputs, chosen = 1 + (size_t)model->D + O;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    baseline_create(&s->baseline, arena, input);
    s->predictions = ARENA_TAKE(arena, double, (size_t)s->steps *O *LANES);
    s->chosen = ARENA_TAKE(arena, double, PARTS *chosen *chosen);
    s->rows = ARENA_TAKE(arena, double, places *SUPER_GROUP *S);
    s->gram = ARENA_TAKE(arena, double, PARTS *places *S *S);
    s->scratch = ARENA_TAKE(arena, double, ridge_scratch(model->D, model->shape.outputs));
    s->r2 = ARENA_TAKE(arena, float, places *((size_t)model->L + 1));
    return state;
}

static double cost(const struct analysis_input *input)
{
    double S = row_size(input), places = place_count(input->model), steps = traced_steps(input);
    double task = task_cost(input->task) + model_cost(input->model) + places * S * S +
                  steps * descent_step_cost(input);
    return (steps > 0 ? baseline_fit_cost(input) : 0) + (FIT_TASKS + TEST_TASKS) * task;
}

/* Rows first .. first+15 of the block, at every place, from the group that was just predicted. */
static void take_rows(struct state *s, const struct model *model, int first)
{
    int D = model->D, T = model->shape.tokens, O = model->shape.outputs;
    for (int place = 0; place < s->places; place++) {
        const real *stream = pass_activation(s->walk.pass, place / T) + place % T * D * LANES;
        double *row = s->rows + ((size_t)place * SUPER_GROUP + (size_t)first) * (size_t)s->S;
        for (int b = 0; b < LANES; b++, row += s->S) {
            row[0] = 1;
            for (int c = 0; c < D; c++)
                row[1 + c] = (double)stream[c * LANES + b];
            double *targets = row + 1 + D;
            for (int o = 0; o < O; o++)
                targets[o] = (double)s->walk.target[o * LANES + b];
            for (int o = 0; o < s->steps * O; o++)
                targets[O + o] = s->predictions[o * LANES + b];
        }
    }
}

/* Predictions of gradient descent after each of its steps. */
static void trace(struct state *s)
{
    baseline_read(&s->baseline, &s->walk);
    struct regression group = regression_at(&s->baseline.group, 0);
    descent_trace(s->predictions, &group, &s->baseline.descent, s->baseline.scratch);
}

static double *gram_at(const struct state *s, int part, int place)
{
    return s->gram + (size_t)(part * s->places + place) * (size_t)s->S * (size_t)s->S;
}

static void collect(struct state *s, const struct analysis_input *input)
{
    struct task_source source = {(uint64_t)input->evaluation.seed, STREAM_PROBE, 0};
    for (int block = 0; block < FIT_TASKS + TEST_TASKS; block += SUPER_GROUP) {
        for (int first = 0; first < SUPER_GROUP; first += LANES) {
            walk_draw(&s->walk, &source, block + first);
            walk_predict(&s->walk);
            trace(s);
            take_rows(s, input->model, first);
        }
        int part = block < FIT_TASKS ? block / FOLD_TASKS : RIDGE_FOLDS;
        for (int place = 0; place < s->places; place++)
            lapack_gram(gram_at(s, part, place),
                        s->rows + (size_t)place * SUPER_GROUP * (size_t)s->S, SUPER_GROUP, s->S);
    }
}

/* The part of a Gram matrix that belongs to activation and one target. */
static const double *choose(const struct state *s, const struct model *model, int part, int place,
                            int target)
{
    int O = model->shape.outputs, first = 1 + model->D, size = first + O;
    const double *gram = gram_at(s, part, place);
    double *chosen = s->chosen + part * size * size;
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++) {
            int row = i < first ? i : i + target * O, column = j < first ? j : j + target * O;
            chosen[i * size + j] = gram[row * s->S + column];
        }
    return chosen;
}

static double probe(const struct state *s, const struct model *model, int place, int target)
{
    struct ridge_data data = {.features = model->D,
                              .targets = model->shape.outputs,
                              .test = choose(s, model, RIDGE_FOLDS, place, target)};
    for (int f = 0; f < RIDGE_FOLDS; f++)
        data.folds[f] = choose(s, model, f, place, target);
    return ridge_r2(&data, s->scratch);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    const struct model *model = input->model;
    int T = model->shape.tokens, query = model->L * T + model->shape.first_token;
    double of_query = NAN;
    walk_start(&s->walk, input);
    pass_keep_all(s->walk.pass);
    if (s->steps > 0)
        baseline_fit(&s->baseline, &s->walk);
    collect(s, input);
    int targets = model->L + 1;
    for (int at = 0; at < s->places * targets; at++) {
        int place = at / targets, target = at % targets;
        double r2 = target <= s->steps ? probe(s, model, place, target) : NAN;
        s->r2[at] = (float)r2;
        of_query = place == query && target == 0 ? r2 : of_query;
    }
    output->put(output->context, PROBE_R2, (const int32_t[]){model->L + 1, T, targets}, s->r2);
    put_number(output, PROBE_R2_QUERY, of_query);
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
