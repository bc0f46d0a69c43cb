#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void text_grows_by_pieces(void **state)
{
    (void)state;
    struct text text = {0};
    struct text plain = {0};
    for (int i = 0; i < 1000; i++) {
        text_print(&text, "%d,", i % 10);
        text_add(&plain, "ab", 2);
    }
    assert_int_equal(text.length, 2000);
    assert_int_equal(strlen(text.data), 2000);
    assert_memory_equal(text.data, "0,1,2,3,4,5,6,7,8,9,0,", 22);
    assert_int_equal(strlen(plain.data), 2000);
    text_dispose(&text);
    text_dispose(&plain);
    assert_null(text.data);
    assert_int_equal(text.length, 0);
}

static void text_keeps_a_nul_inside(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.data, "a\0b", 4);
    text_dispose(&text);
}

static void distance_counts_single_edits(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int most, distance;
    } cases[] = {
        {"model.depth", "model.depth", 3, 0},
        {"model.dpeth", "model.depth", 3, 2},
        {"grid", "gird", 3, 2},
        {"kitten", "sitting", 3, 3},
        {"kitten", "sitting", 2, 3},
        {"", "abc", 3, 3},
        {"abc", "", 3, 3},
        {"seed", "seeds", 1, 1},
        {"train.rate", "model.depth", 3, 4},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(text_distance(cases[i].a, cases[i].b, cases[i].most), cases[i].distance);
    char endless[1000];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(text_distance(endless, "a", 3), 4);
    assert_int_equal(text_distance("a", endless, 3), 4);
}

static void shown_text_is_one_short_line(void **state)
{
    (void)state;
    char shown[TEXT_SHOWN];
    assert_string_equal(text_show(shown, "softmax linear*"), "softmax linear*");
    assert_string_equal(text_show(shown, "a\nb\033[1m\177"), "a?b?[1m?");
    assert_string_equal(text_show(shown, ""), "");

    char input[200];
    memset(input, 'x', sizeof input);
    input[63] = '\0';
    assert_string_equal(text_show(shown, input), input);
    input[63] = 'x';
    input[64] = '\0';
    text_show(shown, input);
    assert_int_equal(strlen(shown), 63);
    assert_string_equal(shown + 60, "...");

    memcpy(input + 59, "\xc3\xa9", 2); /* an e with an accent where the cut would be */
    text_show(shown, input);
    assert_int_equal(strlen(shown), 62);
    assert_string_equal(shown + 58, "x...");
}

/* What a sweep file, a file name or a result file may hold to play with a terminal. */
static const struct {
    const char *from, *line, *log; /* log: with "\n\t" kept */
} dirty[] = {
    {"plain text, naïve, 深さ", "plain text, naïve, 深さ", "plain text, naïve, 深さ"},
    {"\033[31mred\033]0;title\a", "?[31mred?]0;title?", "?[31mred?]0;title?"},
    {"a\nb\tc\rd\be\177", "a?b?c?d?e?", "a\nb\tc?d?e?"},
    {"c1: \xc2\x9b"
     "31m",
     "c1: ?31m", "c1: ?31m"},
    {"bare \x9b, cut \xe2\x80, \xff\xfe", "bare ?, cut ??, ??", "bare ?, cut ??, ??"},
    {"overlong \xc0\x8a \xe0\x80\x8a, surrogate \xed\xa0\x80", "overlong ?? ???, surrogate ???",
     "overlong ?? ???, surrogate ???"},
    {"\u202egnp.exe\u202c \u2066x\u2069", "?gnp.exe? ?x?", "?gnp.exe? ?x?"},
    {"line\u2028 paragraph\u2029", "line? paragraph?", "line? paragraph?"},
    {"mark \ufeff", "mark ?", "mark ?"},
    {"", "", ""},
};

static void what_acts_on_a_terminal_becomes_a_question_mark(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dirty); i++) {
        char text[128];
        strcpy(text, dirty[i].from);
        assert_string_equal(text_line(text), dirty[i].line);
        strcpy(text, dirty[i].from);
        text[text_clean(text, strlen(text), "\n\t")] = '\0';
        assert_string_equal(text, dirty[i].log);
    }
}

static void a_nul_inside_is_cleaned_too(void **state)
{
    (void)state;
    char text[] = "a\0b";
    assert_int_equal(text_clean(text, 3, "\n"), 3);
    assert_memory_equal(text, "a?b", 3);
}

/* Every two bytes after an ESC, and every code: what is left are characters that are shown. */
static void nothing_that_acts_is_left_of_any_bytes(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair <= 0xffff; pair++) {
        char text[] = {'\033', (char)(pair >> 8), (char)pair, '\xe2', '\x80', '\xae'};
        size_t length = text_clean(text, sizeof text, "");
        for (size_t at = 0, size; at < length; at += size) {
            uint32_t code;
            size = text_character(&code, text + at, length - at);
            assert_true(size > 0);
            assert_false(text_is_control(code));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_by_pieces),
        cmocka_unit_test(text_keeps_a_nul_inside),
        cmocka_unit_test(distance_counts_single_edits),
        cmocka_unit_test(shown_text_is_one_short_line),
        cmocka_unit_test(what_acts_on_a_terminal_becomes_a_question_mark),
        cmocka_unit_test(a_nul_inside_is_cleaned_too),
        cmocka_unit_test(nothing_that_acts_is_left_of_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
