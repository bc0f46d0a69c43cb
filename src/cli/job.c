#include "job.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/files.h"
#include "cluster/walltime.h"
#include "estimate.h"
#include "math/kernels.h"
#include "show.h"
#include "starts.h"
#include "version.h"

/* A folder that is not there is a slip in the name, no fault of the disk. */
static enum status check_folder(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    struct stat found;
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (stat(folder, &found) == 0 && S_ISDIR(found.st_mode))
        return OK;
    return error_set(err, ERR_USAGE, "%s: there is no folder %s; make it first", path, folder);
}

/* More than limits.file, or more than half of what is free, wants a nod. */
static enum status check_size(const struct job *job, const struct plan *plan,
                              const struct estimate *estimate, struct error *err)
{
    struct store_size size;
    enum status st = store_measure(&size, plan, job->file, NULL, NULL, err);
    if (st != OK)
        return st;
    char bytes[32], limit[32];
    show_bytes(bytes, sizeof bytes, (double)size.total);
    if (job->options->yes)
        return OK;
    if (size.total > size.free / 2) {
        show_bytes(limit, sizeof limit, (double)size.free);
        return error_set(err, ERR_USAGE,
                         "%s: would take %s of %s that are free; give --yes to do it all the same",
                         job->file, bytes, limit);
    }
    if (estimate->limit > 0 && (double)size.total > estimate->limit) {
        show_bytes(limit, sizeof limit, estimate->limit);
        return error_set(err, ERR_USAGE,
                         "%s: would take %s, limits.file is %s; give --yes to do it all the same",
                         job->file, bytes, limit);
    }
    return OK;
}

enum status job_check_new(const struct job *job, const struct plan *plan, struct error *err)
{
    struct estimate estimate;
    enum status st = estimate_plan(&estimate, plan, err);
    if (st == OK)
        st = check_folder(job->file, err);
    return st == OK ? check_size(job, plan, &estimate, err) : st;
}

enum status job_provenance(struct store_provenance *provenance, struct utsname *host, int ranks,
                           int64_t work, struct error *err)
{
    const struct kernels *kernels;
    enum status st = kernels_best(&kernels, err);
    if (st != OK)
        return st;
    *host = (struct utsname){0};
    uname(host);
    *provenance = (struct store_provenance){
        .version = version.number,
        .commit = version.commit,
        .compiler = version.compiler,
        .isa = kernels->name,
        .host = host->nodename,
        .slurm_job = getenv("SLURM_JOB_ID"),
        .ranks = launch_ranks(ranks, work),
    };
    return OK;
}

static enum status create(const struct job *job, const struct plan *plan, struct error *err)
{
    struct estimate estimate;
    struct store_provenance provenance;
    struct utsname host;
    enum status st = estimate_plan(&estimate, plan, err);
    if (st == OK)
        st = job_check_new(job, plan, err);
    if (st == OK)
        st = job_provenance(&provenance, &host, job->options->ranks, plan_count(plan), err);
    if (st == OK)
        st = store_create(job->file, plan, &provenance, err);
    if (st != OK)
        return st;
    char bytes[32], time[64];
    struct stat made = {0};
    stat(job->file, &made);
    show_bytes(bytes, sizeof bytes, (double)made.st_size);
    estimate_print(time, sizeof time, &estimate);
    printf("%s: %" PRId64 " runs, %s; %s is made, %s\n", plan_name(plan), plan_count(plan), time,
           job->file, bytes);
    fflush(stdout);
    return OK;
}

/* "tiny.h5: the sweep has changed: 6 finished runs kept, 3 left, 2 retired" */
static void say_change(const struct job *job, const struct store_change *change)
{
    printf("%s: the sweep has changed: %" PRId64 " finished runs kept, %" PRId64 " left, %" PRId64
           " retired",
           job->file, change->kept, change->left, change->retired);
    if (change->dropped)
        printf(", %" PRId64 " dropped that had no result", change->dropped);
    for (int a = 0; a < run_analyses(); a++)
        if (change->analyses >> a & 1)
            printf(", analysis %s added", run_analysis_name(a));
    putchar('\n');
    fflush(stdout);
    if (change->damaged)
        fprintf(stderr,
                "mesasweep: %s: %" PRId64 " rows are damaged; those of the sweep run again\n",
                job->file, change->damaged);
}

/* A file that is there becomes that of the plan; no result may be lost by a slip. */
static enum status adapt(const struct job *job, const struct plan *plan, struct error *err)
{
    struct store_change change;
    enum status st = store_compare(&change, job->file, plan, err);
    if (st != OK || change.same)
        return st;
    if (!job->changes)
        return error_set(
            err, ERR_FILE,
            "%s: holds other runs than its sweep says; carry it out with 'mesasweep run'",
            job->file);
    if (change.retired > 0 && !job->options->retire)
        return error_set(err, ERR_FILE,
                         "%s: %" PRId64 " finished runs are not in this sweep (%" PRId64
                         " are); give --retire to keep them, marked, or another file with -o",
                         job->file, change.retired, change.kept);
    if (change.weightless > 0)
        return error_set(err, ERR_FILE,
                         "%s: %" PRId64 " finished runs kept no weights (keep.weights: none), so "
                         "no analysis can be added to them; train them into another file",
                         job->file, change.weightless);
    struct estimate estimate;
    struct store_provenance provenance;
    struct utsname host;
    st = estimate_plan(&estimate, plan, err);
    if (st == OK)
        st = check_size(job, plan, &estimate, err);
    if (st == OK)
        st = job_provenance(&provenance, &host, job->options->ranks, plan_count(plan), err);
    if (st == OK)
        st = store_change(&change, job->file, plan, &provenance, job->options->break_lock, err);
    if (st == OK)
        say_change(job, &change);
    return st;
}

