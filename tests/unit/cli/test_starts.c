#include "starts.h"

#include <string.h>

#include "test.h"

/* Its look-up among no finished runs handed a null pointer to bsearch. */
static void without_a_file_every_run_s_start_is_looked_at(void **state)
{
    (void)state;
    static const char sweep[] =
        "name: tuned\n"
        "set: {train: {steps: 1, evaluations: 2}, start.run: 0123456789abcdef}\n"
        "grid: {seed: [1, 2]}\n";
    struct plan *plan;
    struct error err = {""};
    struct plan_options options = {0};
    assert_int_equal(plan_parse(&plan, "tuned", sweep, strlen(sweep), &options, &err), OK);
    assert_int_equal(starts_check(plan, "is not there", &err), ERR_CONFIG);
    assert_string_equal(err.text,
                        "tuned:2:53: start.run: nothing says where the run 0123456789abcdef is; "
                        "name in start.file the result file that has it (run 0: seed=1)");
    plan_destroy(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_every_run_s_start_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
