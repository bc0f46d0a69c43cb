/* Without these, "compressed" could be another model than block scalars, or its loss that of a
 * model whose products were moved wrongly. */
#include "runner.h"

#include "theory/compression.h"

#define CONSTRUCTED_MODEL                                                                          \
    .layers = {"linear*"}, .keys_from = KEYS_CAUSAL, .damping = 1, .clip = 4, .frozen = {"none"}

static const struct tokens_config whole = {.kind = TOKENS_CONSTRUCTED};
static const struct tokens_config masked = {.kind = TOKENS_CONSTRUCTED, .masked = true};

enum { D = 12, d = 3, ROOM = 3 * 2 * 2 * D * D, SCALARS_ROOM = 3 * 2 * COMPRESSION_SCALARS };

static double room[2][ROOM];

static struct products products_of(const struct model *model, int which)
{
    return (struct products){model->weight_sets, model->H, model->D, room[which]};
}

static const struct model_config deep = {CONSTRUCTED_MODEL, .depth = 3, .heads = 2, .key_size = 5};
static const struct model_config tied = {CONSTRUCTED_MODEL, .depth = 2, .heads = 2, .key_size = 5,
                                         .weights = WEIGHTS_SHARED};
static const struct model_config with_mlp = {CONSTRUCTED_MODEL, .depth = 2, .heads = 2,
                                             .key_size = 5, .mlp = 6};

/* A product has at most 12 terms, a prediction a few hundred, each rounded to 2^-53: below 1e-13 of
 * the largest; layers square it up. */
static void a_model_of_the_products_predicts_the_same(void **state)
{
    (void)state;
    const struct model_config *const configs[] = {&deep, &tied, &with_mlp};
    for (size_t i = 0; i < COUNT(configs); i++) {
        struct runner trained, other;
        struct model wide;
        runner_open(&trained, &small_sequence, &whole, configs[i]);
        runner_random(&trained, .3, 5);
        struct products products = products_of(&trained.model, 0);
        products_read(&products, &trained.model, trained.weights);
        products_model(&wide, &trained.model);
        assert_int_equal(wide.K, D);
        runner_open_model(&other, &trained.task, &wide);
        products_write(other.weights, &wide, &products, &trained.model, trained.weights);
        runners_agree(&trained, &other, 1e-11);
        runner_close(&trained);
        runner_close(&other);
    }
}

static void scalars_are_means_of_diagonals(void **state)
{
    (void)state;
    struct runner trained;
    double scalars[SCALARS_ROOM];
    runner_open(&trained, &small_sequence, &whole, &deep);
    runner_random(&trained, .3, 5);
    assert_true(compression_fits(&trained.model, &trained.task));
    assert_int_equal(compression_scalars(&trained.model, &trained.task), COMPRESSION_SCALARS);
    struct products products = products_of(&trained.model, 0),
                    back = products_of(&trained.model, 1);
    products_read(&products, &trained.model, trained.weights);
    compression_read(scalars, &products, &trained.model, &trained.task);
    compression_write(&back, scalars);
    for (int at = 0; at < ROOM; at++) {
        int matrix = at / (D * D), row = at / D % D, column = at % D;
        const double *block = room[0] + matrix * D * D + row / d * d * D + column / d * d;
        double mean = (block[0] + block[D + 1] + block[2 * D + 2]) / 3;
        assert_near(back.at[at], row % d == column % d ? mean : 0, 1e-15);
        assert_near(scalars[matrix * 16 + row / d * 4 + column / d], mean, 1e-15);
    }
    runner_close(&trained);
}

/* What is 0 in a token, and what is not read, has no part in the prediction: a single layer of
 * masked tokens is alpha, eta, beta, gamma and p1, p2 (science.md 2.5). */
