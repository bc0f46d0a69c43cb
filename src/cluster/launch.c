#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "cluster/cluster.h"
#include "cluster/walltime.h"
#include "launch_environment.h"

enum { EXIT_STOPPED = 75, COLUMNS_MOST = 10000 };

enum launch launch_kind(void)
{
    if (process_is_rank())
        return LAUNCH_RANK;
    if (!getenv("SLURM_JOB_ID"))
        return LAUNCH_PLAIN;
    const char *step = getenv("SLURM_STEP_ID"), *tasks = getenv("SLURM_STEP_NUM_TASKS");
    return step && tasks && atoi(tasks) > 1 ? LAUNCH_SRUN_WITHOUT_PMI : LAUNCH_BATCH;
}

int launch_terminal_width(void)
{
    const char *text = getenv(LAUNCH_WIDTH);
    long width = text ? strtol(text, NULL, 10) : 0;
    return width > 0 && width <= COLUMNS_MOST ? (int)width : 0;
}

/* ---- how mpirun is called */

/* Processors by the quota of a container (cgroup 2); 0: no quota. */
static int quota(void)
{
    double most, period;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    int got = file ? fscanf(file, "%lf %lf", &most, &period) : 0; /* "max 100000": got is 0 */
    if (file)
        fclose(file);
    return got == 2 && period > 0 ? (int)ceil(most / period) : 0;
}

/* Processors that this process may use. */
static int processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                            : (int)sysconf(_SC_NPROCESSORS_ONLN);
    int most = quota();
    count = most > 0 && most < count ? most : count;
    return count > 0 ? count : 1;
}

/* More than a rank for each run would have nothing to do, but for rank 0, which need not compute.
 */
static int enough(int ranks, int64_t work)
{
    return work > 0 && work < ranks ? (int)work + 1 : ranks;
}

int launch_ranks(int asked, int64_t work)
{
    static const char *const known[] = {"OMPI_COMM_WORLD_SIZE", "SLURM_NTASKS"};
    enum launch kind = launch_kind();
    if (kind == LAUNCH_PLAIN || (kind == LAUNCH_BATCH && asked > 0))
        return enough(asked > 0 ? asked : processors(), work);
    const char *size = getenv(known[kind == LAUNCH_BATCH]);
    return size ? atoi(size) : 0;
}

struct command {
    char ranks[16], host[32], program[4096];
    const char *words[64];
    int count;
};

static void add(struct command *command, const char *word)
{
    command->words[command->count++] = word;
}

/* On a plain machine: one rank for each processor. mpirun counts cores, which are fewer where they
 * have two threads, so it is told how many slots there are. Nothing is bound: two sweeps at the
 * same time would get the same cores. */
static void plain(struct command *command, const struct cluster_options *options)
{
    int most = processors(), ranks = launch_ranks(options->ranks, options->work);
    snprintf(command->ranks, sizeof command->ranks, "%d", ranks);
    snprintf(command->host, sizeof command->host, "localhost:%d", ranks);
    add(command, "--host");
    add(command, command->host);
    add(command, "-n");
    add(command, command->ranks);
    if (ranks > most)
        add(command, "--oversubscribe");
}

/* In a batch script: mpirun knows the allocation; other hosts get the environment by name. */
static void batch(struct command *command, const struct cluster_options *options)
{
    static const char *const names[] = {"OPENBLAS_NUM_THREADS", LAUNCH_WIDTH, LAUNCH_END};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!getenv(names[i]))
            continue;
        add(command, "-x");
        add(command, names[i]);
    }
    if (options->ranks > 0) {
        snprintf(command->ranks, sizeof command->ranks, "%d",
                 launch_ranks(options->ranks, options->work));
        add(command, "-n");
        add(command, command->ranks);
    }
}

static void set_environment(const struct cluster_options *options)
{
    char width[16], end[WALLTIME_MOMENT];
    snprintf(width, sizeof width, "%d", options->terminal_width);
    if (options->terminal_width > 0)
        setenv(LAUNCH_WIDTH, width, 1);
    if (options->walltime > 0)
        setenv(LAUNCH_END, walltime_moment(end, options->walltime), 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1); /* or it starts a thread for each core in each rank */
    if (geteuid() == 0) {
        /* mpirun refuses to start as root, which is what one is in a container. What it warns of,
         * a program that damages the system, is no more likely in a rank than in its launcher. */
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    }
}

static enum status compose(char ***words, struct command *command, char *const argv[],
                           const struct cluster_options *options, struct error *err)
{
    ssize_t length = readlink("/proc/self/exe", command->program, sizeof command->program - 1);
    if (length < 0)
        return error_set(err, ERR_IO, "/proc/self/exe: %s", strerror(errno));
    command->program[length] = 0;
    add(command, "mpirun");
    add(command, "-q"); /* without, a code that is not 0 is explained in 20 lines */
    add(command, "--bind-to");
    add(command, "none");
    if (launch_kind() == LAUNCH_BATCH)
        batch(command, options);
    else
        plain(command, options);
    add(command, command->program);
    int own = 1;
    while (argv[own])
        own++;
    char **all = calloc((size_t)command->count + (size_t)own, sizeof *all);
    if (!all)
        return error_set(err, ERR_MEMORY, "no memory for the command line of mpirun");
    for (int i = 0; i < command->count; i++)
        all[i] = (char *)(uintptr_t)command->words[i]; /* execvp changes none of them */
    memcpy(all + command->count, argv + 1, (size_t)own * sizeof *all);
    *words = all;
    return OK;
}

