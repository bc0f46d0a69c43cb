/* What model_init takes and refuses, how weights are laid out, named and drawn. */
#include "test.h"

#include "setup.h"

static const struct token_shape joint = {.tokens = 11,
                                         .context = 10,
                                         .width = 11,
                                         .first_token = 10,
                                         .output_tokens = 1,
                                         .first_channel = 10,
                                         .outputs = 1,
                                         .sign = -1};

static void mistakes_are_refused_with_their_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *words, *message;
    } cases[] = {
        {"depth=2 layers=softmax",
         "model.layers: 1 kinds for 2 layers; let the last repeat with *"},
        {"depth=1 layers=linear+softmax", "model.layers: 2 kinds for 1 layers"},
        {"depth=1 layers=mesa", "model.layers: mesa is defined for model.keys_from: causal only"},
        {"depth=2 weights=shared positions=query_key",
         "model.positions: query_key gives the first layer weights of its own, so model.weights "
         "can not be shared"},
        {"embedding=4", "model.embedding: 4 channels do not hold channels 10..10 of the "
                        "prediction; use model.output_embedding, or 11 channels"},
        {"eos=11", "model.eos: behind 11 tokens of a sequence of 11 stands nothing that could see "
                   "it; at most 10, or 0 for none"},
        {"frozen=query+mlp_in", "model.frozen: this model has no tensor mlp_in"},
        {"frozen=all+except+gate", "model.frozen: this model has no tensor gate"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct model_config config = setup_config(cases[i].words);
        struct model model = {.L = 77};
        struct error err = {""};
        assert_int_equal(model_init(&model, &config, &joint, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(model.L, 77);
    }
}

static void the_last_channels_are_those_of_the_stream(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int outputs, first;
    } cases[] = {
        {"depth=1", 1, 10},
        {"depth=1", 2, 9},
        {"embedding=40", 1, 39},
        {"embedding=4 input_mlp=8", 3, 1},
        {"positions=concatenated position_size=10", 1, 20},
        {"embedding=4 positions=concatenated y_update=true", 1, 13},
    };
    struct token_shape shape = joint;
    shape.first_channel = CHANNELS_LAST;
    static struct model model;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct model_config config = setup_config(cases[i].words);
        shape.outputs = cases[i].outputs;
        assert_int_equal(model_init(&model, &config, &shape, NULL), OK);
        assert_int_equal(model.shape.first_channel, cases[i].first);
    }
    struct error err;
    struct model_config narrow = setup_config("embedding=2");
    shape.outputs = 3;
    assert_int_equal(model_init(&model, &narrow, &shape, &err), ERR_CONFIG);
    assert_string_equal(err.text, "model.embedding: a stream of 2 channels does not end with the 3 "
                                  "of the prediction; use model.output_embedding, or 3 channels");
    narrow.output_embedding = true;
    assert_int_equal(model_init(&model, &narrow, &shape, NULL), OK);
}

/* An eos token behind tokens 2, 4, ... 10 of 11, the last of them still in the context. */
static void the_stream_has_the_tokens_of_the_model_between_those_of_the_task(void **state)
{
    (void)state;
    struct model_config config = setup_config("prefix=3 eos=2");
    static struct model model;
    assert_int_equal(model_init(&model, &config, &joint, NULL), OK);
    assert_int_equal(model.given.tokens, 11);
    assert_int_equal(model.shape.tokens, 3 + 11 + 5);
    assert_int_equal(model_tokens(&config, &joint), 3 + 11 + 5);
    assert_int_equal(model.shape.context, 3 + 10 + 5);
    assert_int_equal(model.shape.first_token, 3 + 10 + 5);
    assert_int_equal(model_row(&model, 0), 3);
    assert_int_equal(model_row(&model, 1), 4);
    assert_int_equal(model_row(&model, 2), 6);
    struct token_shape pairs = joint;
    pairs.context = 11;
    pairs.first_token = 0;
    pairs.output_gap = 1;
    pairs.output_tokens = 6;
    assert_int_equal(model_init(&model, &config, &pairs, NULL), OK);
    assert_int_equal(model.shape.context, 3 + 11 + 5);
    for (int i = 0; i < 6; i++)
        assert_int_equal(model_output_row(&model, i), 3 + 3 * i);
}

