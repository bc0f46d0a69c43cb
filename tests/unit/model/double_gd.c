/* Models that are gradient descent by construction: which keys they take, how they start, what they
 * compute, and their gradients (science.md 1.2, 1.6). */
#include "test.h"

#include "setup.h"

enum { d = 3, O = 2, D = d + O, N = 6 };

static const struct token_shape joint = {.tokens = N + 1,
                                         .context = N,
                                         .width = D,
                                         .first_token = N,
                                         .output_tokens = 1,
                                         .first_channel = d,
                                         .outputs = O,
                                         .sign = -1};

/* (x, y) of one channel each, the prediction in the second: what an embedding is for. */
static const struct token_shape narrow = {.tokens = N + 1,
                                          .context = N,
                                          .width = 2,
                                          .first_token = N,
                                          .output_tokens = 1,
                                          .first_channel = 1,
                                          .outputs = 1,
                                          .sign = -1};

static void keys_that_do_not_fit_the_construction_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words, *need;
    } cases[] = {
        {"kind=gdpp", "gdpp needs model.rate above 0: eta/N of the gradient descent that it is "
                      "built as"},
        {"kind=mlp_gd mlp=3 input_mlp=4", "mlp_gd needs model.rate above 0: eta/N of the gradient "
                                          "descent that it is built as"},
        {"kind=gdpp rate=.1 damping=0", "gdpp needs model.damping above 0"},
        {"kind=gdpp rate=.1 depth=2 layers=linear+softmax", "gdpp needs model.layers: linear*"},
        {"kind=gdpp rate=.1 heads=2", "gdpp needs model.heads: 1"},
        {"kind=gdpp rate=.1 keys_from=causal", "gdpp needs model.keys_from: context"},
        {"kind=gdpp rate=.1 positions=added", "gdpp needs model.positions: none"},
        {"kind=gdpp rate=.1 prefix=1", "gdpp needs model.prefix: 0"},
        {"kind=gdpp rate=.1 eos=2", "gdpp needs model.eos: 0"},
        {"kind=gdpp rate=.1 eos=2", "gdpp needs model.eos: 0"},
        {"kind=gdpp rate=.1 mlp=3", "gdpp needs model.mlp: 0"},
        {"kind=gdpp rate=.1 layer_norm=true", "gdpp needs model.layer_norm: false"},
        {"kind=gdpp rate=.1 normalise_keys=true", "gdpp needs model.normalise_keys: false"},
        {"kind=gdpp rate=.1 output_embedding=true", "gdpp needs model.output_embedding: false"},
        {"kind=gdpp rate=.1 embedding=7", "gdpp needs model.embedding: 0"},
        {"kind=gdpp rate=.1 input_mlp=7", "gdpp needs model.input_mlp: 0"},
        {"kind=mlp_gd rate=.1", "mlp_gd needs model.input_mlp or model.embedding, which it trains"},
        {"kind=gdpp rate=.1 key_size=4",
         "gdpp needs model.key_size: 0, or as many features as the stream has channels"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct model_config config = setup_config(cases[i].words);
        struct model model;
        struct error err = {""};
        char message[256];
        snprintf(message, sizeof message, "model.kind: %s", cases[i].need);
        assert_int_equal(model_init(&model, &config, &joint, &err), ERR_CONFIG);
        assert_string_equal(err.text, message);
    }
}

static struct model make(const char *words, const struct token_shape *shape)
{
    struct model_config config = setup_config(words);
    struct model model;
    struct error err = {""};
    if (model_init(&model, &config, shape, &err) != OK)
        fail_msg("%s: %s", words, err.text);
    return model;
}

static const real *tensor(const struct setup *s, int layer, const char *name)
{
    return definition_tensor(&s->model, s->weights, layer, name);
}

static void gdpp_starts_as_the_construction(void **state)
{
    (void)state;
    struct model model = make("kind=gdpp depth=3 rate=.6 damping=.75", &joint);
    real *weights = calloc(model.parameters, sizeof *weights);
    static const struct {
        const char *name;
        double value;
    } expected[] = {
        {"value_x", 1}, {"value_y", -1}, {"project_x", -.6 / .75 / N}, {"project_y", .6 / .75}};
    model_draw(weights, &model, 5);
    assert_int_equal(model.parameters, 3 * 4);
    for (int l = 0; l < 3; l++)
        for (size_t i = 0; i < 4; i++) {
            const real *w = definition_tensor(&model, weights, l, expected[i].name);
            assert_true(fabs((double)*w - expected[i].value) <= 1e-16);
        }
    for (int i = 0; i < model.tensor_count; i++)
        assert_false(model.tensors[i].decays || model.tensors[i].frozen);
    free(weights);
}

