#include "interpolated.h"

#include "weights.h"

bool interpolates(const struct task_config *task, const struct tokens_config *tokens,
                  const struct model_config *model)
{
    return plain_attention(task, tokens, model, "linear") && model->heads == 1;
}

void interpolated_create(struct interpolated *s, struct arena *arena,
                         const struct analysis_input *input)
{
    products_model(&s->model, input->model);
    s->weights = ARENA_TAKE(arena, real, s->model.parameters);
    s->trained = products_create(arena, input->model);
    s->mixed = products_create(arena, input->model);
    s->input = *input;
    s->input.model = &s->model;
    s->input.weights = s->weights;
}

void interpolated_start(struct interpolated *s, const struct analysis_input *input)
{
    s->run = input;
    s->input.fits = input->fits;
    products_read(&s->trained, input->model, input->weights);
    normalise_products(products_at(&s->trained, 0, 0, PRODUCT_QK),
                       products_at(&s->trained, 0, 0, PRODUCT_VP), s->model.D,
                       input->task->config.dimension);
}

void interpolated_write(struct interpolated *s, const struct gdpp *reference, double share)
{
    int d = s->input.task->config.dimension, D = s->model.D;
    double damping = s->model.config.damping;
    double of_x = -reference->gamma[0] / damping, of_y = -reference->rate[0] / damping;
    const double *M = products_at(&s->trained, 0, 0, PRODUCT_QK);
    const double *U = products_at(&s->trained, 0, 0, PRODUCT_VP);
    for (int i = 0; i < D * D; i++) {
        int row = i / D, diagonal = row == i % D;
        double of_M = row < d, of_U = row < d ? of_x : of_y;
        products_at(&s->mixed, 0, 0, PRODUCT_QK)[i] = (1 - share) * M[i] + share * diagonal * of_M;
        products_at(&s->mixed, 0, 0, PRODUCT_VP)[i] = (1 - share) * U[i] + share * diagonal * of_U;
    }
    products_write(s->weights, &s->model, &s->mixed, s->run->model, s->run->weights);
}
