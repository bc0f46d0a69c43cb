#include "test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* A sanitizer refuses what a system refuses, and says so before we do. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* Or a compiler would leave out what nobody looks at. */
static void use(void *memory)
{
    void *volatile used = memory;
    free(used);
}

static void get(void)
{
    use(memory_get(PTRDIFF_MAX));
}

static void zero(void)
{
    use(memory_zeroed(PTRDIFF_MAX / 8, 8));
}

static void grow(void)
{
    use(memory_grow(memory_get(1), PTRDIFF_MAX - 7));
}

static void add(void)
{
    struct text text = {0};
    text_print(&text, "kept");
    text_add(&text, "", PTRDIFF_MAX);
    text_dispose(&text);
}

/* What the process that does it says last, and its exit code. */
static int ask(char *said, size_t size, void (*work)(void))
{
    int ends[2], status;
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        work();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], said + length, size - 1 - length)) > 0;)
        length += (size_t)got;
    said[length] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void refused_memory_ends_the_process_with_one_line(void **state)
{
    (void)state;
    static const struct {
        void (*work)(void);
        const char *line;
    } cases[] = {
        {get, "mesasweep: no memory for 9223372036854775807 bytes\n"},
        {zero, "mesasweep: no memory for 9223372036854775800 bytes\n"},
        {grow, "mesasweep: no memory for 9223372036854775800 bytes\n"},
        {add, "mesasweep: no memory for 9223372036854775807 bytes\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char said[4000];
        assert_int_equal(ask(said, sizeof said, cases[i].work), 1);
        size_t last = strlen(cases[i].line);
        assert_true(strlen(said) >= last);
        assert_string_equal(said + strlen(said) - last, cases[i].line);
    }
}

static void memory_of_no_bytes_is_there(void **state)
{
    (void)state;
    unsigned char *zeroed = memory_zeroed(3, 1);
    assert_memory_equal(zeroed, "\0\0", 3);
    void *grown = memory_grow(memory_get(0), 0), *none = memory_zeroed(0, 8);
    assert_non_null(grown);
    assert_non_null(none);
    char *text = memory_text("abc"), *part = memory_text_part("abc", 2);
    assert_string_equal(text, "abc");
    assert_string_equal(part, "ab");
    free(zeroed);
    free(grown);
    free(none);
    free(text);
    free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_memory_ends_the_process_with_one_line),
        cmocka_unit_test(memory_of_no_bytes_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
