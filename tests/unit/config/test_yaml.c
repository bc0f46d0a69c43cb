#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "config/yaml.h"

static const char deep[] = "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n";

static void refuses_with_place_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        size_t length; /* 0: that of the text */
    } cases[] = {
        {"", "s.yaml:1:1: nothing in it, allowed is a map of sections", 0},
        {"# only a comment\n", "s.yaml:1:1: nothing in it, allowed is a map of sections", 0},
        {"- a\n", "s.yaml:1:1: not a map, allowed is a map of sections", 0},
        {"word\n", "s.yaml:1:1: not a map, allowed is a map of sections", 0},
        {"a: 1\nb: x\0y\n", "s.yaml:2:5: a NUL byte, allowed is text", 12},
        {"a: 1\n  \033[0m: 2\n",
         "s.yaml:2:3: control character U+001B, allowed are tabs and line ends", 0},
        {"a: \xc2\x85\n", "s.yaml:1:4: control character U+0085, allowed are tabs and line ends",
         0},
        {"a: \xe2\x80\xa8\n",
         "s.yaml:1:4: control character U+2028, allowed are tabs and line ends", 0},
        {"a: \xff\xfe\n", "s.yaml:1:4: a byte that is no UTF-8, allowed is UTF-8 text", 0},
        {"a: \xc3\xa9\xc3\n", "s.yaml:1:5: a byte that is no UTF-8, allowed is UTF-8 text", 0},
        {"a: \xc0\xaf\n", "s.yaml:1:4: a byte that is no UTF-8, allowed is UTF-8 text", 0},
        {"a: \xed\xa0\x80\n", "s.yaml:1:4: a byte that is no UTF-8, allowed is UTF-8 text", 0},
        {"a: \xf4\x90\x80\x80\n", "s.yaml:1:4: a byte that is no UTF-8, allowed is UTF-8 text", 0},
        {"a: 1\r\nb: \x01\n",
         "s.yaml:2:4: control character U+0001, allowed are tabs and line ends", 0},
        {"a: \"x\\0\"\n", "s.yaml:1:4: an escape makes a NUL byte, allowed is text", 0},
        {"a: \"\\e\"\n",
         "s.yaml:1:4: an escape makes control character U+001B, allowed are tabs and line ends", 0},
        {"a: &x 1\n",
         "s.yaml:1:4: '&x': anchors and aliases are not allowed, a text that begins with & or * "
         "needs quotes",
         0},
        {"a: [1, *x]\n",
         "s.yaml:1:8: '*x': anchors and aliases are not allowed, a text that begins with & or * "
         "needs quotes",
         0},
        {"a: !!int 1\n",
         "s.yaml:1:4: 'tag:yaml.org,2002:int': tags are not allowed, the key decides the type", 0},
        {"a: !mine {b: 1}\n", "s.yaml:1:4: '!mine': tags are not allowed, the key decides the type",
         0},
        {"%YAML 1.1\n---\na: 1\n", "s.yaml:1:1: directives (%YAML) are not allowed", 0},
        {"a: 1\n---\nb: 1\n", "s.yaml:2:1: a second document, one is allowed", 0},
        {"a: 1\nb: 2\na: 3\n", "s.yaml:3:1: a: given twice, first in line 1", 0},
        {"s:\n  {x: 1, x: 2}\n", "s.yaml:2:10: x: given twice, first in line 2", 0},
        {"? [a]\n: 1\n", "s.yaml:1:3: a key that is no word, allowed are names of keys", 0},
        {"\"\": 1\n", "s.yaml:1:1: a key that is no word, allowed are names of keys", 0},
        {deep, "s.yaml:1:35: nesting deeper than 32", 0},
        {"a: [1, 2\nb: 3\n",
         "s.yaml:2:2: no YAML: did not find expected ',' or ']' while parsing a flow sequence", 0},
        {"a: 'open\n",
         "s.yaml:2:1: no YAML: found unexpected end of stream while scanning a quoted scalar", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct yaml yaml = {0};
        struct error err = {""};
        size_t length = cases[i].length ? cases[i].length : strlen(cases[i].text);
        assert_int_equal(yaml_read(&yaml, "s.yaml", cases[i].text, length, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        assert_null(yaml.root);
    }
}

static void at_most_one_megabyte(void **state)
{
    (void)state;
    struct yaml yaml;
    struct error err = {""};
    char *text = malloc(YAML_BYTES + 1);
    memset(text, ' ', YAML_BYTES + 1);
    memcpy(text, "a: 1\n#", 6);
    assert_int_equal(yaml_read(&yaml, "s.yaml", text, YAML_BYTES, &err), OK);
    yaml_dispose(&yaml);
    assert_int_equal(yaml_read(&yaml, "s.yaml", text, YAML_BYTES + 1, &err), ERR_CONFIG);
    assert_string_equal(err.text, "s.yaml:1:1: 1048577 bytes, at most 1048576 are allowed");
    free(text);
}

static void at_most_a_thousand_keys_in_a_map(void **state)
{
    (void)state;
    struct yaml yaml;
    struct error err = {""};
    struct text text = {0};
    for (int i = 0; i <= YAML_MAP_KEYS; i++)
        text_print(&text, "k%d: 1\n", i);
    assert_int_equal(yaml_read(&yaml, "s.yaml", text.data, text.length, &err), ERR_CONFIG);
    assert_string_equal(err.text, "s.yaml:1001:1: a map of more than 1000 keys");
    text_dispose(&text);
}

/* libyaml's time grows with the square of the depth of flow nesting: 20,000 levels take it 1.6 s
 * when all are read. We stop at level 33; what it has looked ahead by then is bounded. */
static void deep_nesting_is_refused_at_once(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[", "{", "{a: ", "- ", "[[],", "? ", "[\n", "{[", "- ? "};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct yaml yaml;
        struct error err = {""};
        struct text text = {0};
        text_print(&text, "a:\n ");
        while (text.length < YAML_BYTES - 10)
            text_print(&text, "%s", pieces[i]);
        clock_t begin = clock();
        assert_int_equal(yaml_read(&yaml, "s.yaml", text.data, text.length, &err), ERR_CONFIG);
        assert_true(clock() - begin < CLOCKS_PER_SEC);
        text_dispose(&text);
    }
}

static void nodes_have_their_places_and_styles(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf---\n"
                               "name: first # a comment\r\n"
                               "grid:\r\n"
                               "  \xc3\xa9: [1, \"2\", '3']\n"
                               "  empty:\n"
                               "about: |\n"
                               "  two\n"
                               "  lines\n";
    struct yaml yaml;
    struct error err = {""};
    assert_int_equal(yaml_read(&yaml, "s.yaml", text, strlen(text), &err), OK);
    assert_int_equal(yaml.root->count, 3);

    const struct yaml_node *name = yaml_find(yaml.root, "name");
    assert_int_equal(name->kind, YAML_SCALAR);
    assert_string_equal(name->text, "first");
    assert_true(name->plain);
    assert_int_equal(name->line, 2);
    assert_int_equal(name->column, 7);
    assert_int_equal(name->key->column, 1);

    const struct yaml_node *grid = yaml_find(yaml.root, "grid"), *list = grid->first;
    assert_int_equal(grid->kind, YAML_MAP);
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->column, 6); /* characters, not bytes */
    assert_true(list->first->plain);
    assert_false(list->first->next->plain);
    assert_false(list->first->next->next->plain);
    assert_string_equal(list->first->next->text, "2");
    assert_null(list->first->next->next->next);
    assert_string_equal(list->next->text, "");
    assert_true(list->next->plain);

    const struct yaml_node *about = yaml_find(yaml.root, "about");
    assert_string_equal(about->text, "two\nlines\n");
    assert_false(about->plain);
    assert_null(yaml_find(yaml.root, "zip"));

    yaml_refuse(&yaml, list, &err, "%s: no", "key");
    assert_string_equal(err.text, "s.yaml:4:6: key: no");
    yaml_dispose(&yaml);
}

static void depth_32_is_allowed(void **state)
{
    (void)state;
    struct yaml yaml;
    struct error err = {""};
    struct text text = {0};
    text_print(&text, "a: %.31s1%.31s", deep + 3, strchr(deep, ']'));
    assert_int_equal(yaml_read(&yaml, "s.yaml", text.data, text.length, &err), OK);
    yaml_dispose(&yaml);
    text_dispose(&text);
}

static void a_value_of_the_command_line_stands_as_it_is(void **state)
{
    (void)state;
    struct yaml yaml;
    struct error err = {""};
    static const char *const texts[] = {"5", "", "softmax linear*", "*a: b # c", "'5'", "-"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(yaml_read_value(&yaml, "command line", texts[i], strlen(texts[i]), &err),
                         OK);
        assert_int_equal(yaml.root->kind, YAML_SCALAR);
        assert_true(yaml.root->plain);
        assert_string_equal(yaml.root->text, texts[i]);
        yaml_dispose(&yaml);
    }
    assert_int_equal(yaml_read_value(&yaml, "command line", "[1, 2]", 6, &err), OK);
    assert_int_equal(yaml.root->kind, YAML_LIST);
    assert_int_equal(yaml.root->count, 2);
    yaml_refuse(&yaml, yaml.root, &err, "no");
    assert_string_equal(err.text, "command line: no");
    yaml_dispose(&yaml);
    assert_int_equal(yaml_read_value(&yaml, "command line", "{count: 2}", 10, &err), OK);
    assert_int_equal(yaml.root->kind, YAML_MAP);
    yaml_dispose(&yaml);

    assert_int_equal(yaml_read_value(&yaml, "command line", "[1", 2, &err), ERR_CONFIG);
    assert_string_equal(err.text, "command line: no YAML: did not find expected ',' or ']' while "
                                  "parsing a flow sequence");
    assert_int_equal(yaml_read_value(&yaml, "command line", "\033", 1, &err), ERR_CONFIG);
    assert_string_equal(err.text,
                        "command line: control character U+001B, allowed are tabs and line ends");
}

/* Damaged documents are refused or read, never a crash; the sanitizer build looks on. */
static void survives_damage(void **state)
{
    (void)state;
    static const char text[] =
        "name: x\nset: {a.b: 1, c: [1, 2, {d: 'e'}]}\ngrid:\n  - f: \"g\\n\"\n"
        "  - |\n   h\nwhen: [{if: {i: j}, set: {k: l}}]\n";
    uint64_t random = 1;
    for (int i = 0; i < 5000; i++) {
        char damaged[sizeof text];
        memcpy(damaged, text, sizeof text);
        for (int edits = 0; edits < 3; edits++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t at = (random >> 33) % (sizeof text - 1);
            damaged[at] = "[]{}:-?,&*!|>'\"%@`\n\t #\\\0\xff"
                          "a1"[(random >> 20) % 26];
        }
        struct yaml yaml = {0};
        struct error err = {""};
        enum status st = yaml_read(&yaml, "s.yaml", damaged, sizeof text - 1, &err);
        assert_true(st == OK || st == ERR_CONFIG);
        assert_true((st == OK) == (yaml.root != NULL));
        assert_null(strchr(err.text, '\n'));
        if (st == OK)
            yaml_dispose(&yaml);
        else
            assert_memory_equal(err.text, "s.yaml:", 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_place_and_reason),
        cmocka_unit_test(at_most_one_megabyte),
        cmocka_unit_test(at_most_a_thousand_keys_in_a_map),
        cmocka_unit_test(deep_nesting_is_refused_at_once),
        cmocka_unit_test(nodes_have_their_places_and_styles),
        cmocka_unit_test(depth_32_is_allowed),
        cmocka_unit_test(a_value_of_the_command_line_stands_as_it_is),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