/* The plan, and its file made or found fit. On rank 0 and in the launcher. */
static enum status prepare(void *context, struct plan **plan, struct error *err)
{
    struct job *job = context;
    enum status st = job->plan(job, plan, err);
    if (st != OK)
        return st;
    if (!job->cluster.analyse_only)
        st = starts_check(*plan, job->file, err);
    if (st == OK && files_there(job->file))
        st = adapt(job, *plan, err);
    else if (st == OK && plan_count(*plan) > 0)
        st = create(job, *plan, err);
    if (st != OK) {
        plan_destroy(*plan);
        *plan = NULL;
    }
    return st;
}

/* What there is to do. */
struct left {
    int64_t runs, analyses; /* to train; that are trained, to analyse */
};

static struct left left_in(const struct store *store, const struct job *job,
                           const struct plan *plan)
{
    struct left left = {0, 0};
    for (int64_t run = 0; run < plan_count(plan); run++) {
        enum row_status status = store_status(store, run);
        bool over = status == ROW_DONE || status == ROW_DIVERGED || status == ROW_RETIRED;
        left.runs += !over && !job->cluster.analyse_only;
        left.analyses += store_lacks(store, run) != 0;
    }
    return left;
}

/* Opening the store also verifies every row that is done. */
static enum status count_left(struct left *left, const struct job *job, const struct plan *plan,
                              struct error *err)
{
    struct store *store;
    enum status st = store_open(&store, job->file, plan, job->options->break_lock, err);
    if (st != OK)
        return st;
    int64_t damaged;
    const int64_t *runs = store_damaged(store, &damaged);
    for (int64_t i = 0; i < damaged; i++)
        fprintf(stderr, "mesasweep: %s: run %016" PRIx64 ": its row is damaged; it runs again\n",
                job->file, plan_identity(plan, runs[i]));
    *left = left_in(store, job, plan);
    store_close(store);
    return OK;
}

/* A job whose ranks are killed before anything is finished or saved would be followed by others
 * without end. */
static enum status check_progress(const struct job *job, const struct plan *plan,
                                  const struct left *before, uint64_t saved, struct error *err)
{
    struct store *store;
    enum status st = store_look(&store, job->file, plan, err);
    if (st != OK)
        return st;
    struct left now = left_in(store, job, plan);
    store_close(store);
    if (now.runs < before->runs || now.analyses < before->analyses ||
        cluster_saved(job->file) != saved)
        return OK;
    return error_set(err, ERR_MPI,
                     "%s: a rank was killed before any run was finished or saved; if it was for "
                     "want of memory, ask for more ('mesasweep plan' says what a run needs)",
                     job->file);
}

static enum status launch_all(int *code, struct job *job, const struct plan *plan,
                              const struct left *left, char **argv, struct error *err)
{
    bool killed;
    uint64_t saved = cluster_saved(job->file);
    job->cluster.work = left->runs + left->analyses;
    enum status st = launch(code, &killed, argv - 1, &job->cluster, err);
    return st == OK && killed ? check_progress(job, plan, left, saved, err) : st;
}

static void say_left(const struct job *job, const struct left *left, int64_t count)
{
    if (left->runs + left->analyses == 0 && job->cluster.analyse_only)
        printf("%s: all finished runs have these analyses; nothing to do\n", job->file);
    else if (left->runs + left->analyses == 0)
        printf("%s: all %" PRId64 " runs are done; nothing to do\n", job->file, count);
    if (left->analyses > 0)
        printf("%s: %" PRId64 " finished runs are to be analysed\n", job->file, left->analyses);
    if (left->runs > 0 && left->runs < count)
        printf("%s: %" PRId64 " of %" PRId64 " runs are done; %" PRId64 " to do\n", job->file,
               count - left->runs, count, left->runs);
    fflush(stdout);
}

/* The launcher's part: everything that can be refused is refused here, in one line and before MPI;
 * what is finished starts nothing. */
static enum status start(int *code, struct job *job, char **argv, struct error *err)
{
    struct plan *plan;
    enum status st = prepare(job, &plan, err);
    if (st != OK)
        return st;
    int64_t count = plan_count(plan);
    struct left left;
    if (count == 0) {
        printf("%s: this shard has no runs; nothing to do\n", plan_name(plan));
        plan_destroy(plan);
        *code = 0;
        return OK;
    }
    st = count_left(&left, job, plan, err);
    if (st == OK)
        say_left(job, &left, count);
    if (st == OK && left.runs + left.analyses > 0)
        st = launch_all(code, job, plan, &left, argv, err);
    else
        *code = 0;
    plan_destroy(plan);
    return st;
}

/* Width of the terminal that hears of the progress; 0 when there is none. */
static int terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDERR_FILENO) || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col > 0 ? size.ws_col : 80;
}

enum status job_carry_out(int *code, struct job *job, char **argv, struct error *err)
{
    job->cluster = (struct cluster_options){
        .file = job->file,
        .ranks = job->options->ranks,
        .terminal_width = terminal_width(),
        .break_lock = job->options->break_lock,
        .walltime = walltime_left(job->options->walltime),
        .analyse_only = job->cluster.analyse_only,
    };
    enum launch kind = launch_kind();
    if (kind == LAUNCH_SRUN_WITHOUT_PMI)
        return error_set(err, ERR_USAGE,
                         "mesasweep %s: srun started several tasks that can not find each other; "
                         "add --mpi=pmix to srun, or call mesasweep without srun",
                         job->command->name);
    if (kind != LAUNCH_RANK)
        return start(code, job, argv, err);

    struct nursery *nursery;
    enum status st = nursery_start(&nursery, err);
    if (st != OK)
        return st;
    return cluster_run(code, nursery, &job->cluster, prepare, job, err);
}
