/* The analysis `linearisation`, and the students that it trains: of layers that are linear already,
 * whose students have an exact answer, and of softmax layers. */
#include "../theory/sample.h"
#include "written.h"

#include "student.h"
#include "walk.h"

enum { d = 2, T = 5, TASKS = 20 };

#define ROTATION                                                                                   \
    {                                                                                              \
        .kind = TASK_LINEAR_DYNAMICS, .dimension = d, .context = T, .outputs = 1,                  \
        .input_range = 2, .weight_scale = 1, .noise = .01, .state_clip = 10, .tasks = 1            \
    }
#define CAUSAL LINEAR_MODEL, .keys_from = KEYS_CAUSAL, .key_size = 3, .clip = 4

static const struct bench_setting linear = {
    ROTATION, {.kind = TOKENS_CONSTRUCTED}, {CAUSAL, .depth = 2}, {TASKS, 3, 20}};

/* Raw tokens behind a prefix, in an embedding, with positions that queries and keys of the first
 * layer see. */
static struct bench_setting softmax(void)
{
    struct bench_setting setting = {
        ROTATION,
        {.kind = TOKENS_RAW},
        {CAUSAL, .depth = 2, .prefix = 1, .eos = 2, .embedding = 6, .output_embedding = true},
        {TASKS, 3, 20}};
    setting.model.layers = (struct key_text){"softmax mesa"};
    setting.model.positions = POSITIONS_QUERY_KEY;
    setting.model.position_size = 4;
    setting.model.normalise_keys = true;
    setting.model.normalise_from = 2;
    return setting;
}

static void draw_weights(struct bench *bench, double deviation)
{
    uint64_t seed = 5;
    for (size_t i = 0; i < bench->model.parameters; i++)
        bench->weights[i] = (real)(deviation * sample_normal(&seed));
}

/* ---- a student */

struct lesson {
    struct arena arena;
    struct walk walk; /* of the teacher */
    struct student student;
};

static void lesson_open(struct lesson *lesson, struct bench *bench, int layer)
{
    struct arena sizes = arena_measure();
    walk_create(&lesson->walk, &sizes, &bench->input, PASS_TOKENS);
    student_create(&lesson->student, &sizes, &bench->model, layer, bench->input.kernels);
    assert_int_equal(arena_create(&lesson->arena, sizes.used, NULL), OK);
    walk_create(&lesson->walk, &lesson->arena, &bench->input, PASS_TOKENS);
    student_create(&lesson->student, &lesson->arena, &bench->model, layer, bench->input.kernels);
    struct task_source source = {3, STREAM_DISTILLATION, 0};
    walk_start(&lesson->walk, &bench->input);
    pass_keep_all(lesson->walk.pass);
    walk_draw(&lesson->walk, &source, 0);
    walk_predict(&lesson->walk);
    student_start(&lesson->student, 1);
}

/* The tensors of a layer of the bench go to the student. */
static void teach_by_heart(struct lesson *lesson, const struct bench *bench, int layer)
{
    struct student *s = &lesson->student;
    for (int i = 0; i < s->model.tensor_count; i++) {
        const struct tensor *tensor = &s->model.tensors[i];
        memcpy(s->weights + tensor->offset, written_at(bench, layer - 1, tensor->name, 0, 0),
               tensor->count * sizeof(real));
    }
    pass_weights(s->pass, s->weights);
}

/* In double, sums of at most T K D = 120 products in another order (PASS_FAST, PASS_TOKENS). */
static void knows_all_by_heart(const struct bench_setting *setting, int layer)
{
    static struct bench bench;
    struct lesson lesson;
    bench_open(&bench, setting, NULL);
    draw_weights(&bench, .3);
    lesson_open(&lesson, &bench, layer);
    teach_by_heart(&lesson, &bench, layer);
    const real *found = student_predict(&lesson.student, lesson.walk.pass);
    const real *right = pass_activation(lesson.walk.pass, layer);
    int size = T * bench.model.D * LANES;
    for (int i = 0; i < size; i++)
        assert_near(found[i], right[i], 1e-13);
    student_learn(&lesson.student, lesson.walk.pass);
    pass_gradient(lesson.student.pass, lesson.student.gradient);
    for (size_t i = 0; i < lesson.student.model.parameters; i++)
        assert_near(lesson.student.gradient[i], 0, 1e-12);
    arena_destroy(&lesson.arena);
    bench_close(&bench);
}

