/* Linearisation by distillation (science.md 2.7): linear attention learns what each layer does, and
 * the model's loss when it takes the place of one layer, or of all. */
#include <math.h>

#include "registry.h"
#include "student.h"
#include "walk.h"

enum { LINEARISED_LOSS, LINEARISED_ALL_LOSS, LINEARISED_R2 };

/* clang-format off */
static const struct column columns[] = {
    [LINEARISED_LOSS] = {.name = "linearised_loss", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "mean loss over the evaluation set with linear attention, trained to do the same, in the place of this layer; at 0 of the model as it is"},
    [LINEARISED_ALL_LOSS] = {.name = "linearised_all_loss", .type = COLUMN_F64, .level = LEVEL_BITS, .unit = "1",
        .about = "linearised_loss with all layers replaced"},
    [LINEARISED_R2] = {.name = "linearised_r2", .type = COLUMN_F64, .axes = {AXIS_LAYER}, .level = LEVEL_BITS, .unit = "1",
        .about = "share of the squares of what this layer adds to the stream that its linear attention, which is not kept, explains, on the evaluation set"},
};
/* clang-format on */

/* The model with some layers replaced. */
struct replaced {
    struct model model;
    struct analysis_input input;
    struct walk walk;
};

struct state {
    struct walk walk;            /* of the model as it is: the teacher */
    struct student *students;    /* [L], of layers 1 .. L */
    struct replaced *replaced;   /* [L + 1]: layer 1 .. L, and all */
    real *weights;               /* [parameters] of the one at hand */
    double *losses;              /* [evaluation.tasks] */
    double *means;               /* [L + 1] */
    double *squares, *explained; /* [L + 1] sums of |added|^2, of what is explained of it */
};

static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    (void)task, (void)tokens;
    return student_fits(model);
}

/* Layers of the i-th replaced model: i, or with L all. */
static bool replaces(int i, int layer, int L)
{
    return i == L || i == layer;
}

static void replaced_create(struct replaced *r, struct arena *arena,
                            const struct analysis_input *input, const real *weights, int i)
{
    r->model = *input->model;
    for (int l = 0; l < r->model.L; l++)
        if (replaces(i, l, r->model.L))
            model_linearise(&r->model, l);
    r->input = *input;
    r->input.model = &r->model;
    r->input.weights = weights;
    walk_create(&r->walk, arena, &r->input, PASS_FAST);
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    int L = input->model->L;
    walk_create(&s->walk, arena, input, PASS_TOKENS);
    s->weights = ARENA_TAKE(arena, real, input->model->parameters);
    s->students = ARENA_TAKE(arena, struct student, L);
    s->replaced = ARENA_TAKE(arena, struct replaced, L + 1);
    for (int l = 0; l < L; l++) {
        struct student one;
        student_create(s->students ? &s->students[l] : &one, arena, input->model, l + 1,
                       input->kernels);
    }
    for (int i = 0; i <= L; i++) {
        struct replaced one;
        replaced_create(s->replaced ? &s->replaced[i] : &one, arena, input, s->weights, i);
    }
    s->losses = ARENA_TAKE(arena, double, input->evaluation.tasks);
    s->means = ARENA_TAKE(arena, double, L + 1);
    s->squares = ARENA_TAKE(arena, double, L + 1);
    s->explained = ARENA_TAKE(arena, double, L + 1);
    return state;
}

static double cost(const struct analysis_input *input)
{
    const struct model *model = input->model;
    double task = task_cost(input->task) + model_cost(model), students = 0;
    for (int l = 1; l <= model->L; l++)
        students += student_cost(model, l);
    return (double)input->evaluation.distillation * STUDENT_BATCH * (task + 3 * students) +
           input->evaluation.tasks * ((model->L + 3) * task + students);
}

/* All students see the same tasks, each the stream before its layer. */
static void distil(struct state *s, const struct analysis_input *input)
{
    struct task_source source = {(uint64_t)input->evaluation.seed, STREAM_DISTILLATION, 0};
    int64_t steps = input->evaluation.distillation;
    int L = input->model->L;
    for (int l = 0; l < L; l++)
        student_start(&s->students[l], source.seed);
    for (int64_t step = 0; step < steps; step++) {
        source.step = (uint32_t)step;
        for (int first = 0; first < STUDENT_BATCH; first += LANES) {
            walk_draw(&s->walk, &source, first);
            walk_predict(&s->walk);
            for (int l = 0; l < L; l++)
                student_learn(&s->students[l], s->walk.pass);
        }
        for (int l = 0; l < L; l++)
            student_update(&s->students[l], step, steps);
    }
}

/* The first `lanes` of the 16 tasks at hand. */
static void explain(struct state *s, int layer, int lanes)
{
    struct student *student = &s->students[layer - 1];
    const real *predicted = student_predict(student, s->walk.pass);
    const real *before = pass_activation(s->walk.pass, layer - 1);
    const real *behind = pass_activation(s->walk.pass, layer);
    for (int i = 0; i < student->model.shape.tokens * student->model.D; i++)
        for (int b = i * LANES; b < i * LANES + lanes; b++) {
            double added = (double)behind[b] - (double)before[b];
            double left = (double)behind[b] - (double)predicted[b];
            s->squares[layer] += added * added;
            s->explained[layer] += added * added - left * left;
        }
}

static void put_explained(struct state *s, const struct analysis_input *input,
                          const struct analysis_output *output)
{
    struct task_source source = evaluation_source(input);
    int tasks = input->evaluation.tasks, L = input->model->L;
    for (int first = 0; first < tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        walk_predict(&s->walk);
        for (int l = 1; l <= L; l++)
            explain(s, l, walk_lanes(first, tasks));
    }
    for (int l = 0; l <= L; l++) {
        double share = s->explained[l] / s->squares[l];
        s->means[l] = isfinite(share) ? share : NAN;
    }
    output->put(output->context, LINEARISED_R2, (const int32_t[]){L + 1, 1, 1}, s->means);
}

static double mean_loss(struct state *s, struct walk *walk, const struct analysis_input *input)
{
    int tasks = input->evaluation.tasks;
    double sum = 0;
    walk_start(walk, input);
    walk_evaluate(s->losses, walk);
    for (int i = 0; i < tasks; i++)
        sum += s->losses[i];
    return isfinite(sum) ? sum / tasks : NAN;
}

static double replaced_loss(struct state *s, const struct analysis_input *input, int i)
{
    struct replaced *r = &s->replaced[i];
    int L = input->model->L;
    for (size_t k = 0; k < input->model->parameters; k++)
        s->weights[k] = input->weights[k];
    for (int l = 0; l < L; l++)
        if (replaces(i, l, L))
            student_copy(s->weights, &s->students[l]);
    return mean_loss(s, &r->walk, &r->input);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    int L = input->model->L;
    walk_start(&s->walk, input);
    pass_keep_all(s->walk.pass);
    distil(s, input);
    put_explained(s, input, output);
    s->means[0] = mean_loss(s, &s->walk, input);
    for (int l = 1; l <= L; l++)
        s->means[l] = replaced_loss(s, input, l - 1);
    output->put(output->context, LINEARISED_LOSS, (const int32_t[]){L + 1, 1, 1}, s->means);
    put_number(output, LINEARISED_ALL_LOSS, replaced_loss(s, input, L));
}

const struct analysis analysis_linearisation = {
    .name = "linearisation",
    .about = "losses with linear attention, trained to do the same, in the place of each layer",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
