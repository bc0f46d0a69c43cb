#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "estimate.h"
#include "job.h"
#include "output.h"
#include "script.h"
#include "sweep.h"

/* What is asked for where the command line is silent. */
enum {
    WORK_OF_A_TASK = 900, /* s, estimated: more tasks than that takes are not worth starting */
    TASKS_MOST = 64,
    QUARTER = 900, /* s */
    WALLTIME_LEAST = 300,
    WALLTIME_MOST = 12 * 3600, /* s; a longer sweep takes several jobs */
    MINUTES_MORE = 600,        /* s for starting, stopping, a busy disk */
};
#define ESTIMATE_FACTOR 2.0 /* that seconds of a plan may be wrong by */
#define TASK_BYTES 200e6    /* of a rank and its MPI, beside the run: 40 MB with shared memory */
#define RUN_BYTES 400.0     /* of each run of the sweep, in the coordinator */
#define MEMORY_FACTOR 1.25

/* Longest first, the sweep ends after the mean work of a task and the longest run at the latest. */
static void choose(struct script *script, const struct estimate *estimate, int64_t runs)
{
    const struct options *o = script->options;
    double tasks = fmin(ceil(estimate->seconds / WORK_OF_A_TASK), fmin((double)runs, TASKS_MOST));
    script->tasks = o->ranks > 0 ? o->ranks : (int)fmax(tasks, 1);
    double seconds = estimate->seconds / script->tasks + estimate->longest;
    seconds = QUARTER * ceil((ESTIMATE_FACTOR * seconds + MINUTES_MORE) / QUARTER);
    script->walltime = o->walltime > 0 ? o->walltime : fmin(seconds, WALLTIME_MOST);
    script->memory = MEMORY_FACTOR * (double)estimate->memory + TASK_BYTES +
                     RUN_BYTES * (double)runs / script->tasks;
}

static enum status check_wishes(const struct options *options, const struct command *self,
                                int64_t runs, struct error *err)
{
    if (options->walltime > 0 && options->walltime < WALLTIME_LEAST)
        return error_set(err, ERR_USAGE,
                         "mesasweep %s: --walltime: less than 5 minutes, of which two are for "
                         "stopping in good order",
                         self->name);
    if (options->ranks > runs)
        return error_set(err, ERR_USAGE,
                         "mesasweep %s: --tasks: the sweep has %" PRId64
                         " runs; more tasks than that have nothing to do",
                         self->name, runs);
    return OK;
}

/* What `mesasweep run` would refuse is refused before the job waits in a queue. */
static enum status check_result(const struct options *options, const struct command *self,
                                const struct plan *plan, struct error *err)
{
    struct job job = {.command = self, .options = options};
    struct options names = *options;
    names.output = options->file;
    enum status st = sweep_file(job.file, sizeof job.file, plan, &names, err);
    if (st != OK || files_there(job.file))
        return st;
    return job_check_new(&job, plan, err);
}

static enum status compose(struct text *text, const struct options *options,
                           const struct plan *plan, struct error *err)
{
    char program[PATH_MAX], folder[PATH_MAX], time[64], about[192];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return error_set(err, ERR_IO, "/proc/self/exe: %s", strerror(errno));
    program[length] = '\0';
    if (!getcwd(folder, sizeof folder))
        return error_set(err, ERR_IO, "the current folder: %s", strerror(errno));
    struct estimate estimate;
    enum status st = estimate_plan(&estimate, plan, err);
    if (st != OK)
        return st;
    struct script script = {.name = plan_name(plan),
                            .program = program,
                            .folder = folder,
                            .options = options,
                            .about = about};
    choose(&script, &estimate, plan_count(plan));
    estimate_print(time, sizeof time, &estimate);
    snprintf(about, sizeof about, "%" PRId64 " runs, %s", plan_count(plan), time);
    script_print(text, &script);
    return OK;
}

/* A new file, or stdout. */
static enum status write_script(const struct text *text, const char *path, struct error *err)
{
    if (!path) {
        fwrite(text->data, 1, text->length, stdout); /* a fault is noticed at its end */
        return OK;
    }
    return output_new(path, text, err);
}

static enum status make(const struct options *options, const struct command *self,
                        struct error *err)
{
    struct plan *plan;
    struct text text = {0};
    enum status st = sweep_plan(&plan, options, err);
    if (st != OK)
        return st;
    st = check_wishes(options, self, plan_count(plan), err);
    if (st == OK)
        st = check_result(options, self, plan, err);
    if (st == OK)
        st = compose(&text, options, plan, err);
    if (st == OK)
        st = write_script(&text, options->output, err);
    text_dispose(&text);
    plan_destroy(plan);
    return st;
}

enum status cmd_sbatch(int *code, const struct command *self, int argc, char **argv,
                       struct error *err)
{
    /* clang-format off */
    static const struct argp_option rows[] = {
        {"output", OPTION_OUTPUT, "SCRIPT", 0, "The script; default: standard output", 0},
        {"file", OPTION_FILE, "FILE.h5", 0, "The result file; default: the sweep's name, with .quick.h5 or .h5", 0},
        SWEEP_QUICK_ROW,
        {"yes", OPTION_YES, NULL, 0, "Make the result file even when it is large", 0},
        {"tasks", OPTION_TASKS, "N", 0, "Ranks; default: one for each quarter of an hour of work, up to 64", 0},
        {"walltime", OPTION_WALLTIME, "TIME", 0, "Of one job: minutes, M:S, H:M:S or D-H:M:S; default: twice the estimate, up to 12 hours", 0},
        {"requeue", OPTION_REQUEUE, NULL, 0, "Go on by queueing the same job again instead of submitting the next one: it keeps the options of the first sbatch", 0},
        {"srun", OPTION_SRUN, NULL, 0, "Start the ranks by srun --mpi=pmix instead of mpirun", 0},
        {0},
    };
    /* clang-format on */
    static const char more[] =
        "Submit the script with sbatch; options there, such as --partition, win over its own. The "
        "job starts in the folder in which this command is given, with this very program.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = sweep_words(&options, self, err);
    if (st != OK)
        return st;
    size_t length = options.output ? strlen(options.output) : 0;
    if (length > 3 && strcmp(options.output + length - 3, ".h5") == 0)
        return error_set(err, ERR_USAGE,
                         "mesasweep %s: -o %s: names the script; the result file is named by "
                         "--file",
                         self->name, options.output);
    *code = 0;
    return make(&options, self, err);
}
