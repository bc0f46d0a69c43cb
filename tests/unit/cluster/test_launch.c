#include "test.h"

#include <stdlib.h>

#include "cluster/cluster.h"

/* Who starts a program says so in the environment; a wrong guess starts mpirun inside mpirun, or
 * 64 separate sweeps on one file. */
static void how_it_was_started_is_seen_in_the_environment(void **state)
{
    (void)state;
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "SLURM_JOB_ID",
                                        "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS"};
    static const struct {
        const char *values[COUNT(names)]; /* NULL: not set */
        enum launch kind;
    } cases[] = {
        {{NULL, NULL, NULL, NULL, NULL}, LAUNCH_PLAIN},
        {{"4", NULL, NULL, NULL, NULL}, LAUNCH_RANK},
        {{NULL, "0", "17", "0", "64"}, LAUNCH_RANK}, /* srun --mpi=pmix */
        {{"4", "0", "17", NULL, NULL}, LAUNCH_RANK}, /* mpirun in a batch script */
        {{NULL, NULL, "17", NULL, NULL}, LAUNCH_BATCH},
        {{NULL, NULL, "17", "0", "64"}, LAUNCH_SRUN_WITHOUT_PMI},
        {{NULL, NULL, "17", "0", "1"}, LAUNCH_BATCH}, /* an interactive step */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t n = 0; n < COUNT(names); n++)
            if (cases[i].values[n])
                setenv(names[n], cases[i].values[n], 1);
            else
                unsetenv(names[n]);
        assert_int_equal(launch_kind(), cases[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_was_started_is_seen_in_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
