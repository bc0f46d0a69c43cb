#include "test.h"

#include <string.h>

#include "base/error.h"

static void a_failure_is_one_statement(void **state)
{
    (void)state;
    struct error err = {""};
    assert_int_equal(error_set(&err, ERR_CONFIG, "heads: %d does not divide %d", 3, 10),
                     ERR_CONFIG);
    assert_string_equal(err.text, "heads: 3 does not divide 10");
    assert_int_equal(error_set(NULL, ERR_IO, "nobody %s", "listens"), ERR_IO);
}

static void context_comes_before_the_message(void **state)
{
    (void)state;
    struct error err = {""};
    error_set(&err, ERR_IO, "no space left");
    assert_int_equal(error_in(&err, ERR_IO, "%s", "results.h5"), ERR_IO);
    error_in(&err, ERR_IO, "rank %d", 2);
    assert_string_equal(err.text, "rank 2: results.h5: no space left");
    assert_int_equal(error_in(NULL, ERR_MPI, "rank"), ERR_MPI);
}

static void a_long_message_is_cut(void **state)
{
    (void)state;
    struct error err = {""};
    char text[2 * sizeof err.text];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&err, ERR_IO, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    error_in(&err, ERR_IO, "path");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "path: xxx", 9);
    error_in(&err, ERR_IO, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void a_message_is_one_line_that_leaves_the_terminal_alone(void **state)
{
    (void)state;
    struct error err = {""};
    error_set(&err, ERR_IO, "%s: %s", "a\nb", "\033[2J\xff");
    assert_string_equal(err.text, "a?b: ?[2J?");
    error_in(&err, ERR_IO, "%s", "\u202ecod.h5");
    assert_string_equal(err.text, "?cod.h5: a?b: ?[2J?");
}

static void mistakes_of_the_user_exit_with_2_and_those_of_the_world_with_1(void **state)
{
    (void)state;
    static const int codes[] = {[OK] = 0,     [ERR_USAGE] = 2, [ERR_CONFIG] = 2, [ERR_FILE] = 2,
                                [ERR_IO] = 1, [ERR_MPI] = 1,   [ERR_MEMORY] = 1};
    for (size_t i = 0; i < COUNT(codes); i++)
        assert_int_equal(error_exit_code((enum status)i), codes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_one_statement),
        cmocka_unit_test(context_comes_before_the_message),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(a_message_is_one_line_that_leaves_the_terminal_alone),
        cmocka_unit_test(mistakes_of_the_user_exit_with_2_and_those_of_the_world_with_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
