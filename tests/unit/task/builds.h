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
    {{.kind = TASK_LINEAR_REGRESSION,
      .dimension = 3,
      .context = 4,
      .outputs = 2,
      .input_range = 1,
      .weight_scale = 1,
      .noise = .1,
      .state_clip = 1},
     TOKENS_JOINT,
     4,
     -0.028883407599387713,
     -0.69618294911083356},
    {{.kind = TASK_LINEAR_REGRESSION,
      .dimension = 3,
      .context = 4,
      .outputs = 1,
      .input_range = 1,
      .weight_scale = 2,
      .inputs = INPUTS_EXPONENTIAL,
      .state_clip = 1},
     TOKENS_JOINT,
     3,
     -0.76625722605405167,
     1.1033185838553814},
    {{.kind = TASK_LINEAR_REGRESSION,
      .dimension = 3,
      .context = 4,
      .outputs = 1,
      .input_range = 1,
      .weight_scale = 1,
      .inputs = INPUTS_NORMAL,
      .noisy_labels = 2,
      .state_clip = 1},
     TOKENS_SEPARATE,
     7,
     0.17902548335380108,
     -0.43675972242681055},
    {{.kind = TASK_LINEAR_REGRESSION,
      .dimension = 3,
      .context = 4,
      .outputs = 1,
      .input_range = 1,
      .weight_scale = 1,
      .inputs = INPUTS_LAPLACE,
      .state_clip = 1},
     TOKENS_JOINT,
     3,
     -0.090998132704058793,
     -0.34722268302947029},
    {{.kind = TASK_LINEAR_REGRESSION,
      .dimension = 3,
      .context = 4,
      .outputs = 1,
      .input_range = 1,
      .weight_scale = 1,
      .inputs = INPUTS_MIXED,
      .noisy_labels = 4,
      .state_clip = 1},
     TOKENS_JOINT,
     3,
     1.0496417759887096,
     0.15656095205886228},
    {{.kind = TASK_LINEAR_DYNAMICS,
      .dimension = 3,
      .context = 5,
      .outputs = 1,
      .input_range = 2,
      .weight_scale = 1,
      .noise = .01,
      .state_clip = 1},
     TOKENS_RAW,
     14,
     -0.21414514624392947,
     -0.33172899807773332},
    {{.kind = TASK_SINE,
      .dimension = 1,
      .context = 4,
      .outputs = 1,
      .input_range = 10,
      .weight_scale = 1,
      .state_clip = 1},
     TOKENS_JOINT,
     7,
     -0.061670249313217573,
     0.3586731316733956},
    {{.kind = TASK_FEW_SHOT,
      .dimension = 3,
      .context = 5,
      .outputs = 1,
      .input_range = 2,
      .weight_scale = 1,
      .noise = .01,
      .state_clip = 1,
      .tasks = 2},
     TOKENS_RAW,
     50,
     -0.15780878067016602,
     -0.30062131033802314},
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
