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
        .about = "held-out R^2 of a ridge probe from the stream of a token after a layer to the target"},
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
    int places;      /* (L + 1) T: a probe each, layer by layer */
    int S;           /* 1 + D + O, entries of a row (1, activation, target) */
    double *rows;    /* [places][SUPER_GROUP][S] of the block at hand */
    double *gram;    /* [PARTS][places][S][S] */
    double *scratch; /* of ridge_r2 */
    float *r2;       /* [places] */
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

static int row_size(const struct model *model)
{
    return 1 + model->D + model->shape.outputs;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    const struct model *model = input->model;
    s->places = place_count(model);
    s->S = row_size(model);
    size_t places = (size_t)s->places, S = (size_t)s->S;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    s->rows = ARENA_TAKE(arena, double, places *SUPER_GROUP *S);
    s->gram = ARENA_TAKE(arena, double, PARTS *places *S *S);
    s->scratch = ARENA_TAKE(arena, double, ridge_scratch(model->D, model->shape.outputs));
    s->r2 = ARENA_TAKE(arena, float, places);
    return state;
}

static double cost(const struct analysis_input *input)
{
    double S = row_size(input->model), places = place_count(input->model);
    double task = task_cost(input->task) + model_cost(input->model) + places * S * S;
    return (FIT_TASKS + TEST_TASKS) * task;
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
            for (int o = 0; o < O; o++)
                row[1 + D + o] = (double)s->walk.target[o * LANES + b];
        }
    }
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
            take_rows(s, input->model, first);
        }
        int part = block < FIT_TASKS ? block / FOLD_TASKS : RIDGE_FOLDS;
        for (int place = 0; place < s->places; place++)
            lapack_gram(gram_at(s, part, place),
                        s->rows + (size_t)place * SUPER_GROUP * (size_t)s->S, SUPER_GROUP, s->S);
    }
}

static double probe(const struct state *s, const struct model *model, int place)
{
    struct ridge_data data = {.features = model->D,
                              .targets = model->shape.outputs,
                              .test = gram_at(s, RIDGE_FOLDS, place)};
    for (int f = 0; f < RIDGE_FOLDS; f++)
        data.folds[f] = gram_at(s, f, place);
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
    collect(s, input);
    for (int place = 0; place < s->places; place++) {
        double r2 = probe(s, model, place);
        s->r2[place] = (float)r2;
        of_query = place == query ? r2 : of_query;
    }
    output->put(output->context, PROBE_R2, (const int32_t[]){model->L + 1, T, 1}, s->r2);
    put_number(output, PROBE_R2_QUERY, of_query);
}

const struct analysis analysis_probe = {
    .name = "probe",
    .about = "held-out linear probes of every layer and token for the query's label",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
