#include "sweep_test.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"

/* Ten identities, frozen. If one changes, results that people have stored lose their names: a new
 * key must have a neutral value, and no default may change its meaning. Made with Python's
 * hashlib.sha256(canonical.encode()).hexdigest()[:16]. */
static const struct {
    const char *settings; /* as plan_config_from reads them */
    const char *canonical;
    uint64_t identity;
} golden[] = {
    {"", "", 0xe3b0c44298fc1c14},
    {"seed=1\n", "seed=1\n", 0x42c27b1073bdda47},
    {"model.depth=2\n", "model.depth=2\n", 0x5e2c906bf343eab7},
    {"seed=3\nmodel.depth=5\nmodel.weights=shared\nmodel.clip=10\n",
     "model.clip=10\nmodel.depth=5\nmodel.weights=shared\nseed=3\n", 0xa68bab3b1b103eab},
    {"train.rate=0.003\ntrain.batch=256\ntrain.steps=1000\n",
     "train.batch=256\ntrain.rate=0.003\ntrain.steps=1000\n", 0x91e2d96f96c82d64},
    {"tokens.kind=separate\nmodel.depth=2\nmodel.layers=softmax linear*\n"
     "model.positions=concatenated\nmodel.key_size=20\nmodel.init_scale=2\ntrain.clip_norm=10\n",
     "model.depth=2\nmodel.init_scale=2\nmodel.key_size=20\nmodel.layers=softmax linear*\n"
     "model.positions=concatenated\ntokens.kind=separate\ntrain.clip_norm=10\n",
     0x0cf46ad39569929a},
    {"model.init=normal\nmodel.init_deviation=0.05\nmodel.init_scale=1\n",
     "model.init=normal\nmodel.init_deviation=0.05\nmodel.init_scale=1\n", 0x9be31fb4e6264fac},
    {"train.rate=1e-05\ntask.noise=0.1\ntask.input_range=1.25\n",
     "task.input_range=1.25\ntask.noise=0.1\ntrain.rate=1e-05\n", 0x5aefcd7deccf37f9},
    {"model.y_update=true\nmodel.heads=4\nevaluation.seed=9007199254740992\n",
     "evaluation.seed=9007199254740992\nmodel.heads=4\nmodel.y_update=true\n", 0x6ccb067e906d5c9c},
    {"train.optimiser=sgd\ntrain.schedule=cosine\ntrain.warmup=100\ntrain.clip_value=1\n",
     "train.clip_value=1\ntrain.optimiser=sgd\ntrain.schedule=cosine\ntrain.warmup=100\n",
     0xd6b744462dee8616},
};

static struct run_config config_of(const char *settings)
{
    struct run_config config;
    struct error err = {""};
    if (plan_config_from(&config, settings, &err) != OK)
        fail_msg("%s", err.text);
    return config;
}

static void ten_identities_never_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(golden); i++) {
        struct run_config config = config_of(golden[i].settings);
        char canonical[4096];
        plan_canonical(&config, canonical, sizeof canonical);
        assert_string_equal(canonical, golden[i].canonical);
        assert_int_equal(plan_identity_of(&config), golden[i].identity);
    }
}

static void the_canonical_text_has_science_keys_only(void **state)
{
    (void)state;
    struct run_config config = config_of("keep.weights=none\nretry.attempts=7\nlimits.seconds=5\n"
                                         "checkpoint.minutes=1\ncluster.coordinator_runs=never\n");
    char text[4096];
    assert_int_equal(plan_canonical(&config, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(plan_identity_of(&config), golden[0].identity);
    plan_config_text(&config, text, sizeof text);
    assert_string_equal(text, "checkpoint.minutes=1\ncluster.coordinator_runs=never\n"
                              "keep.weights=none\nlimits.seconds=5\nretry.attempts=7\n");
}

static void texts_are_cut_as_snprintf_does(void **state)
{
    (void)state;
    struct run_config config = config_of("seed=12\n");
    char text[5] = "xxxx";
    assert_int_equal(plan_canonical(&config, NULL, 0), 8);
    assert_int_equal(plan_canonical(&config, text, sizeof text), 8);
    assert_string_equal(text, "seed");
    assert_int_equal(plan_config_text(&config, text, 2), 8);
    assert_string_equal(text, "s");
}

static void identity_is_the_number_of_the_first_16_digits(void **state)
{
    (void)state;
    struct run_config config = config_of("model.depth=3\nseed=17\n");
    unsigned char digest[HASH_SHA256_BYTES];
    char expected[17], shown[17], text[200];
    int length = plan_canonical(&config, text, sizeof text);
    hash_sha256(digest, text, (size_t)length);
    for (int i = 0; i < 8; i++)
        snprintf(expected + 2 * i, 3, "%02x", digest[i]);
    snprintf(shown, sizeof shown, "%016" PRIx64, plan_identity_of(&config));
    assert_string_equal(shown, expected);
}

static void identity_does_not_depend_on_how_the_sweep_is_written(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "set: {model.depth: 2, train.batch: 64, seed: 3, train.rate: 0.003}\n",
        "set:\n  train: {rate: 3e-3, batch: 64}\n  seed: 3\n  model: {depth: 2}\n",
        "grid: {seed: [3], train.batch: 64}\nset: {train.rate: 3.0E-3, model.depth: 2.0}\n",
        "set: {model.depth: 2, train.batch: 64, train.rate: 0.003, model.heads: 1, train.beta1: "
        ".9}\ngrid: {seed: {from: 3, to: 3, step: 1}}\n",
        "set: {model.depth: 1, train.batch: 64, train.rate: 0.003, seed: 3}\n"
        "when: [{if: {seed: 3}, set: {model.depth: 2}}]\n",
        "name: other\nabout: words\nset: {model.depth: 2, train.batch: 64, seed: 3, train.rate: "
        "0.003, retry.attempts: 9, keep.weights: none, limits.memory: 1e9}\nanalyses: []\n",
    };
    struct run_config config =
        config_of("model.depth=2\ntrain.batch=64\nseed=3\ntrain.rate=0.003\n");
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct plan *plan = good_plan(texts[i], false, NULL);
        assert_int_equal(plan_count(plan), 1);
        assert_int_equal(plan_identity(plan, 0), plan_identity_of(&config));
        plan_destroy(plan);
    }
}

