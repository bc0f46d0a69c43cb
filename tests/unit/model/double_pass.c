/* Forward and backward passes against the plain definition and central differences, each part of
 * the family alone and in random combinations. */
#include "test.h"

#include "random.h"

static struct model make(const char *words, const struct token_shape *shape)
{
    struct model_config config = setup_config(words);
    struct model model;
    struct error err = {""};
    if (model_init(&model, &config, shape, &err) != OK)
        fail_msg("%s: %s", words, err.text);
    return model;
}

/* Sums of at most a few hundred terms of order 1 (10 with clip-free growth), some L layers deep:
 * 1e-12 relative to the largest output leaves a factor of 100 above their rounding. */
static void equals_definition(struct setup *s, const char *what)
{
    setup_forward(s);
    const real *outputs = pass_outputs(s->pass);
    int count = s->model.shape.output_tokens * s->model.shape.outputs;
    for (int b = 0; b < LANES; b++) {
        double expected[DEFINITION_ROOM], largest = 1;
        setup_definition(expected, NULL, s, b);
        for (int i = 0; i < count; i++)
            largest = fmax(largest, fabs(expected[i]));
        for (int i = 0; i < count; i++)
            if (!(fabs((double)outputs[i * LANES + b] - expected[i]) <= 1e-12 * largest))
                fail_msg("%s: output %d of lane %d is %.17g, by definition %.17g", what, i, b,
                         (double)outputs[i * LANES + b], expected[i]);
    }
}

