/* Without this a damaged file that HDF5 survives in one process and not in the next would crash the
 * program. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "sanitized.h"
#include "test.h"

static void die(void)
{
    guard_begin("a\033b.h5");
    raise(SIGSEGV);
}

static void die_afterwards(void)
{
    guard_begin("a.h5");
    guard_begin("b.h5");
    guard_end();
    raise(SIGBUS);
}

static void die_as_a_rank(void)
{
    setenv("PMIX_RANK", "0", 1);
    guard_begin("a.h5");
    raise(SIGSEGV);
}

/* Status of a process that does this, and what it says on stderr. */
static int end_of(void (*end)(void), char *said, size_t size)
{
    int ends[2], status;
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        dup2(ends[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); /* cmocka has its own */
        signal(SIGBUS, SIG_DFL);
        end();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0; length += (size_t)got)
        if ((got = read(ends[0], said + length, size - 1 - length)) < 0)
            got = 0;
    said[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_death_of_the_reader_is_a_damaged_file(void **state)
{
    char said[2048];
    (void)state;
    if (SANITIZED)
        skip();
    int status = end_of(die, said, sizeof said);
    assert_string_equal(said,
                        "a?b.h5: is damaged: reading it ends by signal 11 (Segmentation fault); "
                        "go back to a copy, or begin a new file with -o\n");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
}

static void assert_dies_silently(void (*end)(void), int signal)
{
    char said[2048];
    int status = end_of(end, said, sizeof said);
    assert_string_equal(said, "");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

static void a_death_of_anything_else_is_a_death(void **state)
{
    (void)state;
    assert_dies_silently(die_afterwards, SIGBUS);
}

static void a_rank_dies_as_mpi_wants_it(void **state)
{
    (void)state;
    assert_dies_silently(die_as_a_rank, SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_death_of_the_reader_is_a_damaged_file),
        cmocka_unit_test(a_death_of_anything_else_is_a_death),
        cmocka_unit_test(a_rank_dies_as_mpi_wants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
