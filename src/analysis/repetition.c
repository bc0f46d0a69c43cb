/* One trained layer, applied again and again (science.md 1.4). */
#include <math.h>
#include <string.h>

#include "registry.h"
#include "shift.h"

/* On the update of the layer and on the rate of gradient descent. */
static const double DAMPING = .75;

/* Of the evaluation set: enough to hold the rare contexts that diverge, 1 in 10,000. */
enum { REPETITION_TASKS = 1 << 14 };

enum { REPEATED_LOSS };

/* The first of the algorithms are repeated; the others are NaN. */
enum { REPEATED = ALGORITHM_GD + 1 };

/* clang-format off */
static const struct column columns[] = {
    CURVE_COLUMNS(REPEATED_LOSS, "repeated_loss", "after a damped layer, or step, has been applied again and again",
                  AXIS_ALGORITHM, AXIS_TIMES),
};
/* clang-format on */

struct state {
    struct model model;          /* the run's, damped, which updates the y channels alone */
    struct analysis_input input; /* with this model */
    struct walk walk;
    struct baseline baseline;
    int tasks, times;
    double *losses[REPEATED];  /* [times][tasks] */
    double *predictions;       /* of gradient descent: [times][O][LANES] */
    float *values[STATISTICS]; /* [ALGORITHMS][times] */
};

/* The stream has to be tokens, for it becomes the input of the same layer. */
static bool applies(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    static const char linear[] = "linear";
    bool stream_is_tokens = tokens->kind == TOKENS_JOINT && model->embedding == 0 &&
                            model->prefix == 0 && !model->eos && model->input_mlp == 0 &&
                            model->mlp == 0 && !model->output_embedding &&
                            model->positions == POSITIONS_NONE;
    return compares_with_descent(task, tokens, model) && model->kind == MODEL_TRANSFORMER &&
           stream_is_tokens && model->depth == 1 &&
           strncmp(model->layers.text, linear, sizeof linear - 1) == 0;
}

static int task_count(const struct analysis_input *input)
{
    int tasks = input->evaluation.tasks;
    return tasks < REPETITION_TASKS ? tasks : REPETITION_TASKS;
}

/* The run with the damped model. */
static void damp(struct state *s, const struct analysis_input *input)
{
    s->model = *input->model;
    s->model.config.damping *= DAMPING;
    s->model.config.y_update = true;
    s->input = *input;
    s->input.model = &s->model;
}

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct state *state = ARENA_TAKE(arena, struct state, 1), measured;
    struct state *s = state ? state : &measured;
    damp(s, input);
    s->tasks = task_count(input);
    s->times = analysis_axis_length(AXIS_TIMES, NULL, NULL);
    walk_create(&s->walk, arena, &s->input, PASS_TOKENS);
    baseline_create(&s->baseline, arena, &s->input);
    for (int a = 0; a < REPEATED; a++)
        s->losses[a] = ARENA_TAKE(arena, double, s->times * s->tasks);
    s->predictions = ARENA_TAKE(arena, double, s->times * input->task->config.outputs * LANES);
    for (int k = 0; k < STATISTICS; k++)
        s->values[k] = ARENA_TAKE(arena, float, ALGORITHMS * s->times);
    return state;
}

/* A layer of every token costs about that of the query for each of them. */
static double cost(const struct analysis_input *input)
{
    double layer = model_cost(input->model) * input->model->shape.tokens;
    double times = analysis_axis_length(AXIS_TIMES, NULL, NULL);
    double task = task_cost(input->task) + times * (layer + descent_step_cost(input));
    return baseline_fit_cost(input) + task_count(input) * task;
}

static void keep(struct state *s, enum algorithm algorithm, int n, int first,
                 const double losses[LANES])
{
    double *to = s->losses[algorithm] + (size_t)n * (size_t)s->tasks + first;
    memcpy(to, losses, sizeof *to * (size_t)walk_lanes(first, s->tasks));
}

/* What the layer wrote becomes its input. */
static void repeat_model(struct state *s, int first)
{
    double losses[LANES];
    size_t reals = (size_t)(s->model.shape.tokens * s->model.D * LANES);
    for (int n = 0; n < s->times; n++) {
        walk_predict(&s->walk);
        walk_losses(losses, &s->walk);
        keep(s, ALGORITHM_TRANSFORMER, n, first, losses);
        memcpy(pass_tokens(s->walk.pass), pass_activation(s->walk.pass, 1), sizeof(real) * reals);
    }
}

/* Before the model changes the tokens. */
static void repeat_descent(struct state *s, int first)
{
    double losses[LANES];
    const struct baseline *gd = &s->baseline;
    struct descent damped = gd->descent;
    damped.rate *= DAMPING;
    damped.steps = s->times;
    baseline_read(&s->baseline, &s->walk);
    struct regression group = regression_at(&gd->group, 0);
    descent_trace(s->predictions, &group, &damped, gd->scratch);
    for (int n = 0; n < s->times; n++) {
        regression_losses(losses, &group, s->predictions + n * group.O * LANES);
        keep(s, ALGORITHM_GD, n, first, losses);
    }
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    struct state *s = state;
    struct task_source source = evaluation_source(input);
    damp(s, input);
    walk_start(&s->walk, &s->input);
    pass_keep_all(s->walk.pass);
    baseline_fit(&s->baseline, &s->walk);
    for (int first = 0; first < s->tasks; first += LANES) {
        walk_draw(&s->walk, &source, first);
        repeat_descent(s, first);
        repeat_model(s, first);
    }
    for (int k = 0; k < STATISTICS; k++)
        for (int i = 0; i < ALGORITHMS * s->times; i++)
            s->values[k][i] = NAN;
    for (int a = 0; a < REPEATED; a++)
        for (int n = 0; n < s->times; n++)
            take_statistics(s->values, a * s->times + n,
                            s->losses[a] + (size_t)n * (size_t)s->tasks, s->tasks);
    for (int k = 0; k < STATISTICS; k++)
        output->put(output->context, REPEATED_LOSS + k, (const int32_t[]){ALGORITHMS, s->times, 1},
                    s->values[k]);
}

const struct analysis analysis_repetition = {
    .name = "repetition",
    .about = "losses of a layer that is applied again and again, damped, and of as many steps of "
             "gradient descent",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = applies,
    .cost = cost,
    .create = create,
    .execute = execute,
};
