/* The gradient of a whole batch, of any size, in double. */
#include <math.h>
#include <stdlib.h>

#include "setup.h"

/* One step of SGD with rate 1 is weights minus gradient. */
static void gradient_of_the_batch(double *gradient, const struct setup *settings)
{
    struct setup s = *settings;
    setup_start(&s);
    size_t n = s.model.parameters;
    memcpy(gradient, train_weights(s.trainer), n * sizeof(double));
    assert_int_equal(setup_run(&s), TRAIN_DONE);
    for (size_t i = 0; i < n; i++)
        gradient[i] -= train_weights(s.trainer)[i];
    setup_end(&s);
}

/* Mean loss of the batch of step 0 at given weights, each task predicted for itself in lane 0. */
static double batch_loss(struct pass *pass, const double *weights, const struct setup *s)
{
    static double target[LANES], scratch[64 * LANES];
    struct task_source source = {(uint64_t)s->seed, STREAM_TRAIN, 0};
    double sum = 0;
    pass_weights(pass, weights);
    for (int i = 0; i < s->train.batch; i++) {
        task_draw(pass_tokens(pass), target, &s->task, s->kernels, &source, (uint64_t)i, scratch);
        pass_forward(pass);
        double error = pass_outputs(pass)[0] - target[0];
        sum += .5 * error * error;
    }
    return sum / s->train.batch;
}

/* Central differences with h = 1e-5: truncation h^2 times the third derivative, rounding 1e-16/h;
 * both below 1e-9 of weights and losses of size 1. */
static void check(const struct setup *settings)
{
    static double gradient[4096], weights[4096];
    struct setup s = *settings;
    gradient_of_the_batch(gradient, &s);
    setup_start(&s);
    memcpy(weights, train_weights(s.trainer), s.model.parameters * sizeof(double));
    struct arena arena = arena_measure();
    pass_create(&arena, &s.model, s.kernels, PASS_FAST);
    size_t bytes = arena.used;
    assert_int_equal(arena_create(&arena, bytes, NULL), OK);
    struct pass *pass = pass_create(&arena, &s.model, s.kernels, PASS_FAST);
    double h = 1e-5, largest = 0;
    for (size_t i = 0; i < s.model.parameters; i += 1 + s.model.parameters / 12) {
        double at = weights[i];
        weights[i] = at + h;
        double up = batch_loss(pass, weights, &s);
        weights[i] = at - h;
        double down = batch_loss(pass, weights, &s);
        weights[i] = at;
        assert_true(fabs(gradient[i] - (up - down) / (2 * h)) < 1e-8);
        largest = fmax(largest, fabs(gradient[i]));
    }
    assert_true(largest > 1e-4);
    arena_destroy(&arena);
    setup_end(&s);
}

static void batches_of_any_size_have_the_gradient_of_their_mean_loss(void **state)
{
    (void)state;
    static const char *const sizes[] = {"train.batch=1",   "train.batch=15",  "train.batch=16",
                                        "train.batch=17",  "train.batch=128", "train.batch=129",
                                        "train.batch=2048"};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct setup s = SETUP(sizes[i], "train.optimiser=sgd", "train.rate=1", "train.steps=1",
                               "train.evaluations=2", "train.clip_norm=0", "evaluation.tasks=1",
                               "task.dimension=3", "task.context=4", "model.init_scale=1");
        check(&s);
    }
}

static void two_layers_of_separate_tokens_too(void **state)
{
    (void)state;
    struct setup s = SETUP("train.batch=35", "train.optimiser=sgd", "train.rate=1", "train.steps=1",
                           "train.evaluations=2", "train.clip_norm=0", "evaluation.tasks=1",
                           "task.dimension=3", "task.context=4", "model.init_scale=1",
                           "tokens.kind=separate", "model.depth=2", "model.layers=softmax linear",
                           "model.positions=concatenated", "model.position_size=4");
    check(&s);
}

