/* job.h - what `run` and `resume` share: check everything, make the file, start or join MPI. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <limits.h>
#include <sys/utsname.h>

#include "cluster/cluster.h"
#include "options.h"

struct job {
    const struct command *command;
    const struct options *options;
    char file[PATH_MAX]; /* of the result; "" until the plan gives it its name */
    bool changes;        /* the file may become that of another plan */
    /* Reads the sweep; fills job->file when it is empty. */
    enum status (*plan)(struct job *job, struct plan **plan, struct error *err);
    struct cluster_options cluster;
};

/* Rows of the options that both commands take. */
/* clang-format off */
#define JOB_OPTION_ROWS                                                                            \
    {"ranks", OPTION_RANKS, "N", 0, "Start N ranks, or one more than there are runs to do if that is less; default: one for each core (ignored inside mpirun)", 0}, \
    {"walltime", OPTION_WALLTIME, "TIME", 0, "Stop in good order before that much time is over: minutes, M:S, H:M:S or D-H:M:S; default: what Slurm says", 0}, \
    {"break-lock", OPTION_BREAK_LOCK, NULL, 0, "Take over a file whose writer is known to be gone", 0}
/* clang-format on */

/* Where a file that is made now comes from, for so much work by so many ranks as launch_ranks takes
 * them; `host` lends its name. */
enum status job_provenance(struct store_provenance *provenance, struct utsname *host, int ranks,
                           int64_t work, struct error *err) MUST_CHECK;

/* Carries it out. A mistake in the sweep, the file or the command line is found before anything is
 * written or started. *code as cluster_run. */
enum status job_carry_out(int *code, struct job *job, char **argv, struct error *err) MUST_CHECK;

/* Whether job->file, which is not there, may be made: its folder is, and it is not too large. Uses
 * the options. */
enum status job_check_new(const struct job *job, const struct plan *plan,
                          struct error *err) MUST_CHECK;

#endif