static void a_linear_layer_is_a_student_that_has_nothing_to_learn(void **state)
{
    (void)state;
    struct bench_setting settings[] = {linear, linear, linear};
    settings[1].model.damping = .5;
    settings[2].model.normalise_keys = true;
    settings[2].model.normalise_from = 2;
    for (size_t k = 0; k < COUNT(settings); k++)
        for (int layer = 1; layer <= 2; layer++)
            knows_all_by_heart(&settings[k], layer);
}

/* N(0, .05^2), of each layer and seed others: a mean square of 96 numbers has the relative
 * deviation sqrt(2 / 96), five of them. */
static void students_begin_with_small_weights_of_their_own(void **state)
{
    (void)state;
    enum { STUDENTS = 3, NUMBERS = 96 };
    static const struct {
        int layer;
        uint64_t seed;
    } cases[STUDENTS] = {{1, 1}, {2, 1}, {1, 2}};
    static real weights[STUDENTS][NUMBERS];
    static struct bench bench;
    bench_open(&bench, &linear, NULL);
    for (int i = 0; i < STUDENTS; i++) {
        struct lesson lesson;
        double square = 0;
        lesson_open(&lesson, &bench, cases[i].layer);
        student_start(&lesson.student, cases[i].seed);
        assert_int_equal(lesson.student.model.parameters, NUMBERS);
        memcpy(weights[i], lesson.student.weights, sizeof weights[i]);
        for (int k = 0; k < NUMBERS; k++)
            square += (double)(weights[i][k] * weights[i][k]) / NUMBERS;
        assert_near(square / (.05 * .05), 1, 5 * sqrt(2. / NUMBERS));
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(weights[i], weights[k], sizeof weights[i]);
        arena_destroy(&lesson.arena);
    }
    bench_close(&bench);
}

/* The first update of Adam moves a weight by the rate / (1 + 1e-8 / |gradient|), and here the
 * largest gradients are above 1e-4. */
static void the_rate_of_a_student_falls_to_zero_as_a_cosine(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &linear, NULL);
    draw_weights(&bench, .3);
    for (int step = 0; step <= 10; step += 5) {
        struct lesson lesson;
        real before[96];
        double rate = .003 * .5 * (1 + cos(step * acos(-1) / 10)), most = 0;
        lesson_open(&lesson, &bench, 2);
        memcpy(before, lesson.student.weights, sizeof before);
        student_learn(&lesson.student, lesson.walk.pass);
        student_update(&lesson.student, step, 10);
        for (int i = 0; i < 96; i++)
            most = fmax(most, fabs((double)(lesson.student.weights[i] - before[i])));
        assert_near(most, rate, 1e-4 * .003);
        arena_destroy(&lesson.arena);
    }
    bench_close(&bench);
}

/* The rest of the weights stays as it is, and the layer itself is what student_copy writes. */
static void a_copy_changes_one_layer(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = softmax();
    bench_open(&bench, &setting, NULL);
    draw_weights(&bench, .3);
    struct lesson lesson;
    lesson_open(&lesson, &bench, 2);
    real *weights = calloc(bench.model.parameters, sizeof *weights);
    memcpy(weights, bench.weights, bench.model.parameters * sizeof *weights);
    student_copy(weights, &lesson.student);
    size_t changed = 0;
    for (size_t i = 0; i < bench.model.parameters; i++)
        changed += weights[i] != bench.weights[i];
    assert_int_equal(changed, lesson.student.model.parameters);
    memcpy(bench.weights, weights, bench.model.parameters * sizeof *weights);
    const char *const names[] = {"query", "key", "value", "project"};
    const real *at = lesson.student.weights;
    for (int i = 0; i < 4; i++) {
        size_t count = (size_t)(bench.model.D * bench.model.H * bench.model.K);
        assert_memory_equal(written_at(&bench, 1, names[i], 0, 0), at, count * sizeof(real));
        at += count;
    }
    free(weights);
    arena_destroy(&lesson.arena);
    bench_close(&bench);
}

