#include "test.h"

#include <string.h>

#include "base/arena.h"

/* Takes the same arrays from any arena, as a layout function does. */
static void lay_out(struct arena *arena, double **a, char **b, float **c)
{
    *a = ARENA_TAKE(arena, double, 3);
    *b = ARENA_TAKE(arena, char, 1);
    *c = ARENA_TAKE(arena, float, 100);
}

static void measuring_gives_the_size_that_is_needed(void **state)
{
    (void)state;
    double *a;
    char *b;
    float *c;
    struct arena measured = arena_measure(), arena;
    lay_out(&measured, &a, &b, &c);
    assert_null(a);
    assert_int_equal(measured.used, 64 + 64 + 448);

    struct error err = {""};
    assert_int_equal(arena_create(&arena, measured.used, &err), OK);
    lay_out(&arena, &a, &b, &c);
    assert_int_equal(arena.used, measured.used);
    assert_int_equal((uintptr_t)a % ARENA_ALIGNMENT, 0);
    assert_int_equal((char *)b - (char *)a, 64);
    assert_int_equal((char *)c - b, 64);
    for (int i = 0; i < 100; i++)
        assert_true(c[i] == 0);
    memset(c, 1, 448);
    arena_destroy(&arena);
    assert_null(arena.memory);
    arena_destroy(&arena);
}

static void an_empty_arena_can_be_created(void **state)
{
    (void)state;
    struct arena arena;
    struct error err = {""};
    assert_int_equal(arena_create(&arena, 0, &err), OK);
    assert_non_null(arena.memory);
    arena_destroy(&arena);
}

static void refused_memory_is_an_error_and_nothing_is_held(void **state)
{
    (void)state;
    struct arena arena = arena_measure();
    struct error err = {""};
    assert_int_equal(arena_create(&arena, SIZE_MAX / 2, &err), ERR_MEMORY);
    assert_string_equal(err.text, "9223372036854775807 bytes for a run: Cannot allocate memory");
    assert_null(arena.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_gives_the_size_that_is_needed),
        cmocka_unit_test(an_empty_arena_can_be_created),
        cmocka_unit_test(refused_memory_is_an_error_and_nothing_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
