#include "show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "test.h"

static void bytes_are_shown_with_two_digits_at_least(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {{0, "0 B"},       {999, "999 B"},     {1000, "1.0 KB"},   {1540, "1.5 KB"},
                 {9940, "9.9 KB"}, {9960, "10 KB"},    {999499, "999 KB"}, {999500, "1.0 MB"},
                 {2e10, "20 GB"},  {3.2e15, "3.2 PB"}, {5e18, "5000 PB"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        show_bytes(text, sizeof text, cases[i].bytes);
        assert_string_equal(text, cases[i].text);
    }
}

static void durations_take_the_unit_that_people_would(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0.0 s"},        {0.44, "0.4 s"},       {9.96, "10 s"},
                 {119, "119 s"},      {120, "2 min"},        {7199, "120 min"},
                 {7200, "2.0 hours"}, {86400, "24.0 hours"}, {172800, "2.0 days"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        show_seconds(text, sizeof text, cases[i].seconds);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_curve_goes_from_its_lowest_to_its_highest_value(void **state)
{
    (void)state;
    const double nothing = (double)NAN;
    static const double powers[] = {128, 64, 32, 16, 8, 4, 2, 1}, line[] = {-3.5, 0, 3.5};
    const double holes[] = {1, nothing, 1}, empty[] = {nothing};
    double many[3 * SPARK_WIDTH];
    char text[SPARK_SIZE];
    show_curve(text, powers, 8); /* log2 / 7 * 7.999: its whole part is log2 */
    assert_string_equal(text, "█▇▆▅▄▃▂▁");
    show_curve(text, line, 3); /* the middle: half of 7.999, rounded down */
    assert_string_equal(text, "▁▄█");
    show_curve(text, holes, 3);
    assert_string_equal(text, "▁ ▁");
    show_curve(text, empty, 1);
    assert_string_equal(text, " ");
    for (int i = 0; i < 3 * SPARK_WIDTH; i++)
        many[i] = i / 3 == SPARK_WIDTH - 1 ? 5 : -5;
    show_curve(text, many, 3 * SPARK_WIDTH);
    assert_int_equal(strlen(text), 3 * SPARK_WIDTH);
    assert_memory_equal(text + strlen(text) - 6, "▁█", 6);
}

static void numbers_have_five_digits_and_counts_all_of_theirs(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.21234567, "0.21235"},
                 {0.001, "0.001"},
                 {100000, "100000"},
                 {1234567, "1234567"},
                 {-3, "-3"},
                 {1e-5, "1e-05"},
                 {NAN, "-"},
                 {INFINITY, "-"},
                 {1e20, "1e+20"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        show_number(text, sizeof text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

static void measured_numbers_have_all_five_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.486, "0.48600"}, {1.924, "1.9240"},      {12345.6, "12346"},
                 {1000, "1000"},     {0.00123, "0.0012300"}, {NAN, "-"},
                 {-0.5, "-0.50000"}, {1e-9, "1.0000e-09"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        show_result(text, sizeof text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

/* What `print` wrote, in memory that the caller frees. */
static char *captured(void (*print)(FILE *to))
{
    char *text;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    print(to);
    fclose(to);
    return text;
}

static void print_cells(FILE *to)
{
    struct cells *cells = cells_create(3);
    static const char *const words[] = {"run",     "tokens", "loss", "1", "séparé",
                                        "0.21235", "12",     "x",    "-"};
    for (size_t i = 0; i < COUNT(words); i++)
        cells_add(cells, words[i]);
    cells_print(cells, "rlr", "  ", to);
    cells_destroy(cells);
}

static void columns_line_up_also_with_accents(void **state)
{
    (void)state;
    char *text = captured(print_cells);
    assert_string_equal(text, "  run  tokens     loss\n"
                              "    1  séparé  0.21235\n"
                              "   12  x             -\n");
    free(text);
}

static void print_json(FILE *to)
{
    json_text(to, "a \"b\" \\ \n\x01 é");
    putc(' ', to);
    json_number(to, 0.1);
    putc(' ', to);
    json_number(to, NAN);
    putc(' ', to);
    json_number(to, -INFINITY);
    static const char *const values[] = {"12",  "1e-05", "true", "softmax linear*", "",
                                         "nan", "0x10",  " 1",   "infinity",        "1 "};
    for (size_t i = 0; i < COUNT(values); i++) {
        putc(' ', to);
        json_value(to, values[i]);
    }
}

static void json_is_valid_whatever_the_text_or_number(void **state)
{
    (void)state;
    char *text = captured(print_json);
    assert_string_equal(text, "\"a \\\"b\\\" \\\\ \\u000a\\u0001 é\" 0.1 null null 12 1e-05 true "
                              "\"softmax linear*\" \"\" \"nan\" \"0x10\" \" 1\" \"infinity\" "
                              "\"1 \"");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_shown_with_two_digits_at_least),
        cmocka_unit_test(durations_take_the_unit_that_people_would),
        cmocka_unit_test(a_curve_goes_from_its_lowest_to_its_highest_value),
        cmocka_unit_test(numbers_have_five_digits_and_counts_all_of_theirs),
        cmocka_unit_test(measured_numbers_have_all_five_digits),
        cmocka_unit_test(columns_line_up_also_with_accents),
        cmocka_unit_test(json_is_valid_whatever_the_text_or_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