struct plain {
    double weights[4096], mean[4096], square[4096], gradient[4096];
};

static void plain_gradient(struct plain *p, struct pass *pass, const struct setup *s, int step)
{
    static double target[LANES], doutputs[LANES], scratch[64 * LANES];
    struct task_source source = {(uint64_t)s->seed, STREAM_TRAIN, (uint32_t)step};
    struct loss loss = {.tokens = 1, .outputs = 1};
    memset(p->gradient, 0, sizeof p->gradient);
    pass_weights(pass, p->weights);
    task_draw(pass_tokens(pass), target, &s->task, s->kernels, &source, 0, scratch);
    pass_forward(pass);
    loss_gradient(doutputs, pass_outputs(pass), target, &loss, LANES, LANES);
    pass_backward(pass, doutputs);
    pass_gradient(pass, p->gradient);
}

/* AdamW (step counts from 1) of the tensors but one, whose gradient the norm does not count. */
static void plain_update(struct plain *p, const struct setup *s, int step, const char *frozen)
{
    const struct train_config *c = &s->train;
    double sum = 0, rate = c->rate;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < s->model.tensor_count; i++) {
            const struct tensor *t = &s->model.tensors[i];
            for (size_t j = t->offset; strcmp(t->name, frozen) != 0 && j < t->offset + t->count;
                 j++) {
                double g = p->gradient[j] * fmin(1, c->clip_norm / sqrt(sum));
                if (pass == 0) {
                    sum += p->gradient[j] * p->gradient[j];
                    continue;
                }
                p->mean[j] = c->beta1 * p->mean[j] + (1 - c->beta1) * g;
                p->square[j] = c->beta2 * p->square[j] + (1 - c->beta2) * g * g;
                p->weights[j] -=
                    rate * (c->decay * p->weights[j] +
                            p->mean[j] / (1 - pow(c->beta1, step)) /
                                (sqrt(p->square[j] / (1 - pow(c->beta2, step))) + c->epsilon));
            }
        }
}

/* Rounding of a gradient is some 1e-15 of its largest entry, which the division by epsilon = 1e-3
 * and 5 steps of rate .01 turn into at most 1e-13; the clip at a norm that all batches exceed makes
 * the norm matter. */
static void what_is_not_frozen_trains_as_plain_adam_on_it_alone(void **state)
{
    (void)state;
    static struct plain p;
    struct setup s = SETUP("train.batch=16", "train.rate=0.01", "train.steps=5", "train.decay=0.1",
                           "train.epsilon=0.001", "train.evaluations=2", "train.clip_norm=0.01",
                           "evaluation.tasks=1", "task.dimension=3", "task.context=4",
                           "model.init_scale=1", "model.depth=2", "model.frozen=value");
    setup_start(&s);
    struct arena arena = arena_measure();
    pass_create(&arena, &s.model, s.kernels, PASS_FAST);
    size_t bytes = arena.used;
    assert_int_equal(arena_create(&arena, bytes, NULL), OK);
    struct pass *pass = pass_create(&arena, &s.model, s.kernels, PASS_FAST);
    memcpy(p.weights, train_weights(s.trainer), s.model.parameters * sizeof(double));
    for (int step = 0; step < 5; step++) {
        plain_gradient(&p, pass, &s, step);
        plain_update(&p, &s, step + 1, "value");
    }
    assert_int_equal(setup_run(&s), TRAIN_DONE);
    for (size_t i = 0; i < s.model.parameters; i++)
        assert_true(fabs(p.weights[i] - train_weights(s.trainer)[i]) < 1e-13);
    arena_destroy(&arena);
    setup_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_of_any_size_have_the_gradient_of_their_mean_loss),
        cmocka_unit_test(two_layers_of_separate_tokens_too),
        cmocka_unit_test(what_is_not_frozen_trains_as_plain_adam_on_it_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
