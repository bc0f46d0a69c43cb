#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "expression.h"

/* ---- a schema of every type */

struct pot {
    int handles;
    int64_t grains;
    double litres;
    bool lid;
    int metal;
    struct key_text label;
};

static const char *const metals[] = {"iron", "copper", NULL};
/* clang-format off */
static const struct key rows[] = {
    KEY(struct pot, handles, .name = "pot.handles", .fallback = "6"),
    KEY(struct pot, grains, .name = "pot.grains", .fallback = "9223372036854775807"),
    KEY(struct pot, litres, .name = "pot.litres", .fallback = "2.5"),
    KEY(struct pot, lid, .name = "pot.lid", .fallback = "true"),
    KEY_CHOICE_OF(struct pot, metal, metals, .name = "pot.metal", .fallback = "copper"),
    KEY(struct pot, label, .name = "pot.label", .fallback = "fish soup"),
};
/* clang-format on */
static const struct key_table pots = {"pot", rows, COUNT(rows), sizeof(struct pot)};
static const struct schema schema = {
    .tables = {{&pots, 0}}, .count = 1, .size = sizeof(struct pot)};

static void holds(bool *holds, const char *text)
{
    struct expression *expression;
    struct error err = {""};
    struct pot pot;
    memset(&pot, 0, sizeof pot);
    schema_defaults(&schema, &pot);
    if (expression_read(&expression, &schema, text, &err) != OK ||
        expression_holds(holds, expression, &pot, &err) != OK)
        fail_msg("%s: %s", text, err.text);
    expression_destroy(expression);
}

/* Each of them true, and false with not ( ) around it. */
static void assert_all_hold(const char *const *texts)
{
    for (int i = 0; texts[i]; i++) {
        bool is, is_not;
        char negated[200];
        snprintf(negated, sizeof negated, "not (%s)", texts[i]);
        holds(&is, texts[i]);
        holds(&is_not, negated);
        if (!is || is_not)
            fail_msg("%s: does not hold", texts[i]);
    }
}

static void operators_bind_as_in_python(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "true",
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "7 - 3 - 2 == 2",
        "7 - (3 - 2) == 6",
        "24 / 4 / 2 == 3",
        "2 * 7 % 4 == 2",
        "2 * (7 % 4) == 6",
        "-2 * 3 == -6",
        "3 - -2 == 5",
        "--3 == 3",
        "true or false and false",
        "not ((true or false) and false)",
        "not 1 == 2",
        "not false and true",
        "not (true and not true)",
        "not not true",
        "1 < 2 and 2 < 3 or 1/0 == 1",
        "1 + 1 < 3 and 2 >= 4 - 2",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_all_hold((const char *const[]){texts[i], NULL});
}

static void integers_and_reals_are_as_in_python(void **state)
{
    (void)state;
    assert_all_hold((const char *const[]){"7 / 2 == 3.5",
                                          "8 / 2 == 4",
                                          "7 // 2 == 3",
                                          "-7 // 2 == -4",
                                          "7 // -2 == -4",
                                          "-8 // 2 == -4",
                                          "7 % 3 == 1",
                                          "-7 % 3 == 2",
                                          "7 % -3 == -2",
                                          "-7 % -3 == -1",
                                          "6 % 3 == 0",
                                          "7.5 // 2 == 3",
                                          "7.5 % 2 == 1.5",
                                          "-7.5 % 2 == 0.5",
                                          "7.5 % -2 == -0.5",
                                          "-7.5 // 2 == -4",
                                          "1e3 == 1000",
                                          ".5 == 0.5",
                                          "2.E-1 == 0.2",
                                          "1e+2 == 100",
                                          "1 == 1.0",
                                          "0.1 + 0.2 != 0.3",
                                          "9007199254740993 != 9007199254740992",
                                          "9223372036854775806 < 9223372036854775807",
                                          "-9223372036854775807 - 1 < -9223372036854775807",
                                          "5e-1<.75",
                                          "3-2==1",
                                          "3-2e0==1",
                                          "(-9223372036854775807 - 1) % -1 == 0",
                                          NULL});
}

static void keys_have_the_values_of_the_configuration(void **state)
{
    (void)state;
    assert_all_hold((const char *const[]){
        "pot.handles == 6", "pot.handles % 3 == 0", "pot.grains == 9223372036854775807",
        "pot.litres == 2.5", "pot.litres * pot.handles == 15", "pot.lid", "pot.lid == true",
        "pot.lid != false", "pot.metal == 'copper'", "pot.metal != \"iron\"",
        "'copper' == pot.metal", "pot.label == 'fish soup'", "pot.label != 'fish'", "'a' == 'a'",
        "'it' != \"it's\"", "pot.metal == 'copper' and not pot.handles > 6", "\tpot.lid\n", NULL});
}

static void the_right_side_is_looked_at_when_it_is_needed(void **state)
{
    (void)state;
    assert_all_hold((const char *const[]){"pot.lid or 1 // 0 == 1",
                                          "not (not pot.lid and 1 // 0 == 1)",
                                          "pot.handles == 0 or 12 % pot.handles == 0", NULL});
}

