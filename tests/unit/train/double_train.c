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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_of_any_size_have_the_gradient_of_their_mean_loss),
        cmocka_unit_test(two_layers_of_separate_tokens_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
