#include "interpolated.h"

#include <assert.h>
#include <string.h>

#include "weights.h"

bool interpolates(const struct task_config *task, const struct tokens_config *tokens,
                  const struct model_config *model)
{
    return plain_attention(task, tokens, model, "linear") && model->heads == 1;
}

void interpolated_create(struct interpolated *s, struct arena *arena,
                         const struct analysis_input *input)
{
    struct model_config config = input->model->config;
    config.key_size = 0;
    enum status st = model_init(&s->model, &config, &input->task->shape, NULL);
    assert(st == OK); /* as for the model of the run */
    size_t square = (size_t)s->model.D * (size_t)s->model.D;
    s->weights = ARENA_TAKE(arena, real, s->model.parameters);
    s->M = ARENA_TAKE(arena, double, square);
    s->U = ARENA_TAKE(arena, double, square);
    s->input = *input;
    s->input.model = &s->model;
    s->input.weights = s->weights;
}

void interpolated_start(struct interpolated *s, const struct analysis_input *input)
{
    s->input.fits = input->fits;
    head_products(s->M, s->U, input->model, input->weights, 0, 0);
    normalise_products(s->M, s->U, s->model.D, input->task->config.dimension);
}

void interpolated_write(struct interpolated *s, const struct gdpp *reference, double share)
{
    int d = s->input.task->config.dimension, D = s->model.D;
    double damping = s->model.config.damping;
    double of_x = -reference->gamma[0] / damping, of_y = -reference->rate[0] / damping;
    for (int t = 0; t < s->model.tensor_count; t++) {
        const char *name = s->model.tensors[t].name;
        real *w = s->weights + s->model.tensors[t].offset;
        bool query = strcmp(name, "query") == 0, value = strcmp(name, "value") == 0;
        for (int i = 0; i < D * D; i++) {
            int row = i / D, diagonal = row == i % D;
            double target = query ? row < d : row < d ? of_x : of_y;
            double trained = query ? s->M[i] : s->U[i];
            w[i] = (real)diagonal;
            if (query || value)
                w[i] = (real)((1 - share) * trained + share * diagonal * target);
        }
    }
}
