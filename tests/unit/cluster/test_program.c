#include "test.h"

#include <stdio.h>
#include <string.h>

#include "logs.h"
#include "program.h"

static void ranks_that_are_not_the_same_program_are_refused_in_one_line(void **state)
{
    (void)state;
    struct message_ready own = {.digest = 0x1234, .results_version = 1, .host = "node1"};
    struct message_ready other = {.digest = 0xabcd, .results_version = 1, .host = "node7"};
    struct error err = {""};
    assert_int_equal(program_compare(&own, &other, 3, &err), ERR_USAGE);
    assert_string_equal(err.text,
                        "rank 3 on node7 is another program (digest 000000000000abcd, results "
                        "version 1) than rank 0 on node1 (digest 0000000000001234, results version "
                        "1); start the same file on all hosts");
    other.digest = own.digest;
    other.results_version = 2;
    assert_int_equal(program_compare(&own, &other, 3, &err), ERR_USAGE);
}

static void a_program_equals_itself(void **state)
{
    (void)state;
    struct message_ready a, b;
    struct error err = {""};
    assert_int_equal(program_describe(&a, &err), OK);
    assert_int_equal(program_describe(&b, &err), OK);
    assert_int_equal(program_compare(&a, &b, 1, &err), OK);
    assert_true(message_valid(MSG_READY, &a, sizeof a));
    assert_true(strlen(a.host) > 0);
}

static void logs_lose_their_control_characters_and_nothing_else(void **state)
{
    (void)state;
    char text[] = "a\33[31mred\33[0m\r\n\ttab \x7f bell\a \xc3\xa9 end";
    size_t bytes = logs_strip(text, sizeof text - 1);
    static const char kept[] = "a[31mred[0m\n\ttab  bell \xc3\xa9 end";
    assert_int_equal(bytes, sizeof kept - 1);
    assert_memory_equal(text, kept, bytes);
}

static void a_log_that_can_not_be_written_is_an_error(void **state)
{
    (void)state;
    struct message_failed failed = {.attempt = 1};
    struct error err = {""};
    assert_int_equal(logs_keep("/nowhere/f.h5", 1, &failed, "host", 0, "x", 1, &err), ERR_IO);
    assert_string_equal(err.text, "/nowhere/f.h5.logs: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_that_are_not_the_same_program_are_refused_in_one_line),
        cmocka_unit_test(a_program_equals_itself),
        cmocka_unit_test(logs_lose_their_control_characters_and_nothing_else),
        cmocka_unit_test(a_log_that_can_not_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
