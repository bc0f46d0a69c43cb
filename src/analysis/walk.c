#include "walk.h"

#include <math.h>
#include <string.h>

#include "train/loss.h"

static int target_rows(const struct token_shape *shape)
{
    return shape->output_tokens * shape->outputs;
}

/* The most that drawing such tasks takes, whatever their inputs and labels. */
static int draw_scratch(const struct task *task)
{
    struct task any = *task;
    if (task->config.kind != TASK_LINEAR_DYNAMICS) {
        any.config.inputs = INPUTS_MIXED;
        any.config.noisy_labels = task->config.context;
    }
    return task_scratch(&any);
}

void walk_create(struct walk *walk, struct arena *arena, const struct analysis_input *input,
                 enum pass_path path)
{
    *walk = (struct walk){
        .pass = pass_create(arena, input->model, input->kernels, path),
        .target = ARENA_TAKE(arena, real, target_rows(&input->model->shape) * LANES),
        .scratch = ARENA_TAKE(arena, real, draw_scratch(input->task) * LANES),
    };
}

void walk_start(struct walk *walk, const struct analysis_input *input)
{
    walk->input = input;
    walk->task = input->task;
    pass_weights(walk->pass, input->weights);
}

void walk_draw(struct walk *walk, const struct task_source *source, int first)
{
    task_draw(pass_tokens(walk->pass), walk->target, walk->task, walk->input->kernels, source,
              (uint64_t)first, walk->scratch);
}

const real *walk_predict(struct walk *walk)
{
    pass_forward(walk->pass);
    return pass_outputs(walk->pass);
}

void walk_losses(double losses[LANES], const struct walk *walk)
{
    const struct token_shape *shape = &walk->input->model->shape;
    struct loss loss = {shape->output_tokens, shape->outputs, NULL};
    loss_value(losses, pass_outputs(walk->pass), walk->target, &loss);
}

void positions_start(double *sums, const struct model *model)
{
    for (int row = 0; row < model->shape.tokens; row++)
        sums[row] = NAN;
    for (int i = 0; i < model->shape.output_tokens; i++)
        sums[model_output_row(model, i)] = 0;
}

void positions_add(double *sums, const struct walk *walk, int lanes)
{
    const struct model *model = walk->input->model;
    const struct loss one = {1, model->shape.outputs, NULL};
    for (int i = 0; i < model->shape.output_tokens; i++) {
        ptrdiff_t at = (ptrdiff_t)i * model->shape.outputs * LANES;
        double losses[LANES];
        loss_value(losses, pass_outputs(walk->pass) + at, walk->target + at, &one);
        for (int b = 0; b < lanes; b++)
            sums[model_output_row(model, i)] += losses[b];
    }
}

void walk_evaluate(double *losses, struct walk *walk)
{
    struct task_source source = evaluation_source(walk->input);
    int tasks = walk->input->evaluation.tasks;
    for (int first = 0; first < tasks; first += LANES) {
        double group[LANES];
        walk_draw(walk, &source, first);
        walk_predict(walk);
        walk_losses(group, walk);
        memcpy(losses + first, group, sizeof(double) * (size_t)walk_lanes(first, tasks));
    }
}

struct task_source evaluation_source(const struct analysis_input *input)
{
    return (struct task_source){(uint64_t)input->evaluation.seed, STREAM_EVALUATION, 0};
}

int walk_lanes(int first, int count)
{
    return count - first < LANES ? count - first : LANES;
}

void put_number(const struct analysis_output *output, int column, double value)
{
    output->put(output->context, column, (const int32_t[]){1, 1, 1}, &value);
}
