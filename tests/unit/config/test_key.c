#include "test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key.h"

/* A small schema of two tables, with a key of each type. */
struct shape {
    int depth, any;
    double scale;
    bool softmax;
    struct key_text layers;
};

struct whole {
    struct shape shape;
    char between[3];
    struct {
        int64_t seed;
        int kind;
    } task;
};

static const char *const kinds[] = {"regression", "sine", NULL};

static enum status no_x(const char *text, struct error *err)
{
    if (strchr(text, 'x'))
        return error_set(err, ERR_CONFIG, "'%s' has an x, allowed is any other letter", text);
    return OK;
}

#define SHAPE(member, ...) KEY(struct shape, member, __VA_ARGS__)
static const struct key shape_rows[] = {
    SHAPE(depth, .name = "shape.depth", .min = 1, .max = 32, .fallback = "2", .neutral = "2"),
    SHAPE(any, .name = "shape.any", .fallback = "-5", .neutral = "-5"),
    SHAPE(scale, .name = "shape.scale", .max = 1e6, .fallback = "1e-3", .neutral = "0.001"),
    SHAPE(softmax, .name = "shape.softmax", .fallback = "false", .neutral = "false"),
    SHAPE(layers, .name = "shape.layers", .fallback = "linear*", .neutral = "linear*",
          .check = no_x),
};
#define TASK(member) offsetof(struct whole, task.member) - offsetof(struct whole, task)
static const struct key task_rows[] = {
    {.name = "seed", .type = KEY_LONG, .offset = TASK(seed), .fallback = "0", .neutral = "0"},
    {.name = "task.kind",
     .type = KEY_CHOICE,
     .offset = TASK(kind),
     .choices = kinds,
     .fallback = "regression",
     .neutral = "regression"},
};
static const struct key_table shape_table = {"shape", shape_rows, COUNT(shape_rows),
                                             sizeof(struct shape)};
static const struct key_table task_table = {"task", task_rows, COUNT(task_rows), 16};
static const struct schema schema = {
    .tables = {{&shape_table, offsetof(struct whole, shape)},
               {&task_table, offsetof(struct whole, task)}},
    .count = 2,
    .size = sizeof(struct whole),
};

#define DIGITS_64 "0123456789012345678901234567890123456789012345678901234567890123"
static const char too_long[] = DIGITS_64 DIGITS_64 DIGITS_64 DIGITS_64;

