/* Gradient descent beside a model, on the tasks that the model sees. */
#include "walk.h"

int descent_steps(const struct tokens_config *tokens, const struct model_config *model)
{
    return tokens->kind == TOKENS_SEPARATE ? model->depth - 1 : model->depth;
}

bool compares_with_descent(const struct task_config *task, const struct tokens_config *tokens,
                           const struct model_config *model)
{
    return task->kind == TASK_LINEAR_REGRESSION && descent_steps(tokens, model) > 0;
}

int searched_tasks(const struct analysis_input *input)
{
    return input->evaluation.tasks < SEARCH_TASKS ? input->evaluation.tasks : SEARCH_TASKS;
}

void baseline_create(struct baseline *baseline, struct arena *arena,
                     const struct analysis_input *input)
{
    const struct task_config *task = &input->task->config;
    int d = task->dimension, N = task->context, O = task->outputs;
    *baseline = (struct baseline){
        .descent = {.steps = descent_steps(&input->task->tokens, &input->model->config),
                    .clip = input->model->config.clip},
        .searched = regression_create(arena, input->task, searched_tasks(input)),
        .group = regression_create(arena, input->task, LANES),
        .scratch = ARENA_TAKE(arena, double, descent_scratch(d, N, O)),
        .prediction = ARENA_TAKE(arena, double, O *LANES),
        .sensitivity = ARENA_TAKE(arena, double, O *d *LANES),
    };
}

void searched_read(struct regression_set *searched, struct walk *walk)
{
    struct task_source source = evaluation_source(walk->input);
    for (int g = 0; g < regression_groups(searched); g++) {
        walk_draw(walk, &source, g * LANES);
        regression_read(searched, g, pass_tokens(walk->pass), walk->target, walk->task);
    }
}

double fitted_rate(struct regression_set *searched, const struct descent *descent,
                   struct walk *walk, double *scratch)
{
    struct fits own = {0}, *fits = walk->input->fits ? walk->input->fits : &own;
    if (!fits->has_rate) {
        searched_read(searched, walk);
        fits->rate = descent_search(searched, descent, scratch);
        fits->has_rate = true;
    }
    return fits->rate;
}

void baseline_fit(struct baseline *baseline, struct walk *walk)
{
    baseline->descent.rate =
        fitted_rate(&baseline->searched, &baseline->descent, walk, baseline->scratch);
}

void baseline_read(struct baseline *baseline, const struct walk *walk)
{
    regression_read(&baseline->group, 0, pass_tokens(walk->pass), walk->target, walk->task);
}

void baseline_predict(struct baseline *baseline, const struct walk *walk)
{
    baseline_read(baseline, walk);
    struct regression group = regression_at(&baseline->group, 0);
    descent_predict(baseline->prediction, baseline->sensitivity, &group, &baseline->descent,
                    baseline->scratch);
}

void baseline_losses(double losses[LANES], const struct baseline *baseline)
{
    struct regression group = regression_at(&baseline->group, 0);
    regression_losses(losses, &group, baseline->prediction);
}

double descent_step_cost(const struct analysis_input *input)
{
    const struct task_config *task = &input->task->config;
    return 2.0 * task->outputs * task->dimension * (task->context + 1);
}

/* Multiply-adds of descent_predict for one task. */
static double descent_cost(const struct analysis_input *input)
{
    int steps = descent_steps(&input->task->tokens, &input->model->config);
    return steps * descent_step_cost(input);
}

double baseline_fit_cost(const struct analysis_input *input)
{
    const double losses = 12; /* of the whole set, in a search */
    if (input->fits && input->fits->rate_counted)
        return 0;
    if (input->fits)
        input->fits->rate_counted = true;
    return searched_tasks(input) * (task_cost(input->task) + losses * descent_cost(input));
}

double baseline_predict_cost(const struct analysis_input *input)
{
    return input->evaluation.tasks * descent_cost(input);
}
