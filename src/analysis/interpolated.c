#include "interpolated.h"

#include "weights.h"

void interpolated_create(struct interpolated *s, struct arena *arena,
                         const struct analysis_input *input)
{
    products_model(&s->model, input->model);
    s->weights = ARENA_TAKE(arena, real, s->model.parameters);
    s->trained = products_create(arena, input->model);
    s->reference = products_create(arena, input->model);
    s->mixed = products_create(arena, input->model);
    s->input = *input;
    s->input.model = &s->model;
    s->input.weights = s->weights;
}

void interpolated_read(struct interpolated *s, const struct analysis_input *input,
                       const real *weights)
{
    s->run = input;
    s->rest = weights;
    s->input.fits = input->fits;
    products_read(&s->trained, input->model, weights);
}

void interpolated_write(struct interpolated *s, double share)
{
    const struct products *mixed = &s->mixed;
    ptrdiff_t count = (ptrdiff_t)(mixed->sets * mixed->heads) * PRODUCTS * mixed->D * mixed->D;
    for (ptrdiff_t i = 0; i < count; i++)
        mixed->at[i] = (1 - share) * s->trained.at[i] + share * s->reference.at[i];
    products_write(s->weights, &s->model, mixed, s->run->model, s->rest);
}

bool interpolates(const struct task_config *task, const struct tokens_config *tokens,
                  const struct model_config *model)
{
    return plain_attention(task, tokens, model, "linear") && model->heads == 1;
}

void interpolated_start(struct interpolated *s, const struct analysis_input *input)
{
    interpolated_read(s, input, input->weights);
    normalise_products(products_at(&s->trained, 0, 0, PRODUCT_QK),
                       products_at(&s->trained, 0, 0, PRODUCT_VP), s->model.D,
                       input->task->config.dimension);
}

void interpolated_descent(struct interpolated *s, const struct gdpp *gdpp)
{
    int d = s->input.task->config.dimension, D = s->model.D;
    double damping = s->model.config.damping;
    double of_x = -gdpp->gamma[0] / damping, of_y = -gdpp->rate[0] / damping;
    for (int i = 0; i < D * D; i++) {
        int row = i / D, diagonal = row == i % D;
        products_at(&s->reference, 0, 0, PRODUCT_QK)[i] = diagonal * (row < d);
        products_at(&s->reference, 0, 0, PRODUCT_VP)[i] = diagonal * (row < d ? of_x : of_y);
    }
}