static void refuses_what_is_not_a_value_and_says_what_is(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *message;
    } cases[] = {
        {"shape.depth", "0", "shape.depth: 0 is outside 1..32"},
        {"shape.depth", "33", "shape.depth: 33 is outside 1..32"},
        {"shape.depth", "2.5", "shape.depth: '2.5' is not an integer, allowed is an integer 1..32"},
        {"shape.depth", "two", "shape.depth: 'two' is not a number, allowed is an integer 1..32"},
        {"shape.depth", "", "shape.depth: '' is not a number, allowed is an integer 1..32"},
        {"shape.depth", " 2", "shape.depth: ' 2' is not a number, allowed is an integer 1..32"},
        {"shape.depth", "2 ", "shape.depth: '2 ' is not a number, allowed is an integer 1..32"},
        {"shape.depth", "2x", "shape.depth: '2x' is not a number, allowed is an integer 1..32"},
        {"shape.depth", "0x10", "shape.depth: '0x10' is not a number, allowed is an integer 1..32"},
        {"shape.depth", "010", "shape.depth: '010' is not a number, allowed is an integer 1..32"},
        {"shape.depth", "0o10", "shape.depth: '0o10' is not a number, allowed is an integer 1..32"},
        {"shape.depth", "1_0", "shape.depth: '1_0' is not a number, allowed is an integer 1..32"},
        {"shape.any", "two", "shape.any: 'two' is not a number, allowed is an integer"},
        {"shape.any", "2147483648", "shape.any: 2147483648 is too large for an integer"},
        {"shape.any", "-2147483649", "shape.any: -2147483649 is too large for an integer"},
        {"seed", "9223372036854775808", "seed: 9223372036854775808 is too large for an integer"},
        {"seed", "1e17", "seed: 1e17 is too large for an integer"},
        {"shape.scale", "nan",
         "shape.scale: 'nan' is not a number, allowed is a number 0..1000000"},
        {"shape.scale", "inf",
         "shape.scale: 'inf' is not a number, allowed is a number 0..1000000"},
        {"shape.scale", "-.inf",
         "shape.scale: '-.inf' is not a number, allowed is a number 0..1000000"},
        {"shape.scale", "1e999",
         "shape.scale: '1e999' is not a number, allowed is a number 0..1000000"},
        {"shape.scale", "1e", "shape.scale: '1e' is not a number, allowed is a number 0..1000000"},
        {"shape.scale", ".", "shape.scale: '.' is not a number, allowed is a number 0..1000000"},
        {"shape.scale", "1,5",
         "shape.scale: '1,5' is not a number, allowed is a number 0..1000000"},
        {"shape.scale", "-1", "shape.scale: -1 is outside 0..1000000"},
        {"shape.softmax", "yes", "shape.softmax: 'yes' is neither true nor false"},
        {"shape.softmax", "True", "shape.softmax: 'True' is neither true nor false"},
        {"shape.softmax", "1", "shape.softmax: '1' is neither true nor false"},
        {"task.kind", "cosine", "task.kind: 'cosine' is unknown, allowed are regression, sine"},
        {"shape.layers", "x", "shape.layers: 'x' has an x, allowed is any other letter"},
        {"shape.layers", "a  b", "shape.layers: 'a  b' has a space too many"},
        {"shape.layers", " a", "shape.layers: ' a' has a space too many"},
        {"shape.layers", "a ", "shape.layers: 'a ' has a space too many"},
        {"shape.layers", "a\nb", "shape.layers: 'a?b' has a control character"},
        {"shape.layers", too_long,
         "shape.layers: '012345678901234567890123456789012345678901234567890123456789...' has "
         "256 bytes, at most 255 are allowed"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct whole config, before;
        struct error err = {""};
        schema_defaults(&schema, &config);
        before = config;
        int k = schema_find(&schema, cases[i].key);
        assert_int_equal(schema_set(&schema, &config, k, cases[i].text, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        assert_memory_equal(&config, &before, sizeof config);
    }
}

static void takes_values_and_prints_their_one_canonical_text(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *canonical;
    } cases[] = {
        {"shape.depth", "32", "32"},
        {"shape.depth", "+4", "4"},
        {"shape.depth", "1e1", "10"},
        {"shape.depth", "4.0", "4"},
        {"shape.any", "-2147483648", "-2147483648"},
        {"shape.any", "-0", "0"},
        {"seed", "9223372036854775807", "9223372036854775807"},
        {"shape.scale", "1e-3", "0.001"},
        {"shape.scale", "0.00001", "1e-05"},
        {"shape.scale", ".5", "0.5"},
        {"shape.scale", "5.", "5"},
        {"shape.scale", "-0.0", "0"},
        {"shape.scale", "2000", "2000"},
        {"shape.scale", "1E3", "1000"},
        {"shape.scale", "0.1000", "0.1"},
        {"shape.softmax", "true", "true"},
        {"task.kind", "sine", "sine"},
        {"shape.layers", "softma linear*", "softma linear*"},
        {"shape.layers", "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct whole config;
        struct error err = {""};
        char text[KEY_TEXT_SIZE];
        schema_defaults(&schema, &config);
        int k = schema_find(&schema, cases[i].key);
        assert_int_equal(schema_set(&schema, &config, k, cases[i].text, &err), OK);
        int length = schema_print(&schema, &config, k, text, sizeof text);
        assert_string_equal(text, cases[i].canonical);
        assert_int_equal(length, strlen(text));
    }
}

static void defaults_lie_in_their_members(void **state)
{
    (void)state;
    struct whole config;
    schema_defaults(&schema, &config);
    assert_int_equal(config.shape.depth, 2);
    assert_int_equal(config.shape.any, -5);
    assert_true(config.shape.scale == 1e-3);
    assert_false(config.shape.softmax);
    assert_string_equal(config.shape.layers.text, "linear*");
    assert_int_equal(config.task.seed, 0);
    assert_int_equal(config.task.kind, 0);
}

static void keys_are_found_by_name_and_number(void **state)
{
    (void)state;
    assert_int_equal(schema_keys(&schema), 7);
    for (int k = 0; k < 7; k++)
        assert_int_equal(schema_find(&schema, schema_key(&schema, k)->name), k);
    assert_int_equal(schema_find(&schema, "shape"), -1);
    assert_int_equal(schema_find(&schema, ""), -1);
}

static void a_wrong_name_gets_the_nearest_known_one(void **state)
{
    (void)state;
    static const struct {
        const char *name, *known;
    } cases[] = {
        {"shape.dpeth", "shape.depth"},
        {"shape.layer", "shape.layers"},
        {"depth", "shape.depth"},
        {"dept", "shape.depth"},
        {"sed", "seed"},
        {"knd", "task.kind"},
        {"qqqqqqq", NULL},
        {"x", NULL},
        {"", NULL},
        {"shape.colour", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *known = schema_suggest(&schema, cases[i].name);
        if (cases[i].known)
            assert_string_equal(known, cases[i].known);
        else
            assert_null(known);
    }
}

static void values_can_be_compared_kept_and_put_back(void **state)
{
    (void)state;
    static const char *const other[] = {"3", "4", "7", "true", "b", "9", "sine"};
    struct whole a, b;
    schema_defaults(&schema, &a);
    schema_defaults(&schema, &b);
    for (int k = 0; k < schema_keys(&schema); k++) {
        char kept[sizeof(struct key_text)];
        size_t size = schema_value_size(&schema, k);
        char *at = (char *)&b + schema_offset(&schema, k);
        memcpy(kept, at, size);
        assert_true(schema_equal(&schema, &a, &b, k));
        assert_int_equal(schema_set(&schema, &b, k, other[k], NULL), OK);
        assert_false(schema_equal(&schema, &a, &b, k));
        memcpy(at, kept, size);
        assert_true(schema_equal(&schema, &a, &b, k));
    }
}

static void numbers_are_read_from_all_types_but_text(void **state)
{
    (void)state;
    struct whole config;
    schema_defaults(&schema, &config);
    config.shape.softmax = true;
    config.task.seed = 77;
    config.task.kind = 1;
    static const double values[] = {2, -5, 1e-3, 1, 0, 77, 1};
    for (int k = 0; k < schema_keys(&schema); k++)
        if (schema_key(&schema, k)->type != KEY_TEXT)
            assert_true(schema_number(&schema, &config, k) == values[k]);
}

static void numbers_print_as_python_does(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {2000, "2000"},
        {20e9, "20000000000"},
        {1e15, "1000000000000000"},
        {9.1e15, "9100000000000000"},
        {-9007199254740991, "-9007199254740991"},
        {1e16, "1e+16"},
        {12345678901234568, "1.2345678901234568e+16"},
        {1.5e300, "1.5e+300"},
        {1e-4, "0.0001"},
        {1e-5, "1e-05"},
        {1.25e-5, "1.25e-05"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_TRUE_MIN, "5e-324"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[KEY_TEXT_SIZE];
        number_print(cases[i].value, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

static void every_number_survives_its_text(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 5000; i++) {
        bits ^= bits << 13; /* xorshift64: any bit pattern may come */
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        char text[KEY_TEXT_SIZE];
        assert_in_range(number_print(value, text, sizeof text), 1, 24);
        assert_true(strtod(text, NULL) == value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_a_value_and_says_what_is),
        cmocka_unit_test(takes_values_and_prints_their_one_canonical_text),
        cmocka_unit_test(defaults_lie_in_their_members),
        cmocka_unit_test(keys_are_found_by_name_and_number),
        cmocka_unit_test(a_wrong_name_gets_the_nearest_known_one),
        cmocka_unit_test(values_can_be_compared_kept_and_put_back),
        cmocka_unit_test(numbers_are_read_from_all_types_but_text),
        cmocka_unit_test(numbers_print_as_python_does),
        cmocka_unit_test(every_number_survives_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