static void every_science_key_changes_the_identity_and_no_other_does(void **state)
{
    (void)state;
    struct run_config defaults, config;
    schema_defaults(&run_schema, &defaults);
    int keys = schema_keys(&run_schema);
    for (int k = 0; k < keys; k++) {
        const struct key *key = schema_key(&run_schema, k);
        static const char *const tries[] = {"1",    "2",     "3",        "0.5",
                                            "true", "false", "softmax*", NULL};
        config = defaults;
        for (int t = 0; tries[t] && schema_equal(&run_schema, &config, &defaults, k); t++)
            if (schema_set(&run_schema, &config, k, tries[t], NULL) != OK)
                config = defaults;
        if (key->type == KEY_CHOICE && key->choices[1])
            assert_int_equal(schema_set(&run_schema, &config, k,
                                        key->choices[strcmp(key->choices[0], key->fallback) == 0],
                                        NULL),
                             OK);
        if (schema_equal(&run_schema, &config, &defaults, k))
            continue; /* a choice of one */
        bool same = plan_identity_of(&config) == plan_identity_of(&defaults);
        assert_true(same == (key->role != ROLE_SCIENCE));
    }
}

/* The rows of all tables, as far as identities lean on them. */
static void rows_have_canonical_neutral_texts(void **state)
{
    (void)state;
    struct run_config config;
    schema_defaults(&run_schema, &config);
    int keys = schema_keys(&run_schema);
    for (int k = 0; k < keys; k++) {
        const struct key *key = schema_key(&run_schema, k);
        char text[KEY_TEXT_SIZE];
        assert_true(strlen(key->name) < KEY_NAME_SIZE);
        assert_int_equal(schema_find(&run_schema, key->name), k);
        assert_int_equal(key->neutral != NULL, key->role == ROLE_SCIENCE);
        if (!key->neutral)
            continue;
        assert_int_equal(schema_set(&run_schema, &config, k, key->neutral, NULL), OK);
        schema_print(&run_schema, &config, k, text, sizeof text);
        assert_string_equal(text, key->neutral);
    }
}

/* A random value of key k that is allowed; false if none was found. */
static bool set_at_random(struct run_config *config, int k, uint64_t *random)
{
    const struct key *key = schema_key(&run_schema, k);
    static const char *const texts[] = {"linear*",
                                        "softmax*",
                                        "softmax linear*",
                                        "all",
                                        "all except project",
                                        "query key",
                                        "final",
                                        "none",
                                        "at 500 1000",
                                        "0123456789abcdef",
                                        "fedcba9876543210"};
    for (int attempt = 0; attempt < 20; attempt++) {
        *random = *random * 6364136223846793005u + 1442695040888963407u;
        double unit = (double)(*random >> 11) * 0x1p-53;
        uint64_t pick = *random >> 40;
        char text[KEY_TEXT_SIZE];
        if (key->type == KEY_CHOICE)
            snprintf(text, sizeof text, "%s",
                     key->choices[pick % 2] ? key->choices[pick % 2] : key->choices[0]);
        else if (key->type == KEY_BOOL)
            snprintf(text, sizeof text, "%s", pick % 2 ? "true" : "false");
        else if (key->type == KEY_TEXT)
            snprintf(text, sizeof text, "%s", texts[pick % COUNT(texts)]);
        else if (key->type == KEY_REAL)
            snprintf(text, sizeof text, "%.*g", 1 + (int)(pick % 17),
                     key->min + unit * (pick % 3 ? key->max - key->min : 1));
        else
            snprintf(text, sizeof text, "%.0f", key->min + unit * (key->max - key->min));
        if (schema_set(&run_schema, config, k, text, NULL) == OK)
            return true;
    }
    return false;
}

