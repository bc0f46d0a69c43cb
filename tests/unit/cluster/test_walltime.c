#include "test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cluster/walltime.h"
#include "launch_environment.h"

static const struct {
    const char *text;
    double seconds; /* 0: refused */
} times[] = {
    {"", 0},           {"0", 0},         {"-1", 0},     {"1-", 0},          {"1:", 0},
    {":30", 0},        {"1.5", 0},       {" 5", 0},     {"5 ", 0},          {"5m", 0},
    {"1:2:3:4", 0},    {"1-2-3", 0},     {"1:2-3", 0},  {"UNLIMITED", 0},   {"NOT_SET", 0},
    {"1-2:3:4:5", 0},  {"1234567", 0},   {"90", 5400},  {"0:30", 30},       {"90:05", 5405},
    {"2:00:01", 7201}, {"1-12", 129600}, {"0-0:1", 60}, {"1-00:30", 88200}, {"7-00:00:01", 604801},
};

static void takes_the_forms_that_slurm_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++)
        if (walltime_seconds(times[i].text) != times[i].seconds)
            fail_msg("'%s': %g", times[i].text, walltime_seconds(times[i].text));
}

static void what_is_printed_for_sbatch_is_not_less_and_reads_back(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(walltime_text(text, sizeof text, 1), "0:01:00");
    assert_string_equal(walltime_text(text, sizeof text, 129601), "36:01:00");
    assert_true(walltime_seconds(text) == 36 * 3600 + 60);
}

/* ---- who says it */

static const char *const names[] = {
    LAUNCH_END, "SLURM_JOB_END_TIME", "SLURM_JOB_ID", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PATH"};

static void forget_all(void)
{
    for (size_t i = 0; i < COUNT(names); i++)
        unsetenv(names[i]);
}

/* A folder with a program squeue that answers what it is told if it is asked as it should. */
struct slurm {
    char folder[64], squeue[80];
};

static void make_slurm(struct slurm *slurm, const char *answer)
{
    strcpy(slurm->folder, "/tmp/mesasweep-walltime-XXXXXX");
    assert_non_null(mkdtemp(slurm->folder));
    snprintf(slurm->squeue, sizeof slurm->squeue, "%s/squeue", slurm->folder);
    FILE *file = fopen(slurm->squeue, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n[ \"$*\" = '-h -o %%L -j 17' ] || exit 1\n%s\n", answer);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(slurm->squeue, 0700), 0);
    setenv("PATH", slurm->folder, 1);
}

static void end_slurm(const struct slurm *slurm)
{
    unlink(slurm->squeue);
    rmdir(slurm->folder);
}

/* A wait is noted, and cut short by a test that has less patience. */
static int waited, patience = 60000;

int poll(struct pollfd *polled, nfds_t count, int milliseconds)
{
    waited = milliseconds;
    int wait = milliseconds < patience ? milliseconds : patience;
    struct timespec most = {wait / 1000, wait % 1000 * 1000000L};
    return ppoll(polled, count, &most, NULL);
}

static void a_squeue_that_hangs_is_given_up(void **state)
{
    (void)state;
    struct slurm slurm;
    forget_all();
    make_slurm(&slurm, "exec /bin/sleep 1000");
    setenv("SLURM_JOB_ID", "17", 1);
    patience = 300;
    assert_true(walltime_left(0) == 0);
    patience = 60000;
    assert_true(waited > 0 && waited <= 10000);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* it was ended, no child is left */
    end_slurm(&slurm);
}

static void set_moment(const char *name, double left)
{
    char text[32];
    snprintf(text, sizeof text, "%.0f", (double)time(NULL) + left);
    setenv(name, text, 1);
}

static void nobody_says_when_a_plain_process_ends(void **state)
{
    (void)state;
    forget_all();
    assert_true(walltime_left(0) == 0);
}

static void launcher_option_and_slurm_are_asked_in_this_order(void **state)
{
    (void)state;
    struct slurm slurm;
    forget_all();
    make_slurm(&slurm, "echo 4:00");
    setenv("SLURM_JOB_ID", "17", 1);
    assert_true(walltime_left(0) == 240);
    set_moment("SLURM_JOB_END_TIME", 300);
    assert_true(walltime_left(0) > 270 && walltime_left(0) <= 300);
    assert_true(walltime_left(100) == 100);
    set_moment(LAUNCH_END, 50);
    assert_true(walltime_left(100) > 20 && walltime_left(100) <= 50);
    set_moment(LAUNCH_END, -50); /* it is over: that is no reason to believe in no end */
    assert_true(walltime_left(100) == 1);
    end_slurm(&slurm);
}

/* Of launcher and rank on one host no clock that people set decides, which could go back or forth
 * between them; another host has nothing else. */
static void what_a_launcher_says_holds_whatever_the_clock_does(void **state)
{
    (void)state;
    char text[WALLTIME_MOMENT], other[WALLTIME_MOMENT];
    forget_all();
    walltime_moment(text, 100);
    const char *rest = strchr(text, ',');
    for (int hours = -9; hours <= 9; hours += 9) {
        snprintf(other, sizeof other, "%.0f%s", (double)time(NULL) + 100 + 3600 * hours, rest);
        setenv(LAUNCH_END, other, 1);
        assert_true(walltime_left(0) > 70 && walltime_left(0) <= 101);
        strcpy(strrchr(other, ','), ",of-another-host");
        setenv(LAUNCH_END, other, 1);
        double left = walltime_left(0) - 3600 * hours;
        assert_true(hours < 0 ? walltime_left(0) == 1 : left > 70 && left <= 101);
    }
}

static void a_squeue_that_knows_nothing_says_nothing(void **state)
{
    (void)state;
    static const char *const answers[] = {"echo UNLIMITED", "echo INVALID", "exit 1", ":",
                                          "echo 'slurm_load_jobs error' >&2; exit 1"};
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct slurm slurm;
        forget_all();
        make_slurm(&slurm, answers[i]);
        setenv("SLURM_JOB_ID", "17", 1);
        assert_true(walltime_left(0) == 0);
        end_slurm(&slurm);
        assert_true(walltime_left(0) == 0); /* and no squeue at all */
    }
}

static void only_one_rank_asks_slurm(void **state)
{
    (void)state;
    struct slurm slurm;
    for (size_t i = 3; i < 5; i++) {
        forget_all();
        make_slurm(&slurm, "echo 1-00:00:00");
        setenv("SLURM_JOB_ID", "17", 1);
        setenv(names[i], "0", 1);
        assert_true(walltime_left(0) == 86400);
        setenv(names[i], "1", 1);
        assert_true(walltime_left(0) == 0);
        end_slurm(&slurm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_forms_that_slurm_takes),
        cmocka_unit_test(what_is_printed_for_sbatch_is_not_less_and_reads_back),
        cmocka_unit_test(nobody_says_when_a_plain_process_ends),
        cmocka_unit_test(launcher_option_and_slurm_are_asked_in_this_order),
        cmocka_unit_test(what_a_launcher_says_holds_whatever_the_clock_does),
        cmocka_unit_test(a_squeue_that_knows_nothing_says_nothing),
        cmocka_unit_test(a_squeue_that_hangs_is_given_up),
        cmocka_unit_test(only_one_rank_asks_slurm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
