#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* In a folder that all may write to: the log's name is a link to a file that is not ours. */
static void a_log_is_clean_text_in_a_file_of_its_own(void **state)
{
    (void)state;
    static const char text[] = "a\33[31mred\33[0m\r\n\ttab \x7f bell\a \xc3\xa9 \xff end\n";
    struct message_failed failed = {
        .attempt = 2, .times = {100, 1000, 1001.5}, .text = "signal \33[2J"};
    char folder[] = "/tmp/logs-XXXXXX", file[64], path[128], victim[64], got[256] = "";
    struct error err = {""};
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/f.h5", folder);
    snprintf(victim, sizeof victim, "%s/victim", folder);
    snprintf(path, sizeof path, "%s.logs", file);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s.logs/%016x", file, 7);
    assert_int_equal(symlink(victim, path), 0);
    assert_int_equal(logs_keep(file, 7, &failed, "node1", 3, text, sizeof text - 1, &err), OK);
    assert_int_equal(access(victim, F_OK), -1);
    FILE *log = fopen(path, "r");
    assert_non_null(log);
    got[fread(got, 1, sizeof got - 1, log)] = '\0';
    fclose(log);
    assert_string_equal(got, "attempt 2 on node1, rank 3, after 1.500 s: signal ?[2J\n"
                             "a?[31mred?[0m?\n\ttab ? bell? \xc3\xa9 ? end\n");
    unlink(path);
    snprintf(path, sizeof path, "%s.logs", file);
    rmdir(path);
    assert_int_equal(symlink(folder, path), 0);
    assert_int_equal(logs_keep(file, 7, &failed, "node1", 3, "", 0, &err), ERR_IO);
    assert_non_null(strstr(err.text, "f.h5.logs: Not a directory"));
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
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
        cmocka_unit_test(a_log_is_clean_text_in_a_file_of_its_own),
        cmocka_unit_test(a_log_that_can_not_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
