/* Without this a run that crashes, hangs, eats memory or writes where it should not could end a
 * sweep, or be told wrongly: faults by seed through real ranks, nurseries, children and the real
 * file. mpirun -n 1..3 cluster_faults DIRECTORY */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/cluster.h"
#include "cluster/nursery.h"

enum {
    RUNS = 30,
    ALWAYS = 0,
    ONCE,
    HANGS,
    LEAVES,
    EATS,
    EXPLODES,
    REFUSED,
    SCRIBBLES,
    KILLED,
    OVERFLOWS,
    FAULTS
};

static const char sweep[] =
    "name: faults\n"
    "set:\n"
    "  train: {steps: 3, batch: 16, evaluations: 4}\n"
    "  evaluation.tasks: 64\n"
    "  limits: {seconds: 2, memory: 200e6}\n"
    "  retry.attempts: 2\n"
    "grid:\n"
    "  seed: {count: 30}\n"
    "analyses: [gd]\n"
    "when:\n" /* EXPLODES: a loss above the bound; OVERFLOWS: one that is none */
    "  - {if: {seed: 5}, set: {train.rate: 100}}\n"
    "  - {if: {seed: 9}, set: {train.rate: 100, model.depth: 4}}\n";

static const struct {
    enum row_status status;
    double attempt;
    const char *error; /* how it begins */
} expected[RUNS] = {
    [ALWAYS] = {ROW_FAILED, 2, "ended by signal 11 (Segmentation fault)"},
    [ONCE] = {ROW_DONE, 2, ""},
    [HANGS] = {ROW_TIMEOUT, 2, "took longer than limits.seconds"},
    [LEAVES] = {ROW_FAILED, 2, "the process left by itself with code 3"},
    [EATS] = {ROW_FAILED, 2, "1 GB was refused"},
    [EXPLODES] = {ROW_DIVERGED, 1, ""},
    [REFUSED] = {ROW_FAILED, 1, "model.depth: not today"},
    [SCRIBBLES] = {ROW_FAILED, 2, "its record is damaged"},
    [KILLED] = {ROW_FAILED, 2, "ended by signal 9 (Killed)"},
    [OVERFLOWS] = {ROW_DIVERGED, 1, ""},
};

/* Bytes before a record that are of its own entry: what lies further ahead is the last run's. */
enum { HEAD = 40 };

static bool first_time(void)
{
    int fd = open("once", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static enum status eat(struct error *err)
{
    void *memory = mmap(NULL, (size_t)1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED ? OK : error_set(err, ERR_MEMORY, "1 GB was refused");
}

/* The engine, with faults. */
static enum status work(struct record *record, enum run_outcome *outcome,
                        const struct message_item *item, const struct run_host *host,
                        struct error *err)
{
    const char *text = (const char *)(item + 1);
    const char *line = strstr(text, "seed=");
    int seed = line ? atoi(line + strlen("seed=")) : 0; /* 0 is the default and is not written */
    if (seed == ALWAYS || (seed == ONCE && first_time())) {
        fprintf(stderr, "\33[31mgoing down\33[0m\n");
        raise(SIGSEGV);
    }
    if (seed == HANGS)
        for (;;)
            pause();
    if (seed == KILLED)
        raise(SIGKILL);
    if (seed == LEAVES)
        _exit(3);
    if (seed == EATS)
        return eat(err);
    if (seed == REFUSED)
        return error_set(err, ERR_CONFIG, "model.depth: not today");
    enum status st = nursery_engine(record, outcome, item, host, err);
    if (seed == SCRIBBLES) {
        memset(record->memory - HEAD, 0xff, 200);
        record->used = (size_t)-1;
    }
    return st;
}

static enum status prepare(void *context, struct plan **plan, struct error *err)
{
    struct plan_options options = {0};
    struct store_provenance none = {0};
    enum status st = plan_parse(plan, "faults", sweep, strlen(sweep), &options, err);
    return st == OK ? store_create(context, *plan, &none, err) : st;
}

static int column(const struct reader *reader, const char *name)
{
    for (int c = 0; c < reader_columns(reader); c++)
        if (strcmp(reader_column(reader, c)->name, name) == 0)
            return c;
    fprintf(stderr, "no column %s\n", name);
    exit(1);
}

/* The two divergences: the last finite loss of one is far above its first, the other's is missing
 * only because it is no number any more. */
static int check_loss(const struct reader *reader)
{
    int loss = column(reader, "train_loss");
    double exploded = reader_number(reader, loss, EXPLODES),
           good = reader_number(reader, loss, RUNS - 1);
    if (exploded < 1e6 * good)
        fprintf(stderr, "a loss of %g beside %g is above no bound\n", exploded, good);
    return exploded < 1e6 * good;
}

static int check_rows(const char *file)
{
    struct reader *reader;
    struct error err;
    int faults = 0;
    if (reader_open(&reader, file, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int error = column(reader, "error"), attempt = column(reader, "attempt");
    for (int64_t run = 0; run < RUNS; run++) {
        bool faulty = run < FAULTS;
        enum row_status status = faulty ? expected[run].status : ROW_DONE;
        const char *begins = faulty ? expected[run].error : "";
        const char *text = reader_text(reader, error, run);
        double attempts = faulty ? expected[run].attempt : 1;
        if (reader_status(reader, run) == status &&
            reader_number(reader, attempt, run) == attempts &&
            strncmp(text, begins, strlen(begins)) == 0 && (*begins || !*text))
            continue;
        fprintf(stderr, "seed %d: %s, attempt %g, '%s'; expected %s, attempt %g, '%s'\n", (int)run,
                row_status_name(reader_status(reader, run)), reader_number(reader, attempt, run),
                text, row_status_name(status), attempts, begins);
        faults++;
    }
    faults += check_loss(reader);
    reader_close(reader);
    return faults;
}

/* The log of the run that always crashes: attempt, cause, what it wrote, without its colours. */
static int check_log(const char *file, const struct plan *plan)
{
    char path[256], text[256] = "";
    snprintf(path, sizeof path, "%s.logs/%016llx", file,
             (unsigned long long)plan_identity(plan, ALWAYS));
    FILE *log = fopen(path, "re");
    size_t got = log ? fread(text, 1, sizeof text - 1, log) : 0;
    if (log)
        fclose(log);
    text[got] = 0;
    if (strncmp(text, "attempt 2 on ", 13) == 0 && strstr(text, "\n?[31mgoing down?[0m\n"))
        return 0;
    fprintf(stderr, "%s: '%s'\n", path, text);
    return 1;
}

int main(int argc, char **argv)
{
    static const char file[] = "faults.h5";
    struct nursery *nursery;
    struct plan *plan;
    struct error err = {""};
    struct plan_options none = {0};
    int code = -1;
    bool first = !getenv("OMPI_COMM_WORLD_RANK") || !atoi(getenv("OMPI_COMM_WORLD_RANK"));
    if (argc < 2 || chdir(argv[1]))
        return 2;
    enum status st = nursery_start_with(&nursery, work, &err);
    struct cluster_options options = {.file = file};
    if (st == OK)
        st = cluster_run(&code, nursery, &options, prepare, (void *)(uintptr_t)file, &err);
    if (!first)
        return 0;
    if (st != OK || code != 1) {
        fprintf(stderr, "code %d, %s\n", code, err.text);
        return 3;
    }
    if (plan_parse(&plan, "faults", sweep, strlen(sweep), &none, &err) != OK)
        return 4;
    int faults = check_rows(file) + check_log(file, plan);
    plan_destroy(plan);
    return faults > 0;
}