/* 64 numbers: the mean has deviation 1/8, the mean square sqrt(2)/8; six of them. */
static void an_eos_token_starts_as_standard_normal_numbers(void **state)
{
    (void)state;
    struct token_shape wide = {
        .tokens = 3, .context = 2, .width = 64, .output_tokens = 1, .outputs = 1, .sign = 1};
    struct model_config config = setup_config("eos=1 init_scale=0 key_size=1");
    static struct model model;
    assert_int_equal(model_init(&model, &config, &wide, NULL), OK);
    real *weights = calloc(model.parameters, sizeof *weights);
    model_draw(weights, &model, 1);
    const real *eos = definition_tensor(&model, weights, -1, "eos");
    double sum = 0, squares = 0;
    for (int i = 0; i < 64; i++) {
        sum += (double)eos[i];
        squares += (double)eos[i] * (double)eos[i];
    }
    assert_true(fabs(sum / 64) < 6. / 8);
    assert_true(fabs(squares / 64 - 1) < 6 * sqrt(2) / 8);
    free(weights);
}

static void lists_of_kinds_are_refused_by_their_key(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"linear conv*", "model.layers: 'conv' is no kind of layer (linear, softmax, mix, mesa)"},
        {"linear* softmax", "model.layers: 'linear* softmax': only the last kind can repeat"},
        {"*", "model.layers: '' is no kind of layer (linear, softmax, mix, mesa)"},
        {"", "model.layers: '': at least one kind of layer is needed"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct model_config config;
        struct error err = {""};
        schema_defaults(&setup_schema, &config);
        int k = schema_find(&setup_schema, "model.layers");
        assert_int_equal(schema_set(&setup_schema, &config, k, cases[i].text, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
    }
}

static void frozen_tensors_that_no_model_has_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"quary", "model.frozen: 'quary' is no tensor, did you mean query?"},
        {"query mlp_inn", "model.frozen: 'mlp_inn' is no tensor, did you mean mlp_in?"},
        {"all except quary", "model.frozen: 'quary' is no tensor, did you mean query?"},
        {"head", "model.frozen: 'head' is no tensor; allowed are none, all, names of tensors "
                 "(query, key, value, project, ...), or all except and names"},
        {"query all", "model.frozen: 'all' is no tensor; allowed are none, all, names of tensors "
                      "(query, key, value, project, ...), or all except and names"},
        {"key key", "model.frozen: 'key' is there twice"},
        {"", "model.frozen: '' is no tensor; allowed are none, all, names of tensors (query, key, "
             "value, project, ...), or all except and names"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct model_config config;
        struct error err = {""};
        schema_defaults(&setup_schema, &config);
        int k = schema_find(&setup_schema, "model.frozen");
        assert_int_equal(schema_set(&setup_schema, &config, k, cases[i].text, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
    }
}

static struct model make(const char *words)
{
    struct model_config config = setup_config(words);
    struct model model;
    assert_int_equal(model_init(&model, &config, &joint, NULL), OK);
    return model;
}

static void a_starred_kind_stands_for_any_number_of_layers(void **state)
{
    (void)state;
    struct model one = make("depth=1 layers=softmax+linear*");
    struct model three = make("depth=3 layers=softmax+linear*");
    assert_int_equal(one.kinds[0], three.kinds[0]);
    assert_int_not_equal(three.kinds[0], three.kinds[1]);
    assert_int_equal(three.kinds[1], three.kinds[2]);
}

static void tensors_cover_the_block_in_order_without_gaps(void **state)
{
    (void)state;
    struct model model = make("depth=3 heads=2 key_size=4 embedding=12 embedding_bias=true "
                              "layer_norm=true mlp=5 input_mlp=6 output_embedding=true "
                              "layers=mix*");
    size_t at = 0;
    for (int i = 0; i < model.tensor_count; i++) {
        const struct tensor *t = &model.tensors[i];
        assert_int_equal(t->offset, at);
        assert_int_equal(t->count, t->shape[0] * t->shape[1]);
        at += t->count;
    }
    assert_int_equal(at, model.parameters);
    /* a layer: 4 * 12 * 8, the gate, twice gain and bias of 12, MLP 12 * 5 + 5 + 5 * 12 + 12;
     * embedding 11 * 12 + 12, input network 12 * 6 + 6 + 6 * 12 + 12, output 12 * 1 + 1 */
    assert_int_equal(at, 3 * (384 + 1 + 48 + 137) + 144 + 162 + 13);
}

static void frozen_tensors_are_those_that_the_list_names(void **state)
{
    (void)state;
    static const struct {
        const char *words, *frozen; /* of query, key, value, project in both layers, and output */
    } cases[] = {
        {"frozen=none", "000000000"},
        {"frozen=all", "111111111"},
        {"frozen=query+project", "100110010"},
        {"frozen=all+except+output+key", "101110110"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char words[128], frozen[16] = "";
        snprintf(words, sizeof words, "depth=2 output_embedding=true %s", cases[i].words);
        struct model model = make(words);
        for (int t = 0; t < model.tensor_count; t++)
            frozen[t] = model.tensors[t].frozen ? '1' : '0';
        assert_string_equal(frozen, cases[i].frozen);
    }
}

static void classes_of_equal_shapes_have_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *words, *name;
    } cases[] = {
        {"depth=2", "L2_H1_K11_D11"},
        {"depth=12 weights=shared heads=4 key_size=5", "L1s12_H4_K5_D11"},
        {"depth=1 weights=shared", "L1_H1_K11_D11"},
        {"depth=2 positions=concatenated", "L2_H1_K21_D21"},
    };
    char name[96], other[96];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct model model = make(cases[i].words);
        model_class(&model, name, sizeof name);
        assert_string_equal(name, cases[i].name);
    }
    struct model wide = make("mlp=5"), narrow = make("mlp=4");
    model_class(&wide, name, sizeof name);
    model_class(&narrow, other, sizeof other);
    assert_string_not_equal(name, other);
    assert_memory_equal(name, "L1_H1_K11_D11_", 14);
}