static void what_is_no_condition_is_refused_with_its_column(void **state)
{
    (void)state;
    static const char operand[] = "a key, a number or a text in quotes";
    static const char operator[] = "an operator (+ - * / // % == != < <= > >= and or)";
    static const struct {
        const char *text, *message, *allowed;
    } cases[] = {
        {"", "column 1: ends where %s is allowed", operand},
        {"  ", "column 3: ends where %s is allowed", operand},
        {"pot.handles",
         "column 1: the whole is a whole number, allowed is a condition, as in "
         "model.depth > 1",
         NULL},
        {"pot.litres",
         "column 1: the whole is a number, allowed is a condition, as in "
         "model.depth > 1",
         NULL},
        {"'x'", "column 1: the whole is a text, allowed is a condition, as in model.depth > 1",
         NULL},
        {"pot.handels > 1", "column 1: pot.handels: unknown key, did you mean pot.handles?", NULL},
        {"1 < kettle",
         "column 5: kettle: unknown key, 'mesasweep keys' lists all; a text stands in "
         "quotes",
         NULL},
        {"pot.metal == copper",
         "column 14: copper: unknown key, 'mesasweep keys' lists all; a text "
         "stands in quotes",
         NULL},
        {"pot.metal == 'tin'", "column 14: pot.metal is never 'tin', allowed are iron, copper",
         NULL},
        {"'tin' != pot.metal", "column 1: pot.metal is never 'tin', allowed are iron, copper",
         NULL},
        {"pot.handles = 6", "column 13: '=' is no operator here, equality is ==", NULL},
        {"pot.lid && pot.lid", "column 9: '&' is no operator here, it is written and", NULL},
        {"pot.lid || pot.lid", "column 9: '|' is no operator here, it is written or", NULL},
        {"!pot.lid", "column 1: '!' is no operator here, it is written not", NULL},
        {"== 3", "column 1: '==' is no operator here, it stands between two operands", NULL},
        {"1 < 2 < 3", "column 7: '<' after another comparison, join two by and", NULL},
        {"1 +", "column 4: ends where %s is allowed", operand},
        {"1 + * 2 == 3", "column 5: '*' where %s is allowed", operand},
        {"2 ** 2 == 4", "column 4: '*' where %s is allowed", operand},
        {"1 == not true", "column 6: 'not' where %s is allowed", operand},
        {"and true", "column 1: 'and' where %s is allowed", operand},
        {"true true", "column 6: 'true' where %s is allowed", operator},
         {"true ^ true", "column 6: '^' where %s is allowed", operator},
          {"true \xc3\xa9", "column 6: '\xc3\xa9' where %s is allowed", operator},
           {"true)", "column 5: ')' where %s is allowed", operator},
            {
                "(true true)",
                "column 7: 'true' where %s is allowed",
                operator},
                {"(1 == 1", "column 1: '(' without its ')'", NULL},
                {"()", "column 2: ')' where %s is allowed", operand},
                {"pot.label == 'fish", "column 14: a text without its closing '", NULL},
                {"0x10 == 16", "column 1: '0x10' is not a number", NULL},
                {"010 == 8", "column 1: '010' is not a number", NULL},
                {"1.2.3 == 1", "column 1: '1.2.3' is not a number", NULL},
                {". == 1", "column 1: '.' is not a number", NULL},
                {"1e == 1", "column 1: '1e' is not a number", NULL},
                {"1e999 > 1", "column 1: '1e999' is not a number", NULL},
                {"9223372036854775808 > 1", "column 1: '9223372036854775808' is not a number",
                 NULL},
                {"pot.label > 'a'", "column 11: '>' of a text, allowed is a number", NULL},
                {"pot.lid < true", "column 9: '<' of true or false, allowed is a number", NULL},
                {"pot.label + 1 == 2", "column 11: '+' of a text, allowed is a number", NULL},
                {"pot.metal == 1",
                 "column 11: '==' between a text and a whole number, which never are equal", NULL},
                {"pot.lid == 'true'",
                 "column 9: '==' between true or false and a text, which never are equal", NULL},
                {"pot.handles and pot.lid",
                 "column 13: 'and' of a whole number, allowed is true or false", NULL},
                {"pot.lid or 1.5", "column 9: 'or' of a number, allowed is true or false", NULL},
                {"not pot.handles", "column 1: 'not' of a whole number, allowed is true or false",
                 NULL},
                {"not not 1 + 1", "column 5: 'not' of a whole number, allowed is true or false",
                 NULL},
                {"-pot.lid", "column 1: '-' of true or false, allowed is a number", NULL},
           };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct expression *expression = NULL;
        struct error err = {""};
        char message[300];
        const char *at = strstr(cases[i].message, "%s");
        snprintf(message, sizeof message, "%.*s%s%s",
                 (int)(at ? (size_t)(at - cases[i].message) : strlen(cases[i].message)),
                 cases[i].message, at ? cases[i].allowed : "", at ? at + 2 : "");
        assert_int_equal(expression_read(&expression, &schema, cases[i].text, &err), ERR_CONFIG);
        assert_string_equal(err.text, message);
        assert_null(expression);
    }
}

