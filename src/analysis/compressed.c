#include "compressed.h"

#include <math.h>

/* Parts of a constructed token, from 0: what is predicted, s_t, and s_t-1. */
enum { PART_PREDICTION = 0, PART_STATE = 2, PART_BEFORE = 3 };

bool compresses(const struct task_config *task, const struct tokens_config *tokens,
                const struct model_config *model)
{
    struct task of_run;
    struct model whole;
    return tokens->kind == TOKENS_CONSTRUCTED && task_init(&of_run, task, tokens, NULL) == OK &&
           model_init(&whole, model, &of_run.shape, NULL) == OK &&
           compression_fits(&whole, &of_run);
}

void compressed_create(struct compressed *s, struct arena *arena,
                       const struct analysis_input *input)
{
    size_t heads = (size_t)input->model->weight_sets * (size_t)input->model->H;
    interpolated_create(&s->between, arena, input);
    walk_create(&s->walk, arena, &s->between.input, PASS_FAST);
    s->scalars = ARENA_TAKE(arena, double, heads *COMPRESSION_SCALARS);
}

void compressed_read(struct compressed *s, const struct analysis_input *input, const real *weights,
                     int keep)
{
    const struct model *model = input->model;
    interpolated_read(&s->between, input, weights);
    compression_read(s->scalars, &s->between.trained, model, input->task);
    compression_keep(s->scalars, model->weight_sets * model->H, keep);
    compression_write(&s->between.reference, s->scalars);
}

void compressed_losses(double *losses, struct compressed *s, double share)
{
    interpolated_write(&s->between, share);
    walk_start(&s->walk, &s->between.input);
    walk_evaluate(losses, &s->walk);
}

double compressed_cost(const struct analysis_input *input)
{
    struct model wide;
    products_model(&wide, input->model);
    return input->evaluation.tasks * (task_cost(input->task) + model_cost(&wide));
}

double compressed_rate(const struct compressed *s)
{
    const struct model *model = s->between.run->model;
    const int qk = PART_STATE * COMPRESSION_PARTS + PART_BEFORE;
    const int vp = COMPRESSION_BLOCKS + PART_STATE * COMPRESSION_PARTS + PART_PREDICTION;
    double rate = 0;
    for (int h = 0; h < model->H; h++)
        rate += s->scalars[h * COMPRESSION_SCALARS + qk] * s->scalars[h * COMPRESSION_SCALARS + vp];
    return model->L == 1 ? rate * model->config.damping : NAN;
}
