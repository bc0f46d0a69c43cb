#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run/kinds.h"
#include "run/run.h"

/* Configurations that use as many parts of the engine as one can; the last is not allowed. */
static const char *const settings[][6] = {
    {NULL},
    {"model.depth=3", "model.heads=2", "model.mlp=20", "model.layer_norm=true", NULL},
    {"tokens.kind=separate", "model.layers=softmax linear", "model.depth=2",
     "model.positions=concatenated", "train.optimiser=sgd", NULL},
    {"model.kind=gdpp", "model.depth=2", "model.weights=shared", "train.schedule=cosine", NULL},
    {"task.kind=linear_dynamics", "tokens.kind=constructed", "model.keys_from=causal", NULL},
    {"task.kind=linear_dynamics", "tokens.kind=raw", "model.depth=2", "model.keys_from=causal",
     "model.output_embedding=true", NULL},
    {"task.kind=sine", "task.dimension=1", "model.input_mlp=20", "model.embedding=8", NULL},
    {"task.kind=few_shot", "tokens.kind=raw", "task.tasks=2", "model.keys_from=causal", NULL},
    {"task.inputs=mixed", "model.prefix=2", "keep.weights=at 0 5", NULL},
    {"model.depth=2", "model.frozen=query", "train.steps=9", NULL},
};

static void configure(struct run_config *config, size_t which)
{
    schema_defaults(&run_schema, config);
    for (int i = 0; settings[which][i]; i++) {
        char name[KEY_NAME_SIZE];
        const char *equals = strchr(settings[which][i], '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals - settings[which][i]), settings[which][i]);
        struct error err = {""};
        if (schema_set(&run_schema, config, schema_find(&run_schema, name), equals + 1, &err) != OK)
            fail_msg("%s", err.text);
    }
}

static bool same_model(const struct model *a, const struct model *b)
{
    if (a->tensor_count != b->tensor_count)
        return false;
    for (int t = 0; t < a->tensor_count; t++)
        if (strcmp(a->tensors[t].name, b->tensors[t].name) != 0 ||
            memcmp(a->tensors[t].shape, b->tensors[t].shape, sizeof a->tensors[t].shape) != 0)
            return false;
    return true;
}

/* All that is asked of a kind. */
static bool alike(const struct run_config *a, const struct run_config *b)
{
    struct model one, two;
    enum status st = run_check(a, &one, NULL);
    if (run_check(b, &two, NULL) != st)
        return false;
    if (st != OK)
        return true;
    bool same = same_model(&one, &two) &&
                run_memory(a, ~UINT64_C(0)) == run_memory(b, ~UINT64_C(0)) &&
                run_cost(a, ~UINT64_C(0)) == run_cost(b, ~UINT64_C(0)) &&
                run_record_bytes(a, ~UINT64_C(0)) == run_record_bytes(b, ~UINT64_C(0)) &&
                run_analyses_for(a) == run_analyses_for(b);
    for (int c = 0; c < run_columns(); c++)
        same = same &&
               run_column_applies(a, ~UINT64_C(0), c) == run_column_applies(b, ~UINT64_C(0), c);
    for (enum column_axis axis = AXIS_NONE; axis < AXIS_COUNT; axis++)
        same = same && run_axis_length(a, axis) == run_axis_length(b, axis);
    return same;
}

static void free_keys_change_nothing_but_results(void **state)
{
    (void)state;
    static const double shares[] = {0, 0.001, 0.3, 1};
    int keys = schema_keys(&run_schema), free = 0;
    for (size_t i = 0; i < COUNT(settings); i++) {
        for (int k = 0; k < keys; k++) {
            const struct key *key = schema_key(&run_schema, k);
            struct run_config config, other;
            if (!key->free)
                continue;
            free++;
            configure(&config, i);
            other = config;
            for (size_t s = 0; s < COUNT(shares); s++) {
                char text[KEY_TEXT_SIZE];
                double number = key->min + shares[s] * (key->max - key->min);
                number_print(key->type == KEY_REAL ? number : floor(number), text, sizeof text);
                assert_int_equal(schema_set(&run_schema, &other, k, text, NULL), OK);
                if (!alike(&config, &other))
                    fail_msg("%s=%s is not free with settings %zu", key->name, text, i);
            }
        }
    }
    assert_true(free > 0);
}

static void kinds_are_numbered_as_they_come(void **state)
{
    (void)state;
    struct kinds *kinds;
    int kind;
    assert_int_equal(kinds_create(&kinds, NULL), OK);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 500; i++) {
            struct run_config config;
            configure(&config, 0);
            config.seed = round * 1000 + i;
            config.train.rate = 0.001 * (i % 7);
            config.task.context = i + 1;
            assert_int_equal(kinds_find(&kind, kinds, &config, NULL), OK);
            assert_int_equal(kind, i);
        }
    assert_int_equal(kinds_count(kinds), 500);
    kinds_destroy(kinds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_numbered_as_they_come),
        cmocka_unit_test(free_keys_change_nothing_but_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