static void initial_weights_have_the_stated_moments_and_bounds(void **state)
{
    (void)state;
    static const char *const words[] = {
        "depth=2 heads=8 key_size=64 init_scale=0.02",
        "depth=2 heads=8 key_size=64 init_scale=0.02 weights=shared"};
    for (size_t k = 0; k < COUNT(words); k++) {
        struct model model = make(words[k]);
        real *weights = calloc(model.parameters, sizeof *weights);
        model_draw(weights, &model, 5);
        for (int i = 0; i < model.tensor_count; i++) {
            const struct tensor *t = &model.tensors[i];
            double deviation = sqrt(.02 / (2. * t->shape[0])), sum = 0, squares = 0;
            for (size_t j = 0; j < t->count; j++) {
                double w = (double)weights[t->offset + j] / deviation;
                assert_true(fabs(w) <= 2 / .8796256610342398 * 1.000001);
                sum += w;
                squares += w * w;
            }
            /* 5632 numbers: the mean has deviation 1/75, the mean square (fourth moment 2.37)
             * sqrt(1.37)/75; six of them */
            double n = (double)t->count;
            assert_true(fabs(sum / n) < 6 / sqrt(n));
            assert_true(fabs(squares / n - 1) < 6 * sqrt(1.37) / sqrt(n));
        }
        free(weights);
    }
}

static void initial_weights_depend_on_seed_layer_and_tensor_alone(void **state)
{
    (void)state;
    struct model two = make("depth=2 init=normal init_deviation=1"),
                 three = make("depth=3 init=normal init_deviation=1 layer_norm=true");
    real *a = calloc(two.parameters, sizeof *a), *b = calloc(three.parameters, sizeof *b);
    model_draw(a, &two, 5);
    model_draw(b, &three, 5);
    const real *first = definition_tensor(&two, a, 1, "value");
    assert_memory_equal(first, definition_tensor(&three, b, 1, "value"), 121 * sizeof *a);
    assert_memory_not_equal(first, definition_tensor(&two, a, 0, "value"), 121 * sizeof *a);
    assert_memory_not_equal(first, definition_tensor(&two, a, 1, "key"), 121 * sizeof *a);
    real mine = first[0];
    model_draw(a, &two, 6);
    assert_true(first[0] != mine);
    free(a);
    free(b);
}

