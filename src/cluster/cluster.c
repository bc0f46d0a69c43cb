#include "cluster/cluster.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cluster/nursery.h"
#include "coordinator.h"
#include "launch_environment.h"
#include "program.h"
#include "rank.h"
#include "signals.h"

/* A rank that has nothing to do naps, at first briefly, then up to 2 ms: 0.3 % of a core. */
#define NAP_LEAST 50e-6
#define NAP_MOST 2e-3

enum { LETTERS_A_TURN = 256 };

struct job { /* of this process */
    struct wire *wire;
    struct rank *rank;
    struct coordinator *coordinator; /* rank 0 only */
    struct cluster_options options;
    int index, size;
};

enum status nursery_start(struct nursery **nursery, struct error *err)
{
    signals_catch();
    return nursery_start_with(nursery, nursery_engine, err);
}

static enum status deliver(struct job *job, struct letter *letter, struct error *err)
{
    if (letter->address == TO_RANK)
        return rank_letter(job->rank, letter, err);
    if (job->coordinator)
        return coordinator_letter(job->coordinator, letter, err);
    free(letter->data);
    return error_set(err, ERR_MPI, "%s came to rank %d, which does not coordinate",
                     message_name(letter->tag), job->index);
}

/* One look at everything. What the coordinator can not do ends the job in good order; what a rank
 * can not do ends the rank, and with it the job. */
static enum status turn(struct job *job, bool *busy, struct error *err)
{
    bool got = true;
    enum status st = OK;
    for (int i = 0; i < LETTERS_A_TURN && got && st == OK; i++) {
        struct letter letter;
        st = wire_receive(job->wire, &letter, &got, err);
        if (st != OK || !got)
            break;
        *busy = true;
        st = deliver(job, &letter, err);
    }
    if (st == OK)
        st = rank_turn(job->rank, busy, err);
    if (st == OK && job->coordinator)
        st = coordinator_turn(job->coordinator, busy, err);
    return st;
}

/* Nothing of this rank, and on rank 0 of no rank, is expected any more. */
static bool over(const struct job *job)
{
    if (!rank_stopped(job->rank) || wire_unsent(job->wire) > 0)
        return false;
    return !job->coordinator || coordinator_alone(job->coordinator);
}

/* Turns until STOP was answered by all. A failure of the coordinator (`st` on entry, or one that
 * comes up) is told to all ranks first. */
static enum status work(struct job *job, enum status st, struct error *err)
{
    double nap = NAP_LEAST;
    bool told = false;
    while (!over(job)) {
        bool busy = false;
        struct error later;
        if (st != OK && !job->coordinator)
            return st;
        if (st != OK && !told) {
            told = true;
            if (coordinator_stop(job->coordinator, &later) != OK)
                return st;
        }
        enum status now = turn(job, &busy, st == OK ? err : &later);
        if (st == OK)
            st = now;
        else if (now != OK)
            return st;
        if (job->coordinator && coordinator_overdue(job->coordinator))
            return st != OK ? st
                            : error_set(err, ERR_MPI, "a rank does not answer; the file is whole");
        nap = busy ? NAP_LEAST : nap * 2 < NAP_MOST ? nap * 2 : NAP_MOST;
        if (!busy)
            rank_wait(job->rank, nap);
    }
    return st;
}

static enum status begin(struct job *job, struct nursery *nursery, struct message_ready *ready,
                         struct error *err)
{
    MPI_Comm_rank(MPI_COMM_WORLD, &job->index);
    MPI_Comm_size(MPI_COMM_WORLD, &job->size);
    enum status st = wire_create(&job->wire, err);
    if (st == OK)
        st = program_describe(ready, err);
    if (st == OK)
        st = rank_create(&job->rank, nursery, job->wire, ready, err);
    struct coordinator_options options = {&job->options, ready, job->size};
    if (st == OK && job->index == 0)
        st = coordinator_create(&job->coordinator, job->wire, &options, err);
    return st;
}

/* The end of a rank that can not go on: mpirun ends the others. */
static void give_up(const struct job *job, const struct error *err, enum status st)
{
    fprintf(stderr, "mesasweep: rank %d: %s\n", job->index, err->text);
    MPI_Abort(MPI_COMM_WORLD, error_exit_code(st));
}

enum status cluster_run(int *code, struct nursery *nursery, const struct cluster_options *options,
                        enum status (*prepare)(void *context, struct plan **plan,
                                               struct error *err),
                        void *context, struct error *err)
{
    int provided;
    struct job job = {.options = *options};
    struct plan *plan = NULL;
    struct message_ready ready;
    if (job.options.terminal_width == 0)
        job.options.terminal_width = launch_terminal_width();
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
        return error_set(err, ERR_MPI, "MPI_Init failed");
    enum status st = begin(&job, nursery, &ready, err);
    if (st != OK)
        give_up(&job, err, st);
    if (job.coordinator) {
        st = prepare(context, &plan, err);
        if (st == OK)
            st = coordinator_open(job.coordinator, plan, err);
    }
    st = work(&job, st, err);
    if (st != OK && !(rank_stopped(job.rank) && wire_unsent(job.wire) == 0))
        give_up(&job, err, st);
    /* At the first process that does not exit with 0 mpirun ends all others: as another rank must
     * not be the first, rank 0 has the time to say why. */
    *code = job.coordinator ? coordinator_code(job.coordinator) : 0;
    coordinator_destroy(job.coordinator);
    plan_destroy(plan);
    rank_destroy(job.rank);
    wire_destroy(job.wire);
    MPI_Finalize();
    return st;
}