static void one_masked_layer_has_four_and_two_numbers(void **state)
{
    (void)state;
    static const struct model_config one = {CONSTRUCTED_MODEL, .depth = 1, .heads = 2,
                                            .key_size = 5};
    struct runner trained, other;
    struct model wide;
    double scalars[SCALARS_ROOM], all[SCALARS_ROOM];
    runner_open(&trained, &small_sequence, &masked, &one);
    runner_random(&trained, .3, 5);
    assert_int_equal(compression_scalars(&trained.model, &trained.task), 6);
    struct products products = products_of(&trained.model, 0);
    products_read(&products, &trained.model, trained.weights);
    compression_read(scalars, &products, &trained.model, &trained.task);
    for (int s = 0; s < 2 * COMPRESSION_SCALARS; s++) {
        int product = s / 16 % 2, i = s / 4 % 4, j = s % 4;
        bool live = i >= 2 && (product == 0 ? j >= 2 : j == 0);
        assert_true(live == (scalars[s] != 0));
        const double *block =
            products_at(&products, 0, s / 32, (enum product)product) + (ptrdiff_t)i * d * D + j * d;
        all[s] = (block[0] + block[D + 1] + block[2 * D + 2]) / 3;
    }
    products_model(&wide, &trained.model);
    runner_open_model(&other, &trained.task, &wide);
    compression_write(&products, scalars);
    products_write(other.weights, &wide, &products, &trained.model, trained.weights);
    struct runner full;
    runner_open_model(&full, &trained.task, &wide);
    compression_write(&products, all);
    products_write(full.weights, &wide, &products, &trained.model, trained.weights);
    runners_agree(&full, &other, 0);
    runner_close(&trained);
    runner_close(&other);
    runner_close(&full);
}

static void the_largest_scalars_of_each_head_are_kept(void **state)
{
    (void)state;
    double scalars[2 * COMPRESSION_SCALARS];
    for (int s = 0; s < 2 * COMPRESSION_SCALARS; s++)
        scalars[s] = s < COMPRESSION_SCALARS ? (s % 2 ? -s : s) : 1;
    compression_keep(scalars, 2, 16);
    for (int s = 0; s < COMPRESSION_SCALARS; s++) {
        assert_true(scalars[s] == (s < 16 ? 0 : s % 2 ? -s : s));
        assert_true(scalars[COMPRESSION_SCALARS + s] == (s < 16)); /* of equal ones the first */
    }
    compression_keep(scalars, 2, 3);
    assert_true(scalars[28] == 0 && scalars[29] == -29 && scalars[31] == -31);
}

#define PLACED .depth = 1, .heads = 1, .position_size = 4, .position_base = 10000

/* Products say nothing of softmax, nor of queries that see positions or are normalised; blocks say
 * nothing of tokens that are no four parts, nor of a stream that is not these tokens. */
static void other_models_have_no_such_description(void **state)
{
    (void)state;
    static const struct {
        int tokens;
        struct model_config model;
    } cases[] = {
        {TOKENS_RAW, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1}},
        {TOKENS_CONSTRUCTED,
         {.layers = {"linear softmax"},
          .keys_from = KEYS_CAUSAL,
          .damping = 1,
          .depth = 2,
          .heads = 1,
          .frozen = {"none"}}},
        {TOKENS_CONSTRUCTED,
         {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .normalise_keys = true, .normalise_from = 1}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .mlp = 4}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .embedding = 12}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .input_mlp = 4}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .layer_norm = true}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .output_embedding = true}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .prefix = 2}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, .depth = 1, .heads = 1, .eos = 2}},
        {TOKENS_CONSTRUCTED,
         {.kind = MODEL_GDPP,
          .layers = {"linear*"},
          .keys_from = KEYS_CONTEXT,
          .damping = 1,
          .rate = .1,
          .depth = 1,
          .heads = 1,
          .frozen = {"none"}}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, PLACED, .positions = POSITIONS_QUERY_KEY}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, PLACED, .positions = POSITIONS_ADDED}},
        {TOKENS_CONSTRUCTED, {CONSTRUCTED_MODEL, PLACED, .positions = POSITIONS_CONCATENATED}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tokens_config tokens = {.kind = cases[i].tokens};
        struct task task;
        struct model model;
        assert_int_equal(task_init(&task, &small_sequence, &tokens, NULL), OK);
        assert_int_equal(model_init(&model, &cases[i].model, &task.shape, NULL), OK);
        assert_false(compression_fits(&model, &task));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_of_the_products_predicts_the_same),
        cmocka_unit_test(scalars_are_means_of_diagonals),
        cmocka_unit_test(one_masked_layer_has_four_and_two_numbers),
        cmocka_unit_test(the_largest_scalars_of_each_head_are_kept),
        cmocka_unit_test(other_models_have_no_such_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
