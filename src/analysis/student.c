#include "student.h"

#include <assert.h>
#include <string.h>

#include "train/schedule.h"

static const double DEVIATION = .05;

bool student_fits(const struct model_config *teacher)
{
    bool own_weights = teacher->weights == WEIGHTS_PER_LAYER || teacher->depth == 1;
    return teacher->kind == MODEL_TRANSFORMER && own_weights && teacher->mlp == 0 &&
           !teacher->layer_norm && !teacher->y_update;
}

/* The rows before and behind the layer are tokens and outputs. */
static void init(struct model *model, const struct model *teacher, int layer)
{
    const struct model_config *c = &teacher->config;
    bool placed = layer == 1 && c->positions == POSITIONS_QUERY_KEY;
    struct model_config config = {
        .kind = MODEL_TRANSFORMER,
        .depth = 1,
        .heads = teacher->H,
        .key_size = teacher->K,
        .layers = {"linear"},
        .weights = WEIGHTS_PER_LAYER,
        .keys_from = c->keys_from,
        .positions = placed ? POSITIONS_QUERY_KEY : POSITIONS_NONE,
        .position_size = c->position_size,
        .position_base = c->position_base,
        .damping = c->damping,
        .clip = c->clip,
        .normalise_keys = c->normalise_keys && layer >= c->normalise_from,
        .normalise_from = 1,
        .init = INIT_NORMAL,
        .init_deviation = DEVIATION,
        .frozen = {"none"},
    };
    struct token_shape shape = {
        .tokens = teacher->shape.tokens,
        .context = teacher->shape.context,
        .width = teacher->D,
        .output_tokens = teacher->shape.tokens,
        .outputs = teacher->D,
        .sign = 1,
    };
    enum status st = model_init(model, &config, &shape, NULL);
    assert(st == OK); /* each key is one that the teacher has */
    (void)st;
}

void student_create(struct student *s, struct arena *arena, const struct model *teacher, int layer,
                    const struct kernels *kernels)
{
    s->teacher = teacher;
    s->kernels = kernels;
    s->layer = layer;
    init(&s->model, teacher, layer);
    s->loss = (struct loss){s->model.shape.tokens, s->model.D, NULL};
    s->pass = pass_create(arena, &s->model, kernels, PASS_FAST);
    s->weights = ARENA_TAKE(arena, real, s->model.parameters);
    s->mean = ARENA_TAKE(arena, real, s->model.parameters);
    s->square = ARENA_TAKE(arena, real, s->model.parameters);
    s->gradient = ARENA_TAKE(arena, double, s->model.parameters);
    s->doutputs = ARENA_TAKE(arena, real, s->model.shape.tokens * s->model.D * LANES);
}

void student_start(struct student *s, uint64_t seed)
{
    model_draw(s->weights, &s->model, seed * MODEL_LAYERS_MAX + (uint64_t)s->layer);
    s->powers = (struct adam_powers){1, 1};
    pass_weights(s->pass, s->weights);
}

const real *student_predict(struct student *s, const struct pass *teacher)
{
    s->kernels->copy(pass_tokens(s->pass), pass_activation(teacher, s->layer - 1),
                     s->model.shape.tokens * s->model.D);
    pass_forward(s->pass);
    return pass_outputs(s->pass);
}

void student_learn(struct student *s, const struct pass *teacher)
{
    const real *outputs = student_predict(s, teacher);
    loss_gradient(s->doutputs, outputs, pass_activation(teacher, s->layer), &s->loss, STUDENT_BATCH,
                  LANES);
    pass_backward(s->pass, s->doutputs);
}

void student_update(struct student *s, int64_t step, int64_t steps)
{
    const struct train_config config = {
        .optimiser = OPTIMISER_ADAM,
        .steps = steps,
        .rate = 3e-3,
        .schedule = SCHEDULE_COSINE,
        .beta1 = .9,
        .beta2 = .999,
        .epsilon = 1e-8,
    };
    size_t n = s->model.parameters;
    memset(s->gradient, 0, n * sizeof *s->gradient);
    pass_gradient(s->pass, s->gradient);
    optimiser_step(s->weights, s->mean, s->square, &s->powers, s->gradient, n, &config,
                   schedule_rate(&config, step));
    pass_weights(s->pass, s->weights);
}

void student_copy(real *weights, const struct student *s)
{
    for (int i = 0; i < s->model.tensor_count; i++) {
        const struct tensor *own = &s->model.tensors[i];
        for (int k = 0; k < s->teacher->tensor_count; k++) {
            const struct tensor *tensor = &s->teacher->tensors[k];
            if (tensor->layer == s->layer - 1 && tensor->row == own->row)
                memcpy(weights + tensor->offset, s->weights + own->offset,
                       own->count * sizeof *weights);
        }
    }
}

double student_cost(const struct model *teacher, int layer)
{
    struct model model;
    init(&model, teacher, layer);
    return model_cost(&model);
}