/* ---- the analysis */

static const double *column(const struct bench *bench, const char *name)
{
    return bench->values[bench_column(bench, name)];
}

/* After 4,000 updates less than 1e-4 of what the layer adds is left, from all of it at first. */
static void the_student_of_a_linear_layer_learns_it(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = linear;
    setting.model.depth = 1;
    setting.evaluation.distillation = 4000;
    bench_open(&bench, &setting, NULL);
    draw_weights(&bench, .35);
    bench_execute(&bench, "linearisation");
    const double *losses = column(&bench, "linearised_loss");
    const double *r2 = column(&bench, "linearised_r2");
    assert_true(isnan(r2[0]));
    assert_true(r2[1] > 1 - 1e-4 && r2[1] <= 1);
    assert_near(losses[1] / losses[0], 1, 1e-3);
    assert_near(bench_value(&bench, "linearised_all_loss"), losses[1], 0);
    bench_close(&bench);
}

static void the_first_loss_is_that_of_the_model(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = softmax();
    bench_open(&bench, &setting, NULL);
    draw_weights(&bench, .3);
    bench_execute(&bench, "linearisation");
    double before[3], r2 = column(&bench, "linearised_r2")[1];
    memcpy(before, column(&bench, "linearised_loss"), sizeof before);
    assert_true(r2 < 1 && before[1] != before[0] && before[2] != before[0]);
    bench_execute(&bench, "dynamics_baselines");
    const double *positions = column(&bench, "position_loss");
    double mean = 0;
    for (int i = 0; i < T; i++)
        mean += positions[model_output_row(&bench.model, i)] / T;
    assert_near(before[0], mean, 1e-12);
    bench_close(&bench);
}

/* The students of the analysis again: 20 updates of 64 tasks each. */
static void train_students(struct lesson lessons[2])
{
    for (int l = 0; l < 2; l++)
        student_start(&lessons[l].student, 3);
    for (int step = 0; step < 20; step++)
        for (int l = 0; l < 2; l++) {
            struct task_source source = {3, STREAM_DISTILLATION, (uint32_t)step};
            for (int first = 0; first < 64; first += LANES) {
                walk_draw(&lessons[l].walk, &source, first);
                walk_predict(&lessons[l].walk);
                student_learn(&lessons[l].student, lessons[l].walk.pass);
            }
            student_update(&lessons[l].student, step, 20);
        }
}

/* 1 - sum |h' - h|^2 / sum |h - h before|^2 of a layer over the evaluation set. */
static double explained(struct lesson *lesson, int layer)
{
    struct task_source source = evaluation_source(lesson->walk.input);
    double left = 0, added = 0;
    for (int task = 0; task < TASKS; task++) {
        walk_draw(&lesson->walk, &source, task);
        walk_predict(&lesson->walk);
        const struct pass *pass = lesson->walk.pass;
        const real *found = student_predict(&lesson->student, pass);
        const real *h = pass_activation(pass, layer), *before = pass_activation(pass, layer - 1);
        const struct model *model = lesson->walk.input->model;
        for (int i = 0; i < model->shape.tokens * model->D * LANES; i += LANES) {
            left += pow((double)(found[i] - h[i]), 2);
            added += pow((double)(h[i] - before[i]), 2);
        }
    }
    return 1 - left / added;
}

