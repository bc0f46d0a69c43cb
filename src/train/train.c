#include "train/train.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "train/schedule.h"
#include "trainer.h"

static const double DIVERGED_RATIO = 1e6;

/* Parts of the block of state, each at a multiple of ARENA_ALIGNMENT. */
static size_t padded(size_t bytes)
{
    return (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
}

static void state_create(struct trainer *t, struct arena *arena)
{
    size_t head = padded(sizeof(struct state));
    size_t reals = padded(t->setup.model->parameters * sizeof(real));
    size_t curve = padded((size_t)t->setup.config->evaluations * sizeof(float));
    t->block_size = head + 3 * reals + 2 * curve;
    t->block = arena_take(arena, t->block_size, 1);
    if (!t->block)
        return;
    unsigned char *at = t->block;
    t->state = (struct state *)at;
    t->weights = (real *)(at += head);
    t->mean = (real *)(at += reals);
    t->square = (real *)(at += reals);
    t->train_loss = (float *)(at += reals);
    t->test_loss = (float *)(at + curve);
}

static void state_start(struct trainer *t)
{
    assert(t->block); /* the arena is as large as was measured */
    *t->state = (struct state){.powers = {1, 1}};
    model_draw(t->weights, t->setup.model, (uint64_t)t->setup.seed);
    for (size_t i = 0; t->setup.start && i < t->setup.model->parameters; i++)
        if (!isnan(t->setup.start[i]))
            t->weights[i] = (real)t->setup.start[i];
    for (int e = 0; e < t->setup.config->evaluations; e++)
        t->train_loss[e] = t->test_loss[e] = NAN;
    pass_weights(t->pass, t->weights);
}

struct trainer *train_create(struct arena *arena, const struct train_setup *setup)
{
    const struct token_shape *shape = &setup->task->shape;
    size_t outputs = (size_t)shape->output_tokens * (size_t)shape->outputs * LANES;
    struct trainer measured, *t = ARENA_TAKE(arena, struct trainer, 1);
    struct trainer *out = t;
    t = t ? t : &measured;
    *t = (struct trainer){
        .setup = *setup,
        .loss = {shape->output_tokens, shape->outputs, setup->token_weights},
    };
    state_create(t, arena);
    t->pass = pass_create(arena, setup->model, setup->kernels, PASS_FAST);
    t->gradient = ARENA_TAKE(arena, double, setup->model->parameters);
    t->target = ARENA_TAKE(arena, real, outputs);
    t->doutputs = ARENA_TAKE(arena, real, outputs);
    t->scratch = ARENA_TAKE(arena, real, (size_t)task_scratch(setup->task) * LANES);
    if (out)
        state_start(out);
    return out;
}

/* Draws tasks first .. first+15 and predicts. */
static const real *predict(struct trainer *t, const struct task_source *source, int first)
{
    task_draw(pass_tokens(t->pass), t->target, t->setup.task, t->setup.kernels, source,
              (uint64_t)first, t->scratch);
    pass_forward(t->pass);
    return pass_outputs(t->pass);
}

double train_evaluate(struct trainer *t, double *losses)
{
    struct task_source source = {(uint64_t)t->setup.evaluation->seed, STREAM_EVALUATION, 0};
    int count = t->setup.evaluation->tasks;
    double sum = 0, group[LANES];
    for (int first = 0; first < count; first += LANES) {
        loss_value(group, predict(t, &source, first), t->target, &t->loss);
        int lanes = count - first < LANES ? count - first : LANES;
        for (int b = 0; b < lanes; b++) {
            sum += group[b];
            if (losses)
                losses[first + b] = group[b];
        }
    }
    return sum / count;
}

enum batch { BATCH_LOSS, BATCH_GRADIENT };

/* Mean loss of the batch of the present step; its gradient goes to t->gradient. */
static double batch_loss(struct trainer *t, enum batch what)
{
    struct task_source source = {(uint64_t)t->setup.seed, STREAM_TRAIN, (uint32_t)t->state->step};
    int count = t->setup.config->batch;
    double sum = 0, group[LANES];
    for (size_t i = 0; i < t->setup.model->parameters; i++)
        t->gradient[i] = 0;
    for (int first = 0; first < count; first += LANES) {
        const real *outputs = predict(t, &source, first);
        int lanes = count - first < LANES ? count - first : LANES;
        loss_value(group, outputs, t->target, &t->loss);
        for (int b = 0; b < lanes; b++)
            sum += group[b];
        if (what == BATCH_LOSS)
            continue;
        loss_gradient(t->doutputs, outputs, t->target, &t->loss, count, lanes);
        pass_backward(t->pass, t->doutputs);
        if ((first + LANES) % SUPER_GROUP == 0)
            pass_super_group(t->pass);
    }
    if (what == BATCH_GRADIENT)
        pass_gradient(t->pass, t->gradient);
    return sum / count;
}

/* Their moments stay 0, so that the update subtracts 0; the norm counts only what trains. */
static void forget_frozen(struct trainer *t)
{
    const struct model *model = t->setup.model;
    for (int i = 0; i < model->tensor_count; i++)
        if (model->tensors[i].frozen)
            memset(t->gradient + model->tensors[i].offset, 0,
                   model->tensors[i].count * sizeof *t->gradient);
}

static void decay(struct trainer *t, double rate)
{
    const struct model *model = t->setup.model;
    for (int i = 0; i < model->tensor_count; i++)
        if (model->tensors[i].decays && !model->tensors[i].frozen)
            optimiser_decay(t->weights + model->tensors[i].offset, model->tensors[i].count,
                            t->setup.config->decay, rate);
}

static void update(struct trainer *t)
{
    const struct train_config *c = t->setup.config;
    size_t n = t->setup.model->parameters;
    double rate = schedule_rate(c, t->state->step);
    forget_frozen(t);
    gradient_clip(t->gradient, n, c->clip_value, c->clip_norm);
    if (c->decay > 0)
        decay(t, rate);
    optimiser_step(t->weights, t->mean, t->square, &t->state->powers, t->gradient, n, c, rate);
    t->state->step++;
    pass_weights(t->pass, t->weights);
}

int64_t train_evaluation_step(const struct train_config *config, int e)
{
    int64_t intervals = config->evaluations - 1;
    return (2 * e * config->steps + intervals) / (2 * intervals);
}

static void note(struct trainer *t, double train_loss, double test_loss,
                 const struct train_host *host)
{
    int e = (int)t->state->evaluated++;
    t->train_loss[e] = (float)train_loss;
    t->test_loss[e] = (float)test_loss;
    if (host->progress)
        host->progress(host->context, e, t->train_loss[e], t->test_loss[e]);
}

enum train_outcome train_run(struct trainer *t, const struct train_host *host)
{
    const struct train_config *c = t->setup.config;
    struct state *s = t->state;
    for (;;) {
        bool due =
            s->evaluated < c->evaluations && s->step == train_evaluation_step(c, (int)s->evaluated);
        double test_loss = due ? train_evaluate(t, NULL) : 0;
        double loss = batch_loss(t, s->step < c->steps ? BATCH_GRADIENT : BATCH_LOSS);
        if (s->step == 0)
            s->first_loss = loss;
        if (due)
            note(t, loss, test_loss, host);
        if (!isfinite(loss) || loss > DIVERGED_RATIO * s->first_loss)
            return TRAIN_DIVERGED;
        if (s->step >= c->steps)
            return TRAIN_DONE;
        update(t);
        if (host->stop && host->stop(host->context))
            return TRAIN_STOPPED;
    }
}

const real *train_weights(const struct trainer *t)
{
    return t->weights;
}

int64_t train_step(const struct trainer *t)
{
    return t->state->step;
}

int train_evaluated(const struct trainer *t)
{
    return (int)t->state->evaluated;
}

const float *train_loss_curve(const struct trainer *t)
{
    return t->train_loss;
}

const float *test_loss_curve(const struct trainer *t)
{
    return t->test_loss;
}
