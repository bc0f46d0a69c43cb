/* builds.h - the same tasks in both builds: two numbers of each kind of task, made by the double
 * build (which prints them when they differ). */
#ifndef TESTS_BUILDS_H
#define TESTS_BUILDS_H

#include "sample.h"

/* Of the group's first task: a number of its tokens, and of its target. */
static const struct {
    struct task_config config;
    int tokens, row;
    double token, target;
} built[] = {
    {{TASK_LINEAR_REGRESSION, 3, 4, 2, 1, 1, INPUTS_UNIFORM, 0, .1, 1},
     TOKENS_JOINT,
     4,
     -0.028883407599387713,
     -0.69618294911083356},
    {{TASK_LINEAR_REGRESSION, 3, 4, 1, 1, 2, INPUTS_EXPONENTIAL, 0, 0, 1},
     TOKENS_JOINT,
     3,
     -0.76625722605405167,
     1.1033185838553814},
    {{TASK_LINEAR_REGRESSION, 3, 4, 1, 1, 1, INPUTS_NORMAL, 2, 0, 1},
     TOKENS_SEPARATE,
     7,
     0.17902548335380108,
     -0.43675972242681055},
    {{TASK_LINEAR_REGRESSION, 3, 4, 1, 1, 1, INPUTS_LAPLACE, 0, 0, 1},
     TOKENS_JOINT,
     3,
     -0.090998132704058793,
     -0.34722268302947029},
    {{TASK_LINEAR_REGRESSION, 3, 4, 1, 1, 1, INPUTS_MIXED, 4, 0, 1},
     TOKENS_JOINT,
     3,
     1.0496417759887096,
     0.15656095205886228},
    {{TASK_LINEAR_DYNAMICS, 3, 5, 1, 2, 1, INPUTS_UNIFORM, 0, .01, 1},
     TOKENS_RAW,
     14,
     -0.21414514624392947,
     -0.33172899807773332},
    {{TASK_SINE, 1, 4, 1, 10, 1, INPUTS_UNIFORM, 0, 0, 1},
     TOKENS_JOINT,
     7,
     -0.061670249313217573,
     0.3586731316733956},
};

/* Float: tens of roundings of numbers of order 1, each 2^-24; nothing here magnifies them by 10.
 * Double: those of the C library's log and sin. */
static void both_builds_draw_the_same_tasks(void **state)
{
    (void)state;
    bool same = true;
    for (size_t i = 0; i < COUNT(built); i++) {
        struct sample *s = draw(&built[i].config, built[i].tokens, 0);
        double token = (double)s->tokens[built[i].row * LANES], target = (double)s->target[0];
        double tolerance = sizeof(real) == sizeof(double) ? 1e-13 : 300 * 0x1p-24;
        if (!(fabs(token - built[i].token) <= tolerance &&
              fabs(target - built[i].target) <= tolerance)) {
            print_error("built[%zu]: %.17g, %.17g\n", i, token, target);
            same = false;
        }
        free(s);
    }
    assert_true(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_builds_draw_the_same_tasks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
