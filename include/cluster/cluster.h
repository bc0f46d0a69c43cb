/* cluster.h - carries out a plan over the ranks of an MPI job: launcher, coordinator, ranks,
 * nurseries. */
#ifndef CLUSTER_CLUSTER_H
#define CLUSTER_CLUSTER_H

#include "store/store.h"

/* Of a whole job, as rank 0 sees it. */
struct cluster_measure {
    double seconds; /* from the file opened to all rows on disk; 0: not known */
    double memory;  /* resident bytes of rank 0 when all runs are taken up */
};

struct cluster_options {
    const char *file;   /* FILE.h5; exists, matches the plan */
    int ranks;          /* --ranks of the launcher; 0: as many as the allocation or machine has */
    int64_t work;       /* runs to train or analyse, as the launcher knows; 0: not known */
    int terminal_width; /* 0: no terminal, a line every 30 s instead of a bar. The launcher tells
                           its ranks, which see no terminal, through MESASWEEP_TERMINAL */
    bool break_lock;
    bool analyse_only;               /* runs that are not done are left alone */
    double walltime;                 /* seconds from now until the job ends; 0: unknown */
    int bundle;                      /* most runs in one bundle; 0: as the scheduler thinks */
    struct cluster_measure *measure; /* written by rank 0 unless NULL */
};

/* How this process was started, by the environment. */
enum launch { LAUNCH_RANK, LAUNCH_PLAIN, LAUNCH_BATCH, LAUNCH_SRUN_WITHOUT_PMI };
enum launch launch_kind(void);

/* How many ranks there are or will be when `asked` are wanted (0: no wish) for so many runs (0: not
 * known); 0: not known yet. Where the launcher decides, one more than there are runs at most. */
int launch_ranks(int asked, int64_t work);

/* LAUNCH_PLAIN and LAUNCH_BATCH: starts `mpirun -q` with argv (argv[0] replaced by this binary's
 * path), in its own process group, and waits; mpirun ends with its launcher. The first INT or TERM,
 * HUP and every USR1 become USR1: a drain. A second INT or TERM ends at once, a third also an
 * mpirun that is deaf to it. *code is the coordinator's exit code, 75 when a rank or mpirun was
 * ended from outside; *killed: by someone else than this launcher. ERR_USAGE when there is no
 * mpirun, ERR_MPI when a rank crashed. */
enum status launch(int *code, bool *killed, char *const argv[],
                   const struct cluster_options *options, struct error *err) MUST_CHECK;

/* A number that changes with every checkpoint that is saved for this file, whatever the clock does;
 * 0: there is none. */
uint64_t cluster_saved(const char *file);

/* Forks the nursery of this rank, and lets USR1, TERM and INT ask for a drain from now on. Must be
 * called before MPI_Init, with one thread. */
struct nursery;
enum status nursery_start(struct nursery **nursery, struct error *err) MUST_CHECK;

/* Joins MPI, checks that every rank is the same program, runs the plan (rank 0: coordinator, which
 * also computes) and finalises MPI. The plan is read by rank 0 only. `prepare` runs on rank 0 after
 * MPI_Init: it reads the sweep, creates or finds the file; its failure ends all ranks in good
 * order. Runs that are done or diverged in the file are kept; those that failed in an earlier job
 * are tried again. OK sets *code: on rank 0 to 0 all done, 1 some failed, 75 stopped early; on the
 * others, whatever rank 0 met, to 0, so that it alone speaks for the job. Takes the nursery.
 * Collective; a rank that can not go on aborts the job. */
enum status cluster_run(int *code, struct nursery *nursery, const struct cluster_options *options,
                        enum status (*prepare)(void *context, struct plan **plan,
                                               struct error *err),
                        void *context, struct error *err) MUST_CHECK;

#endif