/* The fourth-order central difference in *x. */
static double difference(struct setup *s, real *x, double h)
{
    static const double step[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    double sum = 0, middle = (double)*x;
    for (int i = 0; i < 4; i++) {
        *x = (real)(middle + step[i] * h);
        sum += weight[i] * setup_objective(s);
    }
    *x = (real)middle;
    return sum / (12 * h);
}

/* Rounding leaves about 1e-16 F / h, truncation h^4 f5 / 30, a clip that is crossed within 2h
 * anything: one of the steps must agree to 1e-9 (F + |g|), with F the sum of |output doutput|. No
 * wrong gradient agrees by chance. */
static void check_derivative(struct setup *s, real *x, double gradient, double F, const char *what,
                             const char *name, size_t i)
{
    double last = 0;
    for (double h = 1e-3; h > 5e-7; h /= 10) {
        last = difference(s, x, h);
        if (fabs(last - gradient) <= 1e-9 * (F + fabs(gradient)))
            return;
    }
    fail_msg("%s: gradient of %s[%zu] is %.12g, by differences %.12g", what, name, i, gradient,
             last);
}

static double objective_size(struct setup *s)
{
    double sum = 1;
    setup_objective(s);
    const real *outputs = pass_outputs(s->pass);
    for (size_t i = 0; i < setup_output_count(s); i++)
        sum += fabs((double)outputs[i] * (double)s->doutputs[i]);
    return sum;
}

/* Up to `most` elements of each tensor and of the input, spread over all of it. */
static void equals_differences(struct setup *s, const char *what, size_t most)
{
    double F = objective_size(s);
    setup_backward(s);
    double *gradient = calloc(s->model.parameters, sizeof *gradient);
    memcpy(gradient, s->gradient, s->model.parameters * sizeof *gradient);
    real *dtokens = calloc(setup_token_count(s), sizeof *dtokens);
    memcpy(dtokens, pass_input_gradient(s->pass), setup_token_count(s) * sizeof *dtokens);
    for (int t = 0; t < s->model.tensor_count; t++) {
        const struct tensor *tensor = &s->model.tensors[t];
        size_t step = tensor->count / most + 1;
        for (size_t i = tensor->count % step; i < tensor->count; i += step)
            check_derivative(s, s->weights + tensor->offset + i, gradient[tensor->offset + i], F,
                             what, tensor->name, i);
    }
    size_t step = setup_token_count(s) / most + 1;
    for (size_t i = 1; i < setup_token_count(s); i += step)
        if ((int)(i / LANES) % s->model.shape.width >= s->model.given.zero_channels)
            check_derivative(s, s->tokens + i, (double)dtokens[i], F, what, "tokens", i);
    free(gradient);
    free(dtokens);
}

/* What forward left is left as it was: analyses go back for one channel after the other. */
static void goes_back_again(struct setup *s, const char *what)
{
    setup_backward(s);
    size_t size = setup_token_count(s) * sizeof(real);
    real *once = malloc(size);
    memcpy(once, pass_input_gradient(s->pass), size);
    pass_backward(s->pass, s->doutputs);
    if (memcmp(pass_input_gradient(s->pass), once, size) != 0)
        fail_msg("%s: the second time backward gives another gradient", what);
    free(once);
}

static void check(const char *words, const struct token_shape *shape, size_t most)
{
    struct model model = make(words, shape);
    struct setup *s = setup_begin(&model, PASS_TOKENS, 1, 1);
    equals_definition(s, words);
    equals_differences(s, words, most);
    goes_back_again(s, words);
    setup_end(s);
}

/* Paper 1: joint tokens, the last one asks; paper 2: every token predicts. */
static const struct token_shape joint = {.tokens = 7,
                                         .context = 6,
                                         .width = 4,
                                         .first_token = 6,
                                         .output_tokens = 1,
                                         .first_channel = 3,
                                         .outputs = 1,
                                         .sign = -1};
static const struct token_shape sequence = {.tokens = 23,
                                            .context = 23,
                                            .width = 6,
                                            .first_token = 0,
                                            .output_tokens = 23,
                                            .first_channel = 0,
                                            .outputs = 2,
                                            .sign = 1};

static void each_part_alone_has_the_right_value_and_gradient(void **state)
{
    (void)state;
    static const char *const words[] = {
        "depth=1",
        "depth=2 heads=2 key_size=3",
        "depth=3 weights=shared damping=.75",
        "depth=2 layers=softmax+linear key_size=3",
        "depth=2 layers=mix* heads=2",
        "depth=2 clip=.7",
        "depth=2 y_update=true",
        "depth=2 mlp=5",
        "depth=1 input_mlp=5 embedding=4",
        "depth=2 layer_norm=true mlp=3",
        "depth=2 positions=concatenated position_size=3",
        "depth=2 positions=added",
        "depth=2 positions=query_key position_size=5 layers=softmax*",
        "depth=2 normalise_keys=true layers=softmax+linear",
        "depth=3 normalise_keys=true normalise_from=2",
        "depth=2 embedding=3 output_embedding=true embedding_bias=true",
        "depth=2 prefix=3",
        "depth=1 prefix=2 layers=softmax* positions=query_key position_size=4",
        "depth=2 prefix=2 positions=added clip=.9",
        "depth=2 prefix=2 embedding=5 positions=concatenated position_size=3 input_mlp=4",
        "depth=2 eos=2",
        "depth=1 eos=3 prefix=2 layers=softmax* positions=query_key position_size=4",
        "depth=2 eos=1 positions=added clip=.9",
        "depth=2 eos=2 prefix=1 embedding=5 positions=concatenated position_size=3 input_mlp=4",
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        char causal[256];
        snprintf(causal, sizeof causal, "%s keys_from=causal", words[i]);
        check(words[i], &joint, 8);
        check(causal, &sequence, 4);
    }
    check("depth=2 layers=softmax+mesa keys_from=causal prefix=2 key_size=3", &sequence, 8);
    check("depth=2 layers=softmax+mesa keys_from=causal eos=2 key_size=3", &sequence, 8);
    check("depth=1 layers=mesa keys_from=causal heads=2 key_size=3", &sequence, 8);
    check("depth=2 layers=softmax+mesa keys_from=causal key_size=4", &sequence, 8);
}

/* Every other token predicts, as in a stream of pairs: with eos tokens every third row. */
static void outputs_may_lie_apart(void **state)
{
    (void)state;
    static const char *const words[] = {
        "depth=2 keys_from=causal",
        "depth=2 layers=softmax* keys_from=causal eos=2",
        "depth=1 layers=mesa keys_from=causal eos=2 prefix=3 key_size=3",
        "depth=2 eos=2 embedding=5 output_embedding=true mlp=4",
    };
    struct token_shape shape = sequence;
    shape.output_gap = 1;
    shape.output_tokens = 12;
    for (size_t i = 0; i < COUNT(words); i++)
        check(words[i], &shape, 8);
}

/* The bound that positions.c states; the C library's own error is below 1e-15 (1 + angle). */
static void positions_are_sines_and_cosines_of_long_sequences(void **state)
{
    (void)state;
    enum { T = 1025, P = 12 };
    struct token_shape shape = {
        .tokens = T, .context = 1, .width = 1, .output_tokens = 1, .outputs = 1, .sign = 1};
    struct model model = make("positions=concatenated position_size=12 key_size=1", &shape);
    struct setup *s = setup_begin(&model, PASS_TOKENS, 1, 1);
    setup_forward(s);
    const real *stream = pass_activation(s->pass, 0);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < P; i++) {
            double angle = t / pow(10000, (double)(i - i % 2) / P);
            double expected = i % 2 == 0 ? sin(angle) : cos(angle);
            double value = (double)stream[(t * (P + 1) + 1 + i) * LANES];
            if (!(fabs(value - expected) <= 1e-14 * (1 + angle)))
                fail_msg("position %d, channel %d: %.17g is not %.17g", t, i, value, expected);
        }
    setup_end(s);
}

static void random_combinations_have_the_right_value_and_gradient(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int number = 0; number < 200; number++) {
        char text[2048];
        struct model model = draw_model(&seed);
        describe(text, sizeof text, &model, number);
        struct setup *s = setup_begin(&model, PASS_TOKENS, setup_word(&seed), 1);
        equals_definition(s, text);
        equals_differences(s, text, 1);
        setup_end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_alone_has_the_right_value_and_gradient),
        cmocka_unit_test(outputs_may_lie_apart),
        cmocka_unit_test(positions_are_sines_and_cosines_of_long_sequences),
        cmocka_unit_test(random_combinations_have_the_right_value_and_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
