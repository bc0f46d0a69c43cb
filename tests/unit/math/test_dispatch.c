#include "support.h"

#include <stdlib.h>

static void a_name_that_is_unknown_is_refused_with_the_list(void **state)
{
    (void)state;
    const struct kernels *kernels = NULL;
    struct error err = {""};
    char expected[256] = "MESASWEEP_ISA: 'sse9' is not among what this CPU runs: ";
    for (int i = 0; kernels_at(i); i++) {
        strcat(expected, i ? ", " : "");
        strcat(expected, kernels_at(i)->name);
    }
    setenv("MESASWEEP_ISA", "sse9", 1);
    assert_int_equal(kernels_best(&kernels, &err), ERR_USAGE);
    assert_string_equal(err.text, expected);
    assert_null(kernels);
}

static void each_object_of_this_cpu_can_be_forced(void **state)
{
    (void)state;
    struct error err;
    for (int i = 0; kernels_at(i); i++) {
        const struct kernels *kernels = NULL;
        setenv("MESASWEEP_ISA", kernels_at(i)->name, 1);
        assert_int_equal(kernels_best(&kernels, &err), OK);
        assert_ptr_equal(kernels, kernels_at(i));
    }
}

static void without_the_variable_the_widest_is_taken(void **state)
{
    (void)state;
    struct error err;
    const struct kernels *kernels = NULL;
    unsetenv("MESASWEEP_ISA");
    assert_int_equal(kernels_best(&kernels, &err), OK);
    assert_ptr_equal(kernels, kernels_at(0));
    setenv("MESASWEEP_ISA", "", 1);
    assert_int_equal(kernels_best(&kernels, &err), OK);
    assert_ptr_equal(kernels, kernels_at(0));
}

static void the_generic_object_is_always_last(void **state)
{
    (void)state;
    int count = 0;
    while (kernels_at(count))
        count++;
    assert_true(count >= 1);
    assert_string_equal(kernels_at(count - 1)->name, "generic");
}

static void denormals_are_flushed_in_every_object(void **state)
{
    (void)state;
    kernels_flush_denormals();
    EACH_OBJECT(kernels)
    {
        real x[LANES], y[LANES];
        for (int b = 0; b < LANES; b++)
            x[b] = FLT_MIN * (real)1.5;
        kernels->scale(y, x, (real)0.5, 1); /* the result would be denormal */
        for (int b = 0; b < LANES; b++)
            assert_true(y[b] == 0);
        memset(y, 0, sizeof y);
        memset(x, 0, sizeof x);
        const uint32_t denormal = 0x400000;
        for (int b = 0; b < LANES; b++)
            memcpy(x + b, &denormal, sizeof denormal);
        kernels->axpy(y, x, (real)0x1p60, 1); /* the input is denormal */
        for (int b = 0; b < LANES; b++)
            assert_true(y[b] == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_is_unknown_is_refused_with_the_list),
        cmocka_unit_test(each_object_of_this_cpu_can_be_forced),
        cmocka_unit_test(without_the_variable_the_widest_is_taken),
        cmocka_unit_test(the_generic_object_is_always_last),
        cmocka_unit_test(denormals_are_flushed_in_every_object),
    };
    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
