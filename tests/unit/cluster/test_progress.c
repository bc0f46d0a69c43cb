#include "test.h"

#include <math.h>
#include <string.h>

#include "cluster/progress.h"

static void times_are_short(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0.0 s"},           {9.94, "9.9 s"},    {10, "0:10"}, {125, "2:05"}, {3599.9, "59:59"},
        {3600 + 62, "1:01:02"}, {1e6, "277:46:40"}, {NAN, "?"},   {-1, "?"},
    };
    char text[32];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(progress_time(text, sizeof text, cases[i].seconds), cases[i].text);
}

static const struct progress_state middle = {.total = 32,
                                             .kept = 4,
                                             .done = 12,
                                             .failed = 1,
                                             .running = 2,
                                             .elapsed = 24,
                                             .left = 31,
                                             .slowest = 6.25};

static void a_line_says_what_matters(void **state)
{
    (void)state;
    char line[256];
    assert_string_equal(progress_line(line, sizeof line, &middle, 0, false),
                        "16/32 done, 1 failed, 2 running, 0.5/s, 0:31 left, slowest 6.2 s");
    assert_string_equal(
        progress_line(line, sizeof line, &middle, 100, false),
        "[################................] 16/32 done, 1 failed, 2 running, 0.5/s, 0:31 left, "
        "slowest 6.2 s");
    struct progress_state first = {.total = 5, .left = NAN};
    assert_string_equal(progress_line(line, sizeof line, &first, 0, false), "0/5 done, 0 running");
}

static void a_bar_never_wraps(void **state)
{
    (void)state;
    char line[256];
    for (int width = 2; width < 200; width++) {
        progress_line(line, sizeof line, &middle, width, false);
        assert_true(strlen(line) < (size_t)width);
    }
}

static void without_colour_there_is_no_escape(void **state)
{
    (void)state;
    char line[256];
    assert_null(strchr(progress_line(line, sizeof line, &middle, 120, false), '\33'));
    assert_non_null(strchr(progress_line(line, sizeof line, &middle, 120, true), '\33'));
}

static void a_sweep_without_runs_is_complete(void **state)
{
    (void)state;
    char line[256];
    struct progress_state none = {.left = NAN};
    assert_string_equal(progress_line(line, sizeof line, &none, 40, false),
                        "[#################] 0/0 done, 0 running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_short),
        cmocka_unit_test(a_line_says_what_matters),
        cmocka_unit_test(a_bar_never_wraps),
        cmocka_unit_test(without_colour_there_is_no_escape),
        cmocka_unit_test(a_sweep_without_runs_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
