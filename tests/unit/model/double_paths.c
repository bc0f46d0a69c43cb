/* PASS_FAST computes what PASS_TOKENS computes: outputs and gradients of both paths. */
#include "test.h"

#include "random.h"

/* Paper 1, then a query that is itself one of the context. */
static const struct token_shape shapes[] = {
    {.tokens = 11,
     .context = 10,
     .width = 11,
     .first_token = 10,
     .output_tokens = 1,
     .first_channel = 10,
     .outputs = 1,
     .sign = -1},
    {.tokens = 9,
     .context = 8,
     .width = 6,
     .first_token = 3,
     .output_tokens = 1,
     .first_channel = 2,
     .outputs = 1,
     .sign = 1},
};

/* Algebra that is exact, in another order: sums of some hundred terms a layer that cancel, and a
 * growth of the stream by up to 100 over the layers; 1e-10 of the largest value. */
static void assert_close(const double *a, const double *b, size_t count, const char *words,
                         const char *what)
{
    double largest = 1e-3;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(b[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs(a[i] - b[i]) <= 1e-10 * largest))
            fail_msg("%s: %s %zu is %.17g fast, %.17g through tokens", words, what, i, a[i], b[i]);
}

/* A batch of two super-groups, of two groups and of one, then a batch of one group with other
 * weights. */
static void run(double *outputs, struct setup *s)
{
    size_t count = setup_output_count(s);
    memset(s->gradient, 0, s->model.parameters * sizeof *s->gradient);
    for (int group = 0; group < 4; group++) {
        if (group == 3) {
            pass_gradient(s->pass, s->gradient);
            for (size_t i = 0; i < s->model.parameters; i++)
                s->weights[i] *= (real).9;
            pass_weights(s->pass, s->weights);
        }
        for (size_t i = 0; i < setup_token_count(s); i++)
            s->tokens[i] *= (real)-.8;
        setup_forward(s);
        for (size_t i = 0; i < count; i++)
            outputs[(size_t)group * count + i] = (double)pass_outputs(s->pass)[i];
        pass_backward(s->pass, s->doutputs);
        if (group == 1)
            pass_super_group(s->pass);
    }
    pass_gradient(s->pass, s->gradient);
}

static void compare(const struct model *model, const char *words, uint64_t seed, double scale)
{
    struct setup *fast = setup_begin(model, PASS_FAST, seed, scale);
    struct setup *tokens = setup_begin(model, PASS_TOKENS, seed, scale);
    size_t count = 4 * setup_output_count(fast);
    double *a = calloc(count, sizeof *a), *b = calloc(count, sizeof *b);
    run(a, fast);
    run(b, tokens);
    assert_close(a, b, count, words, "output");
    assert_close(fast->gradient, tokens->gradient, model->parameters, words, "gradient");
    free(a);
    free(b);
    setup_end(fast);
    setup_end(tokens);
}

static void paper_1_is_the_same_on_both_paths(void **state)
{
    (void)state;
    static const char *const words[] = {
        "depth=1",
        "depth=1 heads=3 key_size=4",
        "depth=2",
        "depth=2 heads=2",
        "depth=2 weights=shared",
        "depth=3 heads=2",
        "depth=3 weights=shared heads=4",
        "depth=5",
        "depth=5 clip=.8",
        "depth=5 heads=4 clip=.8 weights=shared",
        "depth=3 damping=.75",
        "depth=3 damping=.75 y_update=true clip=.9",
        "depth=2 damping=.75 y_update=true weights=shared",
        "depth=2 mlp=6",
        "depth=2 embedding=12 positions=added",
        "depth=2 positions=concatenated position_size=3 layers=softmax+linear",
        "depth=3 weights=shared layers=softmax+linear*",
        "depth=1 input_mlp=5 embedding=20 key_size=20",
        "depth=2 key_size=2",
        "depth=1 prefix=3",
        "depth=2 prefix=2 heads=2",
        "depth=5 prefix=2 clip=.8 weights=shared",
        "depth=1 eos=2",
        "depth=2 eos=3 prefix=1 heads=2",
        "depth=3 eos=2 clip=.8 weights=shared",
    };
    for (size_t i = 0; i < COUNT(words) * COUNT(shapes); i++) {
        const char *text = words[i / COUNT(shapes)];
        struct model_config config = setup_config(text);
        struct model model;
        struct error err = {""};
        if (model_init(&model, &config, &shapes[i % COUNT(shapes)], &err) != OK)
            fail_msg("%s: %s", text, err.text);
        compare(&model, text, i + 1, 1);
    }
}

static void paper_2_is_the_same_on_both_paths(void **state)
{
    (void)state;
    static const struct token_shape shape = {.tokens = 27,
                                             .context = 27,
                                             .width = 8,
                                             .output_tokens = 27,
                                             .outputs = 2,
                                             .sign = 1,
                                             .zero_channels = 2};
    static const char *const words[] = {
        "depth=1 heads=2 key_size=5",
        "depth=1 heads=2 key_size=12 clip=1",
        "depth=2 heads=2 key_size=4 clip=1",
        "depth=2 heads=2 key_size=5 prefix=4 clip=1",
        "depth=2 heads=2 key_size=5 eos=2 clip=1",
        "depth=2 layers=softmax* eos=3 prefix=2",
        "depth=3 key_size=9 damping=.5 weights=shared",
        "depth=2 heads=2 layers=softmax* key_size=7",
        "depth=2 heads=2 layers=mix+mesa key_size=7",
        ("depth=2 layers=softmax* positions=query_key embedding=12 output_embedding=true "
         "embedding_bias=true"),
        "depth=2 layers=softmax* normalise_keys=true normalise_from=2 layer_norm=true mlp=9",
        /* more than forward keeps for backward */
        "depth=2 heads=16 key_size=20",
        "depth=2 heads=16 key_size=20 layers=softmax* normalise_keys=true damping=.5",
        "depth=2 heads=9 key_size=20 layers=mesa*",
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        char text[256];
        snprintf(text, sizeof text, "%s keys_from=causal", words[i]);
        struct model_config config = setup_config(text);
        struct model model;
        assert_int_equal(model_init(&model, &config, &shape, NULL), OK);
        compare(&model, text, i + 1, 1);
    }
}

static void random_combinations_are_the_same_on_both_paths(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int number = 0; number < 200; number++) {
        char text[2048];
        struct model model = draw_model(&seed);
        describe(text, sizeof text, &model, number);
        compare(&model, text, setup_word(&seed), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paper_1_is_the_same_on_both_paths),
        cmocka_unit_test(paper_2_is_the_same_on_both_paths),
        cmocka_unit_test(random_combinations_are_the_same_on_both_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
