/* Keys that do not fit each other are refused with the way out. */
#include "setup.h"

static const struct {
    const char *settings[4];
    const char *message;
} refused[] = {
    {{"train.steps=20"},
     "train.evaluations: 51 points of a curve need at least 50 steps, train.steps is 20; at most "
     "21 "
     "points fit"},
    {{"train.schedule=cosine", "train.warmup=5000"},
     "train.warmup: 5000 steps leave none for the cosine, which ends at step 5000; lower it, or "
     "raise train.decay_steps"},
    {{"train.schedule=cosine", "train.warmup=1000", "train.decay_steps=300"},
     "train.warmup: 1000 steps leave none for the cosine, which ends at step 300; lower it, or "
     "raise train.decay_steps"},
    {{"model.kind=gdpp", "model.rate=0.6", "tokens.kind=separate"},
     "model.kind: gdpp needs tokens.kind: joint"},
    {{"model.kind=mlp_gd", "task.kind=linear_dynamics", "tokens.kind=raw"},
     "model.kind: mlp_gd needs tokens.kind: joint"},
};

static void keys_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct run_config config = config_of(refused[i].settings);
        struct error err;
        assert_int_equal(run_check(&config, NULL, &err), ERR_CONFIG);
        assert_string_equal(err.text, refused[i].message);
    }
}

static void what_the_model_refuses_is_passed_on(void **state)
{
    (void)state;
    struct run_config config = CONFIG("model.depth=2", "model.layers=linear linear linear");
    struct error err = {""};
    assert_int_equal(run_check(&config, NULL, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "model.layers"));
    struct record record = {0};
    enum run_outcome outcome;
    struct run_host nobody = {0};
    assert_int_equal(run_execute(&record, &outcome, &config, 0, &nobody, &err), ERR_CONFIG);
    assert_int_equal(run_memory(&config, 0), 0);
    assert_int_equal(run_record_bytes(&config, 0), 0);
}

static void what_fits_fills_the_model(void **state)
{
    (void)state;
    static const char *const fits[][4] = {{"train.steps=50"},
                                          {"model.kind=gdpp", "model.rate=0.6"},
                                          {"train.steps=1", "train.evaluations=2"},
                                          {"train.warmup=9000"},
                                          {"train.schedule=cosine", "train.warmup=4999"}};
    for (size_t i = 0; i < COUNT(fits); i++) {
        struct run_config config = config_of(fits[i]);
        static struct model model;
        assert_int_equal(run_check(&config, &model, NULL), OK);
        assert_int_equal(model.L, 1);
        assert_int_equal(model.D, 11);
    }
}

static void only_the_seed_may_differ_in_what_is_the_same_but_for_it(void **state)
{
    (void)state;
    struct run_config config = CONFIG("model.depth=2");
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        struct run_config other = config;
        ((char *)&other)[schema_offset(&run_schema, k)] ^= 1;
        assert_int_equal(run_same_but_seed(&config, &other),
                         strcmp(schema_key(&run_schema, k)->name, "seed") == 0);
    }
    assert_true(run_same_but_seed(&config, &config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_do_not_fit_are_refused),
        cmocka_unit_test(what_the_model_refuses_is_passed_on),
        cmocka_unit_test(what_fits_fills_the_model),
        cmocka_unit_test(only_the_seed_may_differ_in_what_is_the_same_but_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
