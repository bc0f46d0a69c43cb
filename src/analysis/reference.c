#include "reference.h"

bool reference_fits(const struct task_config *task, const struct tokens_config *tokens,
                    const struct model_config *model)
{
    bool searched = model->weights == WEIGHTS_SHARED || model->depth <= PER_LAYER_MAX;
    return compares_with_descent(task, tokens, model) && tokens->kind == TOKENS_JOINT && searched;
}

/* Whether the spectral identity holds: labels and queries that do not depend on the context. */
static bool is_spectral(const struct analysis_input *input)
{
    const struct task_config *task = &input->task->config;
    return input->model->config.clip == 0 && task->inputs == INPUTS_UNIFORM && task->noise == 0 &&
           task->noisy_labels == 0;
}

static size_t fit_scratch(int layers, int d, int N, int O)
{
    size_t search = gdpp_search_scratch(layers, d, N, O), descent = descent_scratch(d, N, O);
    return search > descent ? search : descent;
}

void reference_create(struct reference *reference, struct arena *arena,
                      const struct analysis_input *input)
{
    const struct task_config *task = &input->task->config;
    const struct model_config *model = &input->model->config;
    int d = task->dimension, N = task->context, O = task->outputs;
    *reference = (struct reference){
        .gdpp.layers = model->depth,
        .clip = model->clip,
        .spectral = is_spectral(input),
        .freedom = model->weights == WEIGHTS_SHARED ? GDPP_SHARED : GDPP_PER_LAYER,
        .searched = regression_create(arena, input->task, searched_tasks(input)),
        .group = regression_create(arena, input->task, LANES),
        .spectra = spectra_create(arena, task, searched_tasks(input)),
        .scratch = ARENA_TAKE(arena, double, fit_scratch(model->depth, d, N, O)),
        .prediction = ARENA_TAKE(arena, double, O *LANES),
        .sensitivity = ARENA_TAKE(arena, double, O *d *LANES),
    };
}

static void fit_one_layer(struct reference *reference, struct walk *walk)
{
    struct descent descent = {.steps = 1, .clip = reference->clip};
    reference->gdpp.rate[0] = fitted_rate(&reference->searched, &descent, walk, reference->scratch);
}

static void fit_spectra(struct reference *reference)
{
    spectra_read(&reference->spectra, &reference->searched);
    gdpp_optimum(&reference->gdpp, &reference->spectra, reference->freedom);
}

static void fit_through_clip(struct reference *reference)
{
    struct regression_set few = reference->searched;
    few.count = few.count < SEARCH_TASKS_CLIPPED ? few.count : SEARCH_TASKS_CLIPPED;
    gdpp_search(&reference->gdpp, &few, reference->clip, reference->freedom, reference->scratch);
}

static void fit_layers(struct reference *reference, struct walk *walk)
{
    struct fits own = {0}, *fits = walk->input->fits ? walk->input->fits : &own;
    if (!fits->has_gdpp) {
        searched_read(&reference->searched, walk);
        if (reference->spectral)
            fit_spectra(reference);
        else
            fit_through_clip(reference);
        fits->gdpp = reference->gdpp;
        fits->has_gdpp = true;
    }
    reference->gdpp = fits->gdpp;
}

void reference_fit(struct reference *reference, struct walk *walk)
{
    if (reference->gdpp.layers == 1)
        fit_one_layer(reference, walk);
    else
        fit_layers(reference, walk);
}

void reference_read(struct reference *reference, const struct walk *walk)
{
    regression_read(&reference->group, 0, pass_tokens(walk->pass), walk->target, walk->task);
}

void reference_predict(struct reference *reference, const struct walk *walk)
{
    reference_read(reference, walk);
    struct regression group = regression_at(&reference->group, 0);
    gdpp_predict(reference->prediction, reference->sensitivity, &group, &reference->gdpp,
                 reference->clip, reference->scratch);
}

void reference_losses(double losses[LANES], struct reference *reference, int layers)
{
    struct regression group = regression_at(&reference->group, 0);
    struct gdpp first = reference->gdpp;
    first.layers = layers;
    gdpp_predict(reference->prediction, NULL, &group, &first, reference->clip, reference->scratch);
    regression_losses(losses, &group, reference->prediction);
}

/* Multiply-adds of one layer for one task: sums of the context, then every token. */
static double layer_cost(const struct task_config *task)
{
    double d = task->dimension, N = task->context, O = task->outputs;
    return N * d * (d / 2 + O) + (N + 1) * d * (d + O);
}

static double fit_layers_cost(const struct analysis_input *input)
{
    const struct task_config *task = &input->task->config;
    const double sweeps = 6; /* of Jacobi's rotations */
    double losses = input->model->config.weights == WEIGHTS_SHARED ? 60 : 600;
    double d = task->dimension, L = input->model->config.depth, n = searched_tasks(input);
    double read = n * task_cost(input->task);
    if (is_spectral(input))
        return read + n * (sweeps * 3 * d * d * d + losses * 10 * L * d);
    double few = n < SEARCH_TASKS_CLIPPED ? n : SEARCH_TASKS_CLIPPED;
    return read + few * losses * 3 * L * layer_cost(task);
}

double reference_fit_cost(const struct analysis_input *input)
{
    if (input->model->config.depth == 1)
        return baseline_fit_cost(input);
    if (input->fits && input->fits->gdpp_counted)
        return 0;
    if (input->fits)
        input->fits->gdpp_counted = true;
    return fit_layers_cost(input);
}

double reference_predict_cost(const struct analysis_input *input)
{
    const struct task_config *task = &input->task->config;
    double d = task->dimension;
    return input->model->config.depth * (layer_cost(task) + d * d * (d + task->outputs));
}
