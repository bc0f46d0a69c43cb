/* The keys of all layers as one schema: what identities rest on does not move by accident. */
#include <stdio.h>
#include <string.h>

#include "run/run.h"
#include "test.h"

/* Frozen: the identity of every run in every result file depends on these texts. A new key is a new
 * row here; a row that is here never changes. */
static const struct {
    const char *key, *neutral;
} frozen[] = {
    {"task.kind", "linear_regression"},
    {"task.dimension", "10"},
    {"task.context", "10"},
    {"task.outputs", "1"},
    {"task.tasks", "1"},
    {"task.state", "0"},
    {"task.input_range", "1"},
    {"task.weight_scale", "1"},
    {"task.noise", "0"},
    {"task.state_clip", "10"},
    {"task.inputs", "uniform"},
    {"task.noisy_labels", "0"},
    {"tokens.kind", "joint"},
    {"tokens.masked", "false"},
    {"tokens.readout", "clean"},
    {"model.kind", "transformer"},
    {"model.depth", "1"},
    {"model.heads", "1"},
    {"model.key_size", "0"},
    {"model.layers", "linear*"},
    {"model.weights", "per_layer"},
    {"model.rate", "0"},
    {"model.pairs", "lagged"},
    {"model.keys_from", "context"},
    {"model.positions", "none"},
    {"model.position_size", "10"},
    {"model.position_base", "10000"},
    {"model.damping", "1"},
    {"model.clip", "0"},
    {"model.y_update", "false"},
    {"model.mlp", "0"},
    {"model.input_mlp", "0"},
    {"model.embedding", "0"},
    {"model.output_embedding", "false"},
    {"model.embedding_bias", "false"},
    {"model.layer_norm", "false"},
    {"model.normalise_keys", "false"},
    {"model.normalise_from", "1"},
    {"model.init", "truncated"},
    {"model.init_scale", "0.002"},
    {"model.init_deviation", "0.0002"},
    {"model.frozen", "none"},
    {"model.prefix", "0"},
    {"model.eos", "0"},
    {"train.optimiser", "adam"},
    {"train.steps", "5000"},
    {"train.batch", "2048"},
    {"train.rate", "0.001"},
    {"train.schedule", "constant"},
    {"train.warmup", "0"},
    {"train.decay_steps", "0"},
    {"train.final_rate", "1e-05"},
    {"train.beta1", "0.9"},
    {"train.beta2", "0.98"},
    {"train.epsilon", "1e-08"},
    {"train.decay", "0"},
    {"train.clip_norm", "0.001"},
    {"train.clip_value", "0"},
    {"train.evaluations", "51"},
    {"evaluation.tasks", "10000"},
    {"evaluation.seed", "0"},
    {"evaluation.distillation", "2000"},
    {"seed", "0"},
    {"start.run", "none"},
};

static const char *frozen_neutral(const char *key)
{
    for (size_t i = 0; i < COUNT(frozen); i++)
        if (strcmp(frozen[i].key, key) == 0)
            return frozen[i].neutral;
    return NULL;
}

static void neutral_texts_are_frozen(void **state)
{
    (void)state;
    size_t science = 0;
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        const struct key *key = schema_key(&run_schema, k);
        if (key->role != ROLE_SCIENCE)
            continue;
        const char *expected = frozen_neutral(key->name);
        if (!expected || !key->neutral || strcmp(key->neutral, expected) != 0)
            fail_msg("%s: neutral text is '%s', frozen is '%s'", key->name, key->neutral, expected);
        science++;
    }
    assert_int_equal(science, COUNT(frozen));
}

/* A text that is not canonical would never equal the text of a value. */
static void neutral_texts_and_defaults_parse_and_neutral_is_canonical(void **state)
{
    (void)state;
    struct run_config config;
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        const struct key *key = schema_key(&run_schema, k);
        char text[KEY_TEXT_SIZE];
        schema_defaults(&run_schema, &config);
        assert_int_equal(schema_set(&run_schema, &config, k, key->fallback, NULL), OK);
        if (key->role != ROLE_SCIENCE)
            continue;
        assert_int_equal(schema_set(&run_schema, &config, k, key->neutral, NULL), OK);
        schema_print(&run_schema, &config, k, text, sizeof text);
        assert_string_equal(text, key->neutral);
    }
}

static void every_key_has_a_unit_or_is_a_word_and_one_line_of_help(void **state)
{
    (void)state;
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        const struct key *key = schema_key(&run_schema, k);
        bool word = key->type == KEY_CHOICE || key->type == KEY_TEXT || key->type == KEY_BOOL;
        assert_true(word || key->unit);
        assert_true(key->help && strlen(key->help) > 5 && strlen(key->help) < 150);
        assert_true(!strchr(key->help, '\n') && key->help[strlen(key->help) - 1] != '.');
    }
}

static void names_are_unique_and_begin_with_their_section(void **state)
{
    (void)state;
    int k = 0;
    for (int t = 0; t < run_schema.count; t++) {
        const struct key_table *table = run_schema.tables[t].table;
        for (int i = 0; i < table->count; i++, k++) {
            const char *name = table->keys[i].name;
            size_t length = strlen(table->section);
            assert_int_equal(strncmp(name, table->section, length), 0);
            assert_true(name[length] == '.' || (name[length] == 0 && table->count == 1));
            assert_int_equal(schema_find(&run_schema, name), k);
        }
    }
    assert_int_equal(k, schema_keys(&run_schema));
}

static size_t aligned(size_t at, size_t to)
{
    return (at + to - 1) / to * to;
}

/* A struct member without a row could never be set. Walking the rows by offset, each lies where the
 * compiler puts what follows the one before (a forgotten member no larger than padding hides). */
static void rows_cover_their_structs(void **state)
{
    (void)state;
    static const size_t bytes[] = {[KEY_INT] = 4,  [KEY_LONG] = 8,   [KEY_REAL] = 8,
                                   [KEY_BOOL] = 1, [KEY_CHOICE] = 4, [KEY_TEXT] = KEY_TEXT_SIZE};
    size_t all = 0;
    for (int t = 0; t < run_schema.count; t++) {
        const struct key_table *table = run_schema.tables[t].table;
        size_t end = 0, widest = 1;
        for (int seen = 0; seen < table->count; seen++) {
            const struct key *next = NULL;
            for (int i = 0; i < table->count; i++)
                if (table->keys[i].offset >= end && (!next || table->keys[i].offset < next->offset))
                    next = &table->keys[i];
            assert_non_null(next);
            size_t alignment = next->type == KEY_TEXT ? 1 : bytes[next->type];
            if (next->offset != aligned(end, alignment))
                fail_msg("%s: no row for what lies before it", next->name);
            end = next->offset + bytes[next->type];
            widest = alignment > widest ? alignment : widest;
        }
        assert_int_equal(aligned(end, widest), table->size);
        assert_true(run_schema.tables[t].offset - all < 8);
        all = run_schema.tables[t].offset + table->size;
    }
    assert_int_equal(aligned(all, 8), sizeof(struct run_config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neutral_texts_are_frozen),
        cmocka_unit_test(neutral_texts_and_defaults_parse_and_neutral_is_canonical),
        cmocka_unit_test(every_key_has_a_unit_or_is_a_word_and_one_line_of_help),
        cmocka_unit_test(names_are_unique_and_begin_with_their_section),
        cmocka_unit_test(rows_cover_their_structs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