/* ---- gdpp against the transformer that it stands for */

/* Its weights, written out. */
static void write_out(real *weights, const struct model *transformer, const struct setup *s)
{
    int K = transformer->K;
    memset(weights, 0, transformer->parameters * sizeof *weights);
    for (int l = 0; l < transformer->weight_sets; l++)
        for (int i = 0; i < D; i++) {
            real *at[4];
            static const char *const names[] = {"query", "key", "value", "project"};
            for (int n = 0; n < 4; n++)
                at[n] = (real *)definition_tensor(transformer, weights, l, names[n]);
            at[0][i * K + i] = at[1][i * K + i] = i < d;
            at[2][i * K + i] = *tensor(s, l, i < d ? "value_x" : "value_y");
            at[3][i * D + i] = *tensor(s, l, i < d ? "project_x" : "project_y");
        }
}

/* What the four numbers of a layer have to get from the gradient of its matrices. */
static double sum_of_copies(const double *gradient, const struct model *transformer, int layer,
                            const char *name)
{
    char matrix[16];
    int first = name[strlen(name) - 1] == 'x' ? 0 : d, end = first == 0 ? d : D;
    double sum = 0;
    snprintf(matrix, sizeof matrix, "%.*s", (int)strlen(name) - 2, name);
    for (int i = 0; i < transformer->tensor_count; i++) {
        const struct tensor *t = &transformer->tensors[i];
        for (int c = first; t->layer == layer && strcmp(t->name, matrix) == 0 && c < end; c++)
            sum += gradient[t->offset + (size_t)(c * t->shape[1] + c)];
    }
    return sum;
}

static const char *const settings[] = {
    "depth=1",
    "depth=2",
    "depth=3 weights=shared",
    "depth=3 weights=shared clip=.8",
    "depth=5 clip=.8 key_size=9",
    "depth=2 damping=.75 y_update=true",
};

static void check_copies(const char *words, enum pass_path path)
{
    char text[128];
    snprintf(text, sizeof text, "kind=gdpp rate=.1 %s", words);
    struct model gdpp = make(text, &joint), transformer = make(words, &joint);
    struct setup *s = setup_begin(&gdpp, path, 3, 1), *t = setup_begin(&transformer, path, 3, 1);
    write_out(t->weights, &transformer, s);
    pass_weights(t->pass, t->weights);
    memcpy(t->tokens, s->tokens, setup_token_count(s) * sizeof *s->tokens);
    memcpy(t->doutputs, s->doutputs, setup_output_count(s) * sizeof *s->doutputs);
    setup_forward(s);
    setup_forward(t);
    assert_memory_equal(pass_outputs(s->pass), pass_outputs(t->pass),
                        setup_output_count(s) * sizeof(real));
    setup_backward(s);
    setup_backward(t);
    for (int i = 0; i < gdpp.tensor_count; i++) {
        const struct tensor *own = &gdpp.tensors[i];
        double sum = sum_of_copies(t->gradient, &transformer, own->layer, own->name);
        if (!(fabs(s->gradient[own->offset] - sum) <= 1e-14 * fabs(sum)))
            fail_msg("%s: gradient of %s is %.17g, the copies have %.17g", text, own->name,
                     s->gradient[own->offset], sum);
    }
    setup_end(s);
    setup_end(t);
}

static void gdpp_is_the_transformer_that_its_numbers_write_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++) {
        check_copies(settings[i], PASS_FAST);
        check_copies(settings[i], PASS_TOKENS);
    }
}

/* ---- gradients */

/* Fourth-order differences: rounding leaves about 1e-16 F / h, truncation h^4 f5 / 30, a clip that
 * is crossed within 2h anything: one of the steps must agree to 1e-9 (1 + F), with F the sum of
 * |output doutput|. */
