#include "starts.h"

#include <stdio.h>
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

/* The file was named in vain: the runs trained from weights that were drawn. */
static void a_file_that_no_run_starts_from_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *start, *message; /* NULL: it is good */
    } cases[] = {
        {"set: {start.file: a.h5}\n",
         "tuned:2:19: start.file: no run starts from a.h5, as start.run is none; name a run in "
         "start.run ('mesasweep table a.h5 --columns=run' lists them), or no file (run 0: seed=1)"},
        {"set: {start.file: a.h5, start.run: 0123456789abcdef}\nquick: {start.run: none}\n",
         "tuned:2:19: start.file: no run starts from a.h5, as start.run is none; name a run in "
         "start.run ('mesasweep table a.h5 --columns=run' lists them), or no file (run 0: seed=1)"},
        {"set: {start.file: a.h5, start.run: 0123456789abcdef}\n"
         "quick: {start.run: none, start.file: none}\n",
         NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char sweep[400];
        struct plan *plan;
        struct error err = {""};
        struct plan_options options = {.quick = strstr(cases[i].start, "quick:") != NULL};
        snprintf(sweep, sizeof sweep, "name: tuned\n%sgrid: {seed: [1, 2]}\n", cases[i].start);
        assert_int_equal(plan_parse(&plan, "tuned", sweep, strlen(sweep), &options, &err), OK);
        assert_int_equal(starts_check(plan, "is not there", &err),
                         cases[i].message ? ERR_CONFIG : OK);
        assert_string_equal(err.text, cases[i].message ? cases[i].message : "");
        plan_destroy(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_every_run_s_start_is_looked_at),
        cmocka_unit_test(a_file_that_no_run_starts_from_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
