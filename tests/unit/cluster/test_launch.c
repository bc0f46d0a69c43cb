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

/* Thousands of ranks for a single run once made a machine deaf to every signal. */
static void ranks_without_work_are_not_started(void **state)
{
    (void)state;
    static const struct {
        int asked;
        int64_t work;
        int ranks;
    } cases[] = {{5, 0, 5}, {5, 1, 2}, {5, 4, 5}, {5, 5, 5}, {5, INT64_MAX, 5}, {1, 1, 1}};
    unsetenv("OMPI_COMM_WORLD_SIZE");
    unsetenv("PMIX_RANK");
    unsetenv("SLURM_STEP_ID");
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsetenv("SLURM_JOB_ID");
        assert_int_equal(launch_ranks(cases[i].asked, cases[i].work), cases[i].ranks);
        setenv("SLURM_JOB_ID", "17", 1);
        assert_int_equal(launch_ranks(cases[i].asked, cases[i].work), cases[i].ranks);
    }
    setenv("SLURM_NTASKS", "64", 1); /* of an allocation that is not ours */
    assert_int_equal(launch_ranks(0, 1), 64);
    unsetenv("SLURM_JOB_ID");
    assert_in_range(launch_ranks(0, 1), 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_was_started_is_seen_in_the_environment),
        cmocka_unit_test(ranks_without_work_are_not_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
