/* The float passes give the same bits on every instruction set, and again after other work. */
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
static const struct token_shape sequence = {.tokens = 17,
                                            .context = 17,
                                            .width = 6,
                                            .output_tokens = 17,
                                            .outputs = 2,
                                            .sign = 1,
                                            .zero_channels = 1};

static const struct {
    const char *words;
    const struct token_shape *shape;
} cases[] = {
    {"depth=1", &joint},
    {"depth=3", &joint},
    {"depth=3 heads=3 clip=.5", &joint},
    {"depth=3 weights=shared layers=softmax+linear* positions=concatenated", &joint},
    {"depth=2 layers=mix* mlp=5 layer_norm=true input_mlp=4", &joint},
    {"depth=2 heads=2 key_size=3 keys_from=causal", &sequence},
    {"depth=2 heads=2 key_size=3 keys_from=causal prefix=3", &sequence},
    {"depth=3 prefix=2", &joint},
    {"depth=3 eos=2", &joint},
    {"depth=2 layers=softmax* eos=2 embedding=7 output_embedding=true keys_from=causal", &sequence},
    {"depth=2 layers=softmax+mesa key_size=5 keys_from=causal normalise_keys=true", &sequence},
};

/* Two super-groups of two groups each: outputs [4][..] and the gradient. */
static void run(struct setup *s, const struct kernels *kernels, real *outputs)
{
    struct arena measure = arena_measure(), arena;
    pass_create(&measure, &s->model, kernels, PASS_FAST);
    assert_int_equal(arena_create(&arena, measure.used, NULL), OK);
    struct pass *pass = pass_create(&arena, &s->model, kernels, PASS_FAST);
    size_t tokens = setup_token_count(s), count = setup_output_count(s);
    pass_weights(pass, s->weights);
    memset(s->gradient, 0, s->model.parameters * sizeof *s->gradient);
    for (int group = 0; group < 4; group++) {
        for (size_t i = 0; i < tokens; i++)
            pass_tokens(pass)[i] = s->tokens[i] * (real)(1 - .2 * group);
        pass_forward(pass);
        memcpy(outputs + (size_t)group * count, pass_outputs(pass), count * sizeof *outputs);
        pass_backward(pass, s->doutputs);
        if (group == 1)
            pass_super_group(pass);
    }
    pass_gradient(pass, s->gradient);
    arena_destroy(&arena);
}

static void bits_do_not_depend_on_the_instruction_set(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct model_config config = setup_config(cases[c].words);
        struct model model;
        assert_int_equal(model_init(&model, &config, cases[c].shape, NULL), OK);
        struct setup *s = setup_begin(&model, PASS_FAST, c + 1, 1);
        size_t count = 4 * setup_output_count(s);
        real *first = calloc(count, sizeof *first), *other = calloc(count, sizeof *other);
        double *gradient = calloc(model.parameters, sizeof *gradient);
        run(s, kernels_at(0), first);
        memcpy(gradient, s->gradient, model.parameters * sizeof *gradient);
        for (int isa = 0; kernels_at(isa); isa++) {
            run(s, kernels_at(isa), other);
            assert_memory_equal(first, other, count * sizeof *first);
            assert_memory_equal(gradient, s->gradient, model.parameters * sizeof *gradient);
        }
        free(first);
        free(other);
        free(gradient);
        setup_end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_do_not_depend_on_the_instruction_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
