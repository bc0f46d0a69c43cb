#include "probing.h"

#include <math.h>
#include <string.h>

enum {
    FOLD = PROBING_FIT / RIDGE_FOLDS,
    PART_TEST = RIDGE_FOLDS, /* the folds come before */
    PART_SAMPLE,
    PARTS
};

/* Of the sums of one walk: what a private cache of a core holds many times, and a rank easily. */
#define SUMS_BYTES 32e6

static struct ridge_shape shape_of(const struct analysis_input *input, int groups, int width)
{
    return (struct ridge_shape){input->model->D, groups, width};
}

static int layers_a_walk(const struct analysis_input *input, const struct ridge_shape *shape)
{
    int layers = input->model->L + 1;
    double bytes =
        (double)(PARTS * ridge_sums(shape) * sizeof(double)) * input->model->shape.tokens;
    return bytes > SUMS_BYTES            ? 1
           : layers * bytes < SUMS_BYTES ? layers
                                         : (int)(SUMS_BYTES / bytes);
}

void probing_create(struct probing *probing, struct arena *arena,
                    const struct analysis_input *input, int groups, int width)
{
    struct ridge_shape shape = shape_of(input, groups, width);
    int layers = input->model->L + 1, at_once = layers_a_walk(input, &shape);
    size_t rows = (size_t)input->model->shape.tokens, places = rows * (size_t)at_once;
    *probing = (struct probing){
        .shape = shape,
        .layers = layers,
        .layers_a_walk = at_once,
        .rows = (int)rows,
        .x = ARENA_TAKE(arena, double, places *SUPER_GROUP *(size_t)(1 + shape.features)),
        .y = ARENA_TAKE(arena, double, rows *SUPER_GROUP *(size_t)(groups * width)),
        .sums = ARENA_TAKE(arena, double, PARTS *places *ridge_sums(&shape)),
        .scratch = ARENA_TAKE(arena, double, ridge_scratch(&shape)),
        .r2 = ARENA_TAKE(arena, double, groups),
        .held_out = ARENA_TAKE(arena, float, (size_t)layers *rows *(size_t)groups),
        .in_sample = ARENA_TAKE(arena, float, (size_t)layers *rows *(size_t)groups),
    };
    walk_create(&probing->walk, arena, input, PASS_TOKENS);
}

void probing_start(struct probing *probing, const struct analysis_input *input)
{
    walk_start(&probing->walk, input);
    pass_keep_all(probing->walk.pass);
}

/* ---- one walk through the tasks, for some of the layers */

struct span {
    int first, count; /* layers */
};

static double *sums_at(const struct probing *p, int part, int layer, int row)
{
    int place = (part * p->layers_a_walk + layer) * p->rows + row;
    return p->sums + (size_t)place * ridge_sums(&p->shape);
}

/* Rows first .. first+15 of the block, from the group that was just predicted. */
static void take_activations(struct probing *p, const struct span *span, int first)
{
    int n = p->shape.features;
    for (int place = 0; place < span->count * p->rows; place++) {
        const real *stream = pass_activation(p->walk.pass, span->first + place / p->rows);
        const real *token = stream + (ptrdiff_t)(place % p->rows) * n * LANES;
        double *x = p->x + ((ptrdiff_t)place * SUPER_GROUP + first) * (1 + n);
        for (int b = 0; b < LANES; b++, x += 1 + n) {
            x[0] = 1;
            for (int c = 0; c < n; c++)
                x[1 + c] = (double)token[c * LANES + b];
        }
    }
}

static void take_targets(struct probing *p, const struct probing_targets *targets, int first)
{
    int m = p->shape.groups * p->shape.width;
    targets->look(targets->context, &p->walk);
    for (int row = 0; row < p->rows; row++)
        targets->ask(p->y + ((ptrdiff_t)row * SUPER_GROUP + first) * m, targets->context, row);
}

/* The block at hand goes into the sums of a part. */
static void add_block(struct probing *p, const struct span *span, int part)
{
    int n = p->shape.features, m = p->shape.groups * p->shape.width;
    for (int place = 0; place < span->count * p->rows; place++)
        ridge_add(sums_at(p, part, 0, place), &p->shape,
                  p->x + (ptrdiff_t)place * SUPER_GROUP * (1 + n),
                  p->y + (ptrdiff_t)(place % p->rows) * SUPER_GROUP * m, SUPER_GROUP);
}

static void collect(struct probing *p, const struct span *span,
                    const struct probing_targets *targets)
{
    struct task_source source = {(uint64_t)p->walk.input->evaluation.seed, STREAM_PROBE, 0};
    memset(p->sums, 0,
           sizeof(double) * PARTS * (size_t)(p->layers_a_walk * p->rows) * ridge_sums(&p->shape));
    for (int block = 0; block < PROBING_FIT + PROBING_TEST; block += SUPER_GROUP) {
        for (int first = 0; first < SUPER_GROUP; first += LANES) {
            walk_draw(&p->walk, &source, block + first);
            walk_predict(&p->walk);
            take_targets(p, targets, first);
            take_activations(p, span, first);
        }
        add_block(p, span, block < PROBING_FIT ? block / FOLD : PART_TEST);
        if (block < PROBING_SAMPLE)
            add_block(p, span, PART_SAMPLE);
    }
}

/* ---- and what they say */

static void put(float *values, const struct probing *p, int place)
{
    for (int g = 0; g < p->shape.groups; g++)
        values[place * p->shape.groups + g] = (float)p->r2[g];
}

static void solve(struct probing *p, const struct span *span)
{
    for (int at = 0; at < span->count * p->rows; at++) {
        int place = span->first * p->rows + at;
        const double *folds[RIDGE_FOLDS];
        for (int f = 0; f < RIDGE_FOLDS; f++)
            folds[f] = sums_at(p, f, 0, at);
        ridge_held_out(p->r2, &p->shape, folds, sums_at(p, PART_TEST, 0, at), p->scratch);
        put(p->held_out, p, place);
        ridge_in_sample(p->r2, &p->shape, sums_at(p, PART_SAMPLE, 0, at), p->scratch);
        put(p->in_sample, p, place);
    }
}

void probing_execute(struct probing *probing, const struct probing_targets *targets)
{
    for (int layer = 0; layer < probing->layers; layer += probing->layers_a_walk) {
        int rest = probing->layers - layer;
        struct span span = {layer, rest < probing->layers_a_walk ? rest : probing->layers_a_walk};
        collect(probing, &span, targets);
        solve(probing, &span);
    }
}

double probing_cost(const struct analysis_input *input, int groups, int width, double target)
{
    struct ridge_shape shape = shape_of(input, groups, width);
    int walks = input->model->L / layers_a_walk(input, &shape) + 1;
    double places = (input->model->L + 1.0) * input->model->shape.tokens;
    double n = 1 + shape.features, m = groups * width, fits = 35;
    double task = task_cost(input->task) + model_cost(input->model) + target;
    return (PROBING_FIT + PROBING_TEST) * (walks * task + places * n * (n + m)) +
           places * fits * (n * n * n / 6 + 2 * n * n * m);
}