/* Mean loss with the students of layer i + 1, or with 2 of both, in their places. */
static double replaced_loss(const struct bench *bench, const struct lesson lessons[2], int i)
{
    struct model model = bench->model;
    struct analysis_input input = bench->input;
    struct arena arena = arena_measure();
    struct walk walk;
    double losses[TASKS], sum = 0;
    real *weights = calloc(model.parameters, sizeof *weights);
    memcpy(weights, bench->weights, model.parameters * sizeof *weights);
    for (int l = 0; l < 2; l++)
        if (i == 2 || i == l) {
            model_linearise(&model, l);
            student_copy(weights, &lessons[l].student);
        }
    input.model = &model;
    input.weights = weights;
    walk_create(&walk, &arena, &input, PASS_FAST);
    size_t size = arena.used;
    assert_int_equal(arena_create(&arena, size, NULL), OK);
    walk_create(&walk, &arena, &input, PASS_FAST);
    walk_start(&walk, &input);
    walk_evaluate(losses, &walk);
    for (int task = 0; task < TASKS; task++)
        sum += losses[task] / TASKS;
    arena_destroy(&arena);
    free(weights);
    return sum;
}

/* Sums of numbers of order 1 in another order. */
static void students_are_judged_alone_and_together(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = softmax();
    struct lesson lessons[2];
    bench_open(&bench, &setting, NULL);
    draw_weights(&bench, .3);
    for (int l = 0; l < 2; l++)
        lesson_open(&lessons[l], &bench, l + 1);
    train_students(lessons);
    bench_execute(&bench, "linearisation");
    for (int l = 0; l < 2; l++) {
        assert_near(column(&bench, "linearised_r2")[l + 1], explained(&lessons[l], l + 1), 1e-12);
        assert_near(column(&bench, "linearised_loss")[l + 1], replaced_loss(&bench, lessons, l),
                    1e-12);
    }
    assert_near(bench_value(&bench, "linearised_all_loss"), replaced_loss(&bench, lessons, 2),
                1e-12);
    for (int l = 0; l < 2; l++)
        arena_destroy(&lessons[l].arena);
    bench_close(&bench);
}

/* With a layer whose project is 0 all of the stream passes by, so nothing is lost and nothing can
 * be explained. */
static void of_one_layer_all_is_one(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = softmax();
    setting.model.depth = 1;
    setting.model.layers = (struct key_text){"softmax"};
    bench_open(&bench, &setting, NULL);
    draw_weights(&bench, .3);
    bench_execute(&bench, "linearisation");
    assert_true(column(&bench, "linearised_loss")[1] == bench_value(&bench, "linearised_all_loss"));
    for (int i = 0; i < bench.model.H * bench.model.K; i++)
        for (int c = 0; c < bench.model.D; c++)
            *written_at(&bench, 0, "project", i, c) = 0;
    bench_execute(&bench, "linearisation");
    assert_true(isnan(column(&bench, "linearised_r2")[1]));
    bench_close(&bench);
}

static void only_layers_of_attention_with_own_weights_are_replaced(void **state)
{
    (void)state;
    const struct analysis *analysis = bench_find("linearisation");
    struct bench_setting setting = linear;
    assert_true(bench_applies(&setting, analysis));
    setting.model.weights = WEIGHTS_SHARED;
    assert_false(bench_applies(&setting, analysis));
    setting.model.depth = 1;
    assert_true(bench_applies(&setting, analysis));
    setting.model.mlp = 3;
    assert_false(bench_applies(&setting, analysis));
    setting.model.mlp = 0;
    setting.model.layer_norm = true;
    assert_false(bench_applies(&setting, analysis));
    setting.model.layer_norm = false;
    setting.model.y_update = true;
    assert_false(bench_applies(&setting, analysis));
    setting.model.y_update = false;
    setting.model.kind = MODEL_CHEBYSHEV;
    assert_false(bench_applies(&setting, analysis));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_layer_is_a_student_that_has_nothing_to_learn),
        cmocka_unit_test(students_begin_with_small_weights_of_their_own),
        cmocka_unit_test(the_rate_of_a_student_falls_to_zero_as_a_cosine),
        cmocka_unit_test(a_copy_changes_one_layer),
        cmocka_unit_test(the_student_of_a_linear_layer_learns_it),
        cmocka_unit_test(the_first_loss_is_that_of_the_model),
        cmocka_unit_test(students_are_judged_alone_and_together),
        cmocka_unit_test(of_one_layer_all_is_one),
        cmocka_unit_test(only_layers_of_attention_with_own_weights_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