/* ---- while it runs */

static void take_signals(sigset_t *set)
{
    static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD};
    struct sigaction hangup;
    sigemptyset(set);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        sigaddset(set, taken[i]);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN)
        sigdelset(set, SIGHUP); /* nohup wants it to go on */
    signal(SIGCHLD, SIG_DFL);
}

/* A group of its own: Ctrl-C at the terminal is for the launcher alone. */
static _Noreturn void become_mpirun(char **words, pid_t launcher, const sigset_t *mask, int report)
{
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != launcher)
        _exit(127);
    signal(SIGTTOU, SIG_IGN); /* not being in the foreground must not stop it */
    int null = open("/dev/null", O_RDONLY);
    if (null > STDIN_FILENO) {
        dup2(null, STDIN_FILENO);
        close(null);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(words[0], words);
    int error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

static enum status start(pid_t *mpirun, char **words, const sigset_t *mask, struct error *err)
{
    int ends[2], error = 0;
    pid_t launcher = getpid();
    if (pipe2(ends, O_CLOEXEC))
        return error_set(err, ERR_IO, "pipe: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become_mpirun(words, launcher, mask, ends[1]);
    int fork_error = errno;
    close(ends[1]);
    bool refused = child > 0 && read(ends[0], &error, sizeof error) == sizeof error;
    close(ends[0]);
    if (child < 0)
        return error_set(err, ERR_IO, "fork: %s", strerror(fork_error));
    if (!refused) {
        *mpirun = child;
        return OK;
    }
    waitpid(child, NULL, 0);
    return error_set(err, ERR_USAGE,
                     "mpirun: %s; install Open MPI or load its module, it starts the ranks",
                     strerror(error));
}

/* The first INT or TERM lets runs stop in good order; the second has mpirun end them at once; the
 * third kills mpirun, which may be deaf to the second; USR1 may come as often as it likes. */
static void pass_on(int number, pid_t mpirun, int *asked)
{
    bool hard = number == SIGINT || number == SIGTERM;
    if (hard && *asked > 1)
        kill(-mpirun, SIGKILL);
    else if (hard && *asked > 0)
        kill(mpirun, SIGTERM);
    else
        kill(mpirun, SIGUSR1);
    if (number == SIGINT && *asked == 0)
        fprintf(stderr, "\nstopping; what is finished is kept (Ctrl-C again: end at once)\n");
    *asked += hard || *asked == 0;
}

static int wait_for(pid_t mpirun, const sigset_t *set, int *asked)
{
    int status = 0;
    for (;;) {
        int number = sigwaitinfo(set, NULL);
        if (number == SIGCHLD && waitpid(mpirun, &status, WNOHANG) == mpirun)
            return status;
        if (number > 0 && number != SIGCHLD)
            pass_on(number, mpirun, asked);
    }
}

/* The coordinator's code is that of mpirun. One that is not among the coordinator's means that a
 * rank or mpirun itself was ended from outside: rows that are done are kept, work is left. */
static enum status judge(int *code, bool *killed, int status, int asked, struct error *err)
{
    static const int own[] = {0, 1, 2, EXIT_STOPPED};
    int ended = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    *killed = false;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (ended == own[i] && !(ended == 1 && asked)) {
            *code = ended;
            return OK;
        }
    int number = ended > 128 ? ended - 128 : 0;
    if (asked || number == SIGKILL || number == SIGTERM || number == SIGINT) {
        fprintf(stderr, "ended early; what is finished is kept, the same line goes on\n");
        *code = EXIT_STOPPED;
        *killed = !asked;
        return OK;
    }
    return error_set(err, ERR_MPI,
                     "a rank or mpirun ended with code %d%s%s; what is finished is kept", ended,
                     number ? ": " : "", number ? strsignal(number) : "");
}

enum status launch(int *code, bool *killed, char *const argv[],
                   const struct cluster_options *options, struct error *err)
{
    struct command command = {.count = 0};
    char **words = NULL;
    sigset_t taken, before;
    pid_t mpirun = -1;
    set_environment(options);
    enum status st = compose(&words, &command, argv, options, err);
    if (st != OK)
        return st;
    take_signals(&taken);
    sigprocmask(SIG_BLOCK, &taken, &before);
    int asked = 0;
    st = start(&mpirun, words, &before, err);
    if (st == OK)
        st = judge(code, killed, wait_for(mpirun, &taken, &asked), asked, err);
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(words);
    return st;
}