static void gains_start_at_one_and_biases_at_zero(void **state)
{
    (void)state;
    struct model model = make("layer_norm=true mlp=3");
    real *weights = calloc(model.parameters, sizeof *weights);
    model_draw(weights, &model, 1);
    for (int i = 0; i < 11; i++) {
        assert_true(definition_tensor(&model, weights, 0, "norm_gain")[i] == 1);
        assert_true(definition_tensor(&model, weights, 0, "mlp_norm_bias")[i] == 0);
    }
    free(weights);
}

/* 16,384 numbers: the mean has deviation 1/128, the mean square sqrt(2)/128; six of them. An
 * initial scale of 0 does not matter. */
static void a_prefix_starts_as_standard_normal_numbers(void **state)
{
    (void)state;
    struct token_shape wide = {
        .tokens = 3, .context = 2, .width = 16, .output_tokens = 1, .outputs = 1, .sign = 1};
    struct model_config config = setup_config("prefix=1024 init_scale=0");
    struct model model;
    assert_int_equal(model_init(&model, &config, &wide, NULL), OK);
    real *weights = calloc(model.parameters, sizeof *weights);
    model_draw(weights, &model, 1);
    const real *prefix = definition_tensor(&model, weights, -1, "prefix");
    double sum = 0, squares = 0;
    for (int i = 0; i < 16384; i++) {
        sum += (double)prefix[i];
        squares += (double)prefix[i] * (double)prefix[i];
    }
    assert_true(fabs(sum / 16384) < 6. / 128);
    assert_true(fabs(squares / 16384 - 1) < 6 * sqrt(2) / 128);
    free(weights);
}

static void the_arena_that_was_measured_is_enough(void **state)
{
    (void)state;
    struct model model = make("depth=3 heads=2 layer_norm=true mlp=7 positions=added");
    struct arena measure = arena_measure(), arena;
    assert_null(pass_create(&measure, &model, kernels_at(0), PASS_FAST));
    assert_int_equal(arena_create(&arena, measure.used, NULL), OK);
    assert_non_null(pass_create(&arena, &model, kernels_at(0), PASS_FAST));
    assert_int_equal(arena.used, measure.used);
    arena_destroy(&arena);
}

/* L = 1 asks with one token: u = z B, u C', C a, and the sum over pairs; science.md 3 counts 600
 * with sampling. */
static void costs_are_those_of_the_path_that_runs(void **state)
{
    (void)state;
    struct model one = make("depth=1"), wide = make("depth=5 heads=4 clip=10");
    assert_true(model_cost(&one) == 121 + 110 + 110 + 10);
    /* four layers of S, 2 H products, one of the tokens; then the scores form for each head */
    assert_true(model_cost(&wide) == 4 * (1210 + 8 * 1331 + 1331) + 4 * (121 + 110 + 110 + 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_refused_with_their_remedy),
        cmocka_unit_test(the_last_channels_are_those_of_the_stream),
        cmocka_unit_test(the_stream_has_the_tokens_of_the_model_between_those_of_the_task),
        cmocka_unit_test(an_eos_token_starts_as_standard_normal_numbers),
        cmocka_unit_test(lists_of_kinds_are_refused_by_their_key),
        cmocka_unit_test(frozen_tensors_that_no_model_has_are_refused),
        cmocka_unit_test(a_starred_kind_stands_for_any_number_of_layers),
        cmocka_unit_test(tensors_cover_the_block_in_order_without_gaps),
        cmocka_unit_test(frozen_tensors_are_those_that_the_list_names),
        cmocka_unit_test(classes_of_equal_shapes_have_a_name),
        cmocka_unit_test(initial_weights_have_the_stated_moments_and_bounds),
        cmocka_unit_test(initial_weights_depend_on_seed_layer_and_tensor_alone),
        cmocka_unit_test(gains_start_at_one_and_biases_at_zero),
        cmocka_unit_test(a_prefix_starts_as_standard_normal_numbers),
        cmocka_unit_test(costs_are_those_of_the_path_that_runs),
        cmocka_unit_test(the_arena_that_was_measured_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