static void a_text_read_back_gives_the_same_text(void **state)
{
    (void)state;
    uint64_t random = 3;
    int keys = schema_keys(&run_schema);
    for (int i = 0; i < 500; i++) {
        struct run_config config, again;
        char text[16384], back[16384];
        struct error err = {""};
        schema_defaults(&run_schema, &config);
        for (int changes = 0; changes < i % 20; changes++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            assert_true(set_at_random(&config, (int)((random >> 33) % (uint64_t)keys), &random));
        }
        plan_config_text(&config, text, sizeof text);
        assert_int_equal(plan_config_from(&again, text, &err), OK);
        for (int k = 0; k < keys; k++)
            assert_true(schema_equal(&run_schema, &config, &again, k));
        plan_config_text(&again, back, sizeof back);
        assert_string_equal(back, text);

        plan_canonical(&config, text, sizeof text);
        assert_int_equal(plan_config_from(&again, text, &err), OK);
        plan_canonical(&again, back, sizeof back);
        assert_string_equal(back, text);
        assert_int_equal(plan_identity_of(&again), plan_identity_of(&config));
    }
}

static void a_printer_that_remembers_gives_the_text_of_a_fresh_one(void **state)
{
    (void)state;
    uint64_t random = 4;
    int keys = schema_keys(&run_schema);
    struct plan_printer *printers[2];
    struct run_config config;
    schema_defaults(&run_schema, &config);
    for (enum plan_text kind = PLAN_TEXT_CANONICAL; kind <= PLAN_TEXT_CHANGED; kind++)
        assert_int_equal(plan_printer_create(&printers[kind], kind, NULL), OK);
    for (int i = 0; i < 300; i++) {
        char text[16384], fresh[16384];
        random = random * 6364136223846793005u + 1442695040888963407u;
        int key = i % 3 ? (int)((random >> 33) % (uint64_t)keys) : schema_find(&run_schema, "seed");
        assert_true(set_at_random(&config, key, &random));
        plan_canonical(&config, fresh, sizeof fresh);
        plan_printer_text(printers[PLAN_TEXT_CANONICAL], &config, text, sizeof text);
        assert_string_equal(text, fresh);
        plan_config_text(&config, fresh, sizeof fresh);
        plan_printer_text(printers[PLAN_TEXT_CHANGED], &config, text, sizeof text);
        assert_string_equal(text, fresh);
    }
    for (enum plan_text kind = PLAN_TEXT_CANONICAL; kind <= PLAN_TEXT_CHANGED; kind++)
        plan_printer_destroy(printers[kind]);
}

static void texts_that_are_no_configuration_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"seed\n", "'seed' is no key=value"},
        {"\n", "'' is no key=value"},
        {"sead=1\n", "sead: unknown key"},
        {"seed=1\nmodel.depth=0\n", "model.depth: 0 is outside 1..32"},
        {"seed=1\r\n", "seed: '1?' is not a number, allowed is an integer 0..9007199254740992"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_config config = {.seed = 77};
        struct error err = {""};
        assert_int_equal(plan_config_from(&config, cases[i].text, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(config.seed, 77);
    }
}

/* The plan prints only the lines that changed from run to run; each identity must be that of a
 * fresh print. */
static void identities_in_a_plan_are_those_of_their_configurations(void **state)
{
    (void)state;
    struct plan *plan = good_plan(
        "grid: {model.depth: [1, 2, 3], train.rate: {log: [1e-3, 1], count: 3}, seed: [5, 0, 1]}\n"
        "when:\n  - {if: {model.depth: 2}, set: {model.layers: softmax linear*}}\n"
        "  - {if: {seed: 0}, set: {train.clip_norm: 10, model.heads: 2}}\n",
        false, NULL);
    assert_int_equal(plan_count(plan), 27);
    for (int64_t run = 0; run < plan_count(plan); run++) {
        struct run_config config;
        plan_config(plan, run, &config);
        assert_int_equal(plan_identity(plan, run), plan_identity_of(&config));
    }
    plan_destroy(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_identities_never_change),
        cmocka_unit_test(the_canonical_text_has_science_keys_only),
        cmocka_unit_test(texts_are_cut_as_snprintf_does),
        cmocka_unit_test(identity_is_the_number_of_the_first_16_digits),
        cmocka_unit_test(identity_does_not_depend_on_how_the_sweep_is_written),
        cmocka_unit_test(every_science_key_changes_the_identity_and_no_other_does),
        cmocka_unit_test(rows_have_canonical_neutral_texts),
        cmocka_unit_test(a_text_read_back_gives_the_same_text),
        cmocka_unit_test(a_printer_that_remembers_gives_the_text_of_a_fresh_one),
        cmocka_unit_test(texts_that_are_no_configuration_are_refused),
        cmocka_unit_test(identities_in_a_plan_are_those_of_their_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