static void what_can_not_be_computed_is_refused_with_its_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1 // 0 == 1", "column 3: division by zero"},
        {"1 % (pot.handles - 6) == 1", "column 3: division by zero"},
        {"pot.handles / 0 == 1", "column 13: division by zero"},
        {"1.5 % 0.0 == 1", "column 5: division by zero"},
        {"pot.grains + 1 > 0", "column 12: a number that is too large"},
        {"-pot.grains - 2 < 0", "column 13: a number that is too large"},
        {"2 * pot.grains > 0", "column 3: a number that is too large"},
        {"(-pot.grains - 1) // -1 > 0", "column 19: a number that is too large"},
        {"-(-pot.grains - 1) > 0", "column 1: a number that is too large"},
        {"1e308 * 10 > 0", "column 7: a number that is too large"},
        {"1 // 0 == 2 // (1 % 0)", "column 3: division by zero"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct expression *expression;
        struct error err = {""};
        struct pot pot;
        bool untouched = true;
        schema_defaults(&schema, &pot);
        assert_int_equal(expression_read(&expression, &schema, cases[i].text, &err), OK);
        assert_int_equal(expression_holds(&untouched, expression, &pot, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        assert_true(untouched);
        expression_destroy(expression);
    }
}

static void length_and_depth_have_their_limits(void **state)
{
    (void)state;
    struct expression *expression;
    struct error err = {""};
    struct text text = {0};
    for (int i = 0; i < EXPRESSION_DEPTH; i++)
        text_print(&text, i % 2 ? "not " : "(");
    text_print(&text, "true");
    for (int i = 0; i < EXPRESSION_DEPTH / 2; i++)
        text_print(&text, ")");
    assert_int_equal(expression_read(&expression, &schema, text.data, &err), OK);
    expression_destroy(expression);
    text_dispose(&text);
    for (int i = 0; i <= EXPRESSION_DEPTH; i++)
        text_print(&text, "-");
    text_print(&text, "1 < 0");
    assert_int_equal(expression_read(&expression, &schema, text.data, &err), ERR_CONFIG);
    assert_string_equal(err.text, "column 34: nesting deeper than 32");
    text_dispose(&text);

    int ones = 1;
    for (text_print(&text, "1"); text.length < EXPRESSION_BYTES - 10; ones++)
        text_print(&text, "+1");
    text_print(&text, " == %d", ones);
    bool is;
    holds(&is, text.data);
    assert_true(is);
    while (text.length <= EXPRESSION_BYTES)
        text_print(&text, " ");
    assert_int_equal(expression_read(&expression, &schema, text.data, &err), ERR_CONFIG);
    assert_string_equal(err.text,
                        "column 1001: the condition has 1001 bytes, at most 1000 are allowed");
    text_dispose(&text);
}

/* Any bytes: refused with a column, or answered; the sanitizer build looks on. */
static void survives_anything(void **state)
{
    (void)state;
    enum { OPERANDS = 11, OPERATORS = 12 };
    static const char *const pieces[] = {"pot.handles",
                                         "pot.litres",
                                         "pot.lid",
                                         "pot.metal",
                                         "pot.label",
                                         "1",
                                         "0",
                                         "2.5",
                                         "9e18",
                                         "9223372036854775807",
                                         "'iron'",
                                         " and ",
                                         " or ",
                                         "==",
                                         "!=",
                                         "<",
                                         ">=",
                                         "+",
                                         "-",
                                         "*",
                                         "/",
                                         "//",
                                         "%",
                                         "(",
                                         ")",
                                         "not ",
                                         "\"",
                                         "true",
                                         "\xff",
                                         "e",
                                         "."};
    uint64_t random = 5;
    int read = 0;
    for (int i = 0; i < 20000; i++) {
        struct text text = {0};
        struct expression *expression;
        struct error err = {""};
        struct pot pot;
        bool is;
        for (int n = 0; n < 1 + i % 9; n++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint64_t piece = random >> 33; /* an operand, an operator, now and then anything */
            text_print(&text, "%s",
                       pieces[piece % 7 == 0 ? piece / 7 % COUNT(pieces)
                              : n % 2        ? OPERANDS + piece / 7 % OPERATORS
                                             : piece / 7 % OPERANDS]);
        }
        schema_defaults(&schema, &pot);
        enum status st = expression_read(&expression, &schema, text.data, &err);
        if (st == OK) {
            read++;
            st = expression_holds(&is, expression, &pot, &err);
            expression_destroy(expression);
        }
        assert_true(st == OK || (st == ERR_CONFIG && strncmp(err.text, "column ", 7) == 0));
        text_dispose(&text);
    }
    assert_true(read > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_as_in_python),
        cmocka_unit_test(integers_and_reals_are_as_in_python),
        cmocka_unit_test(keys_have_the_values_of_the_configuration),
        cmocka_unit_test(the_right_side_is_looked_at_when_it_is_needed),
        cmocka_unit_test(what_is_no_condition_is_refused_with_its_column),
        cmocka_unit_test(what_can_not_be_computed_is_refused_with_its_column),
        cmocka_unit_test(length_and_depth_have_their_limits),
        cmocka_unit_test(survives_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
