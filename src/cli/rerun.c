#include "rerun.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/start.h"
#include "stored.h"

/* Memory that a child fills and its parent reads; `size` bytes of record follow. */
struct answer {
    enum status status;
    enum run_outcome outcome;
    struct error err;
    size_t size, used;
};

/* ---- which runs */

struct candidate {
    uint64_t identity;
    int64_t run;
};

static int by_identity(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return (x->identity > y->identity) - (x->identity < y->identity);
}

static bool is_damaged(const struct store_verdict *verdict, uint64_t identity)
{
    for (int64_t i = 0; i < verdict->damaged_count; i++)
        if (verdict->damaged[i] == identity)
            return true;
    return false;
}

/* The chosen ones come first; returns how many. */
static int choose(struct candidate *candidates, const struct store *store, const struct plan *plan,
                  int most, const struct store_verdict *verdict)
{
    int64_t count = 0;
    for (int64_t run = 0; run < plan_count(plan); run++) {
        enum row_status status = store_status(store, run);
        uint64_t identity = plan_identity(plan, run);
        if ((status == ROW_DONE || status == ROW_DIVERGED) && !is_damaged(verdict, identity))
            candidates[count++] = (struct candidate){identity, run};
    }
    qsort(candidates, (size_t)count, sizeof *candidates, by_identity);
    int chosen = count < most ? (int)count : most;
    for (int i = 0; i < chosen; i++)
        candidates[i] = candidates[i * count / chosen];
    return chosen;
}

/* ---- one run */

/* What one run computes from. */
struct order {
    struct run_config config;
    uint64_t analyses;
    float *start; /* owned; [start_count] */
    size_t start_count;
};

_Noreturn static void compute(struct answer *answer, const struct order *order)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct record record = {(unsigned char *)(answer + 1), answer->size, 0};
    struct run_host host = {.start = order->start, .start_count = order->start_count};
    answer->status = run_execute(&record, &answer->outcome, &order->config, order->analyses, &host,
                                 &answer->err);
    answer->used = record.used;
    _exit(0);
}

/* In a child, as a run that crashes must not take the command with it. */
static enum status carry_out(int *how, struct answer *answer, const struct order *order,
                             struct error *err)
{
    fflush(NULL); /* or the child would write again what is still in buffers */
    pid_t child = fork();
    if (child == 0)
        compute(answer, order);
    if (child < 0)
        return error_set(err, ERR_IO, "fork: %s", strerror(errno));
    while (waitpid(child, how, 0) < 0)
        if (errno != EINTR)
            return error_set(err, ERR_IO, "waitpid: %s", strerror(errno));
    return OK;
}

static enum status compare(struct rerun *rerun, const struct store *store, int64_t run, int how,
                           const struct answer *answer, struct error *err)
{
    const char *difference = NULL;
    if (WIFSIGNALED(how)) {
        snprintf(rerun->difference, sizeof rerun->difference, "its end, killed by signal %d",
                 WTERMSIG(how));
        return OK;
    }
    if (answer->status != OK) {
        snprintf(rerun->difference, sizeof rerun->difference, "its end: %.140s", answer->err.text);
        return OK;
    }
    enum row_status status = answer->outcome == RUN_DIVERGED ? ROW_DIVERGED : ROW_DONE;
    enum status st = store_recheck(&difference, store, run, status,
                                   (const unsigned char *)(answer + 1), answer->used, err);
    if (st == OK && difference)
        snprintf(rerun->difference, sizeof rerun->difference, "%s", difference);
    return st;
}

static enum status rerun_one(struct rerun *rerun, const struct store *store,
                             const struct plan *plan, int64_t run, struct error *err)
{
    struct order order;
    plan_config(plan, run, &order.config);
    order.analyses = store_analysed(store, run) & run_analyses_for(&order.config);
    enum status st = start_weights(&order.start, &order.start_count, &order.config, err);
    if (st != OK)
        return st;
    size_t size = run_record_bytes(&order.config, order.analyses);
    struct answer *answer = mmap(NULL, sizeof *answer + size, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (answer == MAP_FAILED) {
        free(order.start);
        return error_set(err, ERR_MEMORY, "no memory for a record of %zu bytes", size);
    }
    int how;
    *answer = (struct answer){.size = size};
    rerun->identity = plan_identity(plan, run);
    st = carry_out(&how, answer, &order, err);
    if (st == OK)
        st = compare(rerun, store, run, how, answer, err);
    free(order.start);
    munmap(answer, sizeof *answer + size);
    return st;
}

enum status rerun_some(struct rerun **reruns, int *count, const char *file, int most,
                       const struct store_verdict *verdict, struct error *err)
{
    struct plan *plan;
    struct store *store;
    enum status st = stored_plan(&plan, file, err);
    if (st != OK)
        return st;
    st = store_look(&store, file, plan, err);
    if (st != OK) {
        plan_destroy(plan);
        return st;
    }
    struct candidate *candidates = memory_zeroed((size_t)plan_count(plan) + 1, sizeof *candidates);
    *count = choose(candidates, store, plan, most, verdict);
    *reruns = memory_zeroed((size_t)*count + 1, sizeof **reruns);
    for (int i = 0; i < *count && st == OK; i++)
        st = rerun_one(&(*reruns)[i], store, plan, candidates[i].run, err);
    if (st != OK)
        free(*reruns);
    free(candidates);
    store_close(store);
    plan_destroy(plan);
    return st;
}
