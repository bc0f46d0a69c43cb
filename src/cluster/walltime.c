#include "cluster/walltime.h"

#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "launch_environment.h"

#define PATIENCE 10.0 /* seconds that squeue gets; a busy controller takes some */

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, BOOT = 64 };

/* ---- text */

double walltime_seconds(const char *text)
{
    enum { PARTS = 4, DIGITS = 6 };
    double parts[PARTS] = {0};
    int count = 0;
    bool days = false;
    for (;; text++) {
        size_t digits = strspn(text, "0123456789");
        if (digits < 1 || digits > DIGITS || count == PARTS)
            return 0;
        parts[count++] = (double)strtol(text, NULL, 10);
        text += digits;
        if (!*text)
            break;
        if (*text == '-' && count == 1)
            days = true;
        else if (*text != ':')
            return 0;
    }
    if (days)
        return DAY * parts[0] + HOUR * parts[1] + MINUTE * parts[2] + parts[3];
    if (count == PARTS)
        return 0;
    if (count < 3)
        return MINUTE * parts[0] + parts[1];
    return HOUR * parts[0] + MINUTE * parts[1] + parts[2];
}

char *walltime_text(char *text, size_t size, double seconds)
{
    long minutes = (long)ceil(seconds / MINUTE);
    snprintf(text, size, "%ld:%02ld:00", minutes / 60, minutes % 60);
    return text;
}

/* ---- who says it */

/* Seconds until a moment that is given in seconds since 1970; 0 when it is over or not given. */
static double until(const char *moment)
{
    double left = moment ? strtod(moment, NULL) - clock_wall() : 0;
    return left > 0 ? left : 0;
}

/* Of this start of this host's system, in which all processes share the clock that never goes back;
 * "": unknown. */
static void read_boot(char boot[BOOT])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    static_assert(BOOT == 64, "width in the format below");
    if (!file || fscanf(file, "%63s", boot) != 1)
        boot[0] = '\0';
    if (file)
        fclose(file);
}

char *walltime_moment(char text[WALLTIME_MOMENT], double seconds)
{
    char boot[BOOT];
    read_boot(boot);
    snprintf(text, WALLTIME_MOMENT, "%.0f,%.0f,%s", clock_wall() + seconds,
             clock_monotonic() + seconds, boot);
    return text;
}

/* As `until`, of a launcher; what happens to the clock of people says nothing on its host. */
static double until_launchers(const char *moment)
{
    char own[BOOT], boot[BOOT] = "";
    double wall, end;
    read_boot(own);
    if (sscanf(moment, "%lf,%lf,%63s", &wall, &end, boot) == 3 && strcmp(own, boot) == 0)
        return end - clock_monotonic();
    return until(moment);
}

/* The first bytes that come within PATIENCE seconds, or nothing. */
static void read_answer(char *answer, size_t size, int fd)
{
    struct pollfd polled = {fd, POLLIN, 0};
    ssize_t got = poll(&polled, 1, (int)(PATIENCE * 1000)) > 0 ? read(fd, answer, size - 1) : 0;
    answer[got > 0 ? got : 0] = '\0';
    answer[strcspn(answer, "\n")] = '\0';
}

/* Time left of a job as squeue has it. Not in a shell: the text of the environment is not ours. */
static double ask_slurm(const char *job)
{
    static const char *const words[] = {"squeue", "-h", "-o", "%L", "-j", NULL, NULL};
    char *all[sizeof words / sizeof words[0]], answer[64];
    int ends[2];
    pid_t squeue;
    posix_spawn_file_actions_t files;
    memcpy(all, words, sizeof all);
    all[5] = (char *)(uintptr_t)job; /* posix_spawn changes none of them */
    if (pipe2(ends, O_CLOEXEC))
        return 0;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    bool started = posix_spawnp(&squeue, all[0], &files, NULL, all, environ) == 0;
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    answer[0] = '\0';
    if (started) {
        read_answer(answer, sizeof answer, ends[0]);
        kill(squeue, SIGKILL); /* it has said all that matters, or says nothing */
        waitpid(squeue, NULL, 0);
    }
    close(ends[0]);
    return walltime_seconds(answer);
}

/* Whether this process is the one of its job that needs to know: a launcher, or rank 0. */
static bool decides(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *rank = getenv(names[i]);
        if (rank)
            return strcmp(rank, "0") == 0;
    }
    return true;
}

double walltime_left(double asked)
{
    const char *told = getenv(LAUNCH_END), *job = getenv("SLURM_JOB_ID");
    if (told)
        return fmax(until_launchers(told), 1); /* a launcher knows that there is an end */
    if (asked > 0)
        return asked;
    double left = until(getenv("SLURM_JOB_END_TIME"));
    if (left > 0 || !job || !decides())
        return left;
    return ask_slurm(job);
}