static void check_derivative(struct setup *s, real *x, double gradient, double F, const char *what)
{
    static const double step[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    double middle = (double)*x, difference = 0;
    for (double h = 1e-3; h > 5e-7; h /= 10) {
        double sum = 0;
        for (int i = 0; i < 4; i++) {
            *x = (real)(middle + step[i] * h);
            sum += weight[i] * setup_objective(s);
        }
        *x = (real)middle;
        difference = sum / (12 * h);
        if (fabs(difference - gradient) <= 1e-9 * (1 + F))
            return;
    }
    fail_msg("%s: gradient is %.12g, by differences %.12g", what, gradient, difference);
}

static void check_gradient(const char *words, const struct token_shape *shape, enum pass_path path)
{
    struct model model = make(words, shape);
    struct setup *s = setup_begin(&model, path, 9, 1);
    double F = fabs(setup_objective(s));
    setup_backward(s);
    double *gradient = calloc(model.parameters, sizeof *gradient);
    memcpy(gradient, s->gradient, model.parameters * sizeof *gradient);
    for (int i = 0; i < model.tensor_count; i++) {
        const struct tensor *t = &model.tensors[i];
        char what[160];
        snprintf(what, sizeof what, "%s: %s", words, t->name);
        for (size_t j = 0; !t->frozen && j < t->count; j += t->count / 4 + 1)
            check_derivative(s, s->weights + t->offset + j, gradient[t->offset + j], F, what);
    }
    free(gradient);
    setup_end(s);
}

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    for (int path = PASS_FAST; path <= PASS_TOKENS; path++) {
        for (size_t i = 0; i < COUNT(settings); i++) {
            char text[128];
            snprintf(text, sizeof text, "kind=gdpp rate=.1 %s", settings[i]);
            check_gradient(text, &joint, (enum pass_path)path);
        }
        check_gradient("kind=mlp_gd rate=.3 depth=1 embedding=7 input_mlp=9", &narrow,
                       (enum pass_path)path);
        check_gradient("kind=mlp_gd rate=.3 depth=2 embedding=7 embedding_bias=true clip=1.5",
                       &narrow, (enum pass_path)path);
        check_gradient("kind=mlp_gd rate=.3 depth=1 input_mlp=9", &joint, (enum pass_path)path);
    }
}

/* ---- mlp_gd */

static void mlp_gd_freezes_its_attention_and_trains_the_rest(void **state)
{
    (void)state;
    struct model model = make("kind=mlp_gd rate=.01 depth=2 embedding=7 input_mlp=9", &narrow);
    struct model free_model = make("depth=2 embedding=7 input_mlp=9", &narrow);
    real *weights = calloc(model.parameters, sizeof *weights);
    real *others = calloc(model.parameters, sizeof *others);
    model_draw(weights, &model, 5);
    model_draw(others, &free_model, 5);
    assert_int_equal(model.parameters, free_model.parameters);
    for (int i = 0; i < model.tensor_count; i++) {
        const struct tensor *t = &model.tensors[i];
        bool attention = t->layer >= 0;
        assert_int_equal(t->frozen, attention);
        if (!attention) /* what trains starts as it would without the construction */
            assert_memory_equal(weights + t->offset, others + t->offset,
                                t->count * sizeof *weights);
    }
    free(weights);
    free(others);
}

/* yhat = -z_q + c sum_i z_i phi_i . phi_q for one layer; with z the channel of the prediction and
 * phi the others. Sums of 6 times 7 terms of order 1: 1e-12. */
static void mlp_gd_is_a_step_of_descent_on_features(void **state)
{
    (void)state;
    enum { WIDE = 7 };
    struct model model = make("kind=mlp_gd rate=.3 damping=.5 embedding=7 input_mlp=9", &narrow);
    struct setup *s = setup_begin(&model, PASS_TOKENS, 4, 1);
    real *drawn = calloc(model.parameters, sizeof *drawn);
    model_draw(drawn, &model, 1); /* the attention; the rest stays large, as in setup_begin */
    for (int i = 0; i < model.tensor_count; i++)
        if (model.tensors[i].frozen)
            memcpy(s->weights + model.tensors[i].offset, drawn + model.tensors[i].offset,
                   model.tensors[i].count * sizeof *drawn);
    pass_weights(s->pass, s->weights);
    setup_forward(s);
    const real *h = pass_activation(s->pass, 0);
    for (int b = 0; b < LANES; b++) {
        double yhat = -(double)h[(N * WIDE + 1) * LANES + b];
        for (int i = 0; i < N; i++) {
            double kernel = 0;
            for (int c = 0; c < WIDE; c++)
                if (c != 1)
                    kernel += (double)h[(i * WIDE + c) * LANES + b] *
                              (double)h[(N * WIDE + c) * LANES + b];
            yhat += .3 * kernel * (double)h[(i * WIDE + 1) * LANES + b];
        }
        assert_true(fabs((double)pass_outputs(s->pass)[b] - yhat) <= 1e-12);
    }
    free(drawn);
    setup_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_do_not_fit_the_construction_are_refused),
        cmocka_unit_test(gdpp_starts_as_the_construction),
        cmocka_unit_test(gdpp_is_the_transformer_that_its_numbers_write_out),
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(mlp_gd_freezes_its_attention_and_trains_the_rest),
        cmocka_unit_test(mlp_gd_is_a_step_of_descent_on_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
