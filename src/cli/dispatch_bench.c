#include "dispatch_bench.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "cluster/cluster.h"
#include "cluster/nursery.h"

/* Two curves of this length are a record of 4 KB. */
enum { EVALUATIONS = 512, RUNS = 100000, RUNS_UNBUNDLED = 2000 };

/* ---- ranks */

static enum status empty_run(struct record *record, enum run_outcome *outcome,
                             const struct message_item *item, const struct run_host *host,
                             struct error *err)
{
    static const float curve[EVALUATIONS];
    static const int32_t shape[3] = {EVALUATIONS, 1, 1};
    (void)item, (void)host, (void)err;
    for (int c = 0, curves = 0; curves < 2; c++) /* they are among the first */
        if (strcmp(run_column(c)->name, "train_loss") == 0 ||
            strcmp(run_column(c)->name, "test_loss") == 0) {
            record_put(record, PART_COLUMN, c, shape, curve, sizeof curve);
            curves++;
        }
    *outcome = RUN_DONE;
    return OK;
}

static enum status parse(struct plan **plan, int runs, struct error *err)
{
    char text[512];
    struct plan_options none = {0};
    int length = snprintf(text, sizeof text,
                          "name: dispatch\n"
                          "analyses: []\n"
                          "set:\n"
                          "  train: {steps: %d, batch: 16, evaluations: %d}\n"
                          "  keep.weights: none\n"
                          "grid:\n"
                          "  seed: {count: %d}\n",
                          EVALUATIONS - 1, EVALUATIONS, runs);
    return plan_parse(plan, "dispatch", text, (size_t)length, &none, err);
}

static enum status prepare(void *context, struct plan **plan, struct error *err)
{
    return parse(plan, *(const int *)context, err);
}

static void name_figures(char path[PATH_MAX + 16], const char *file)
{
    snprintf(path, PATH_MAX + 16, "%s.figures", file);
}

static enum status write_figures(const char *file, const struct cluster_measure *measure,
                                 struct error *err)
{
    char path[PATH_MAX + 16];
    name_figures(path, file);
    int fd = files_anew(path);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    bool good = to && fprintf(to, "%.9g %.9g\n", measure->seconds, measure->memory) > 0;
    if ((to && fclose(to) != 0) || !good)
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return OK;
}

enum status dispatch_rank(int *code, char **words, int count, struct error *err)
{
    int runs = count == 3 ? atoi(words[1]) : 0;
    struct cluster_measure measure = {0};
    struct nursery *nursery;
    if (runs < 1)
        return error_set(err, ERR_USAGE,
                         "mesasweep bench: --dispatch starts its own ranks; call it without mpirun "
                         "and without words");
    struct cluster_options options = {
        .file = words[0], .bundle = atoi(words[2]), .measure = &measure};
    enum status st = nursery_start_with(&nursery, empty_run, err);
    if (st == OK)
        st = cluster_run(code, nursery, &options, prepare, &runs, err);
    return st == OK && measure.seconds > 0 ? write_figures(words[0], &measure, err) : st;
}

/* ---- the launcher */

/* A row of what is measured: in which folder, how many runs, how many in a bundle (0: no limit). */
struct attempt {
    const char *folder;
    int runs, bundle;
};

static enum status read_figures(struct cluster_measure *measure, const char *file,
                                struct error *err)
{
    char path[PATH_MAX + 16];
    name_figures(path, file);
    FILE *from = fopen(path, "re");
    bool good = from && fscanf(from, "%lf %lf", &measure->seconds, &measure->memory) == 2;
    if (from)
        fclose(from);
    unlink(path);
    return good ? OK : error_set(err, ERR_MPI, "the ranks have measured nothing");
}

static enum status carry_out(struct cluster_measure *measure, const char *file,
                             const struct attempt *attempt, int ranks, struct error *err)
{
    char runs[16], bundle[16];
    struct plan *plan;
    struct store_provenance none = {0};
    int code;
    bool killed;
    snprintf(runs, sizeof runs, "%d", attempt->runs);
    snprintf(bundle, sizeof bundle, "%d", attempt->bundle);
    enum status st = parse(&plan, attempt->runs, err);
    if (st != OK)
        return st;
    st = store_create(file, plan, &none, err);
    plan_destroy(plan);
    char *words[] = {"mesasweep", "bench", "--dispatch", (char *)(uintptr_t)file,
                     runs,        bundle,  NULL};
    struct cluster_options options = {.file = file, .ranks = ranks};
    if (st == OK)
        st = launch(&code, &killed, words, &options, err);
    if (st == OK && code != 0)
        return error_set(err, ERR_MPI, "the ranks ended with code %d", code);
    return st == OK ? read_figures(measure, file, err) : st;
}

static void tidy(const char *folder, const char *file)
{
    static const char *const beside[] = {"", ".lock", ".figures"};
    char path[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        snprintf(path, sizeof path, "%s%s", file, beside[i]);
        unlink(path);
    }
    rmdir(folder);
}

static enum status measure_one(struct cluster_measure *measure, const struct attempt *attempt,
                               int ranks, struct error *err)
{
    char folder[PATH_MAX / 2], file[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/mesasweep-bench-XXXXXX", attempt->folder);
    if (!mkdtemp(folder))
        return error_set(err, ERR_IO, "%s: can not make a folder: %s", attempt->folder,
                         strerror(errno));
    snprintf(file, sizeof file, "%s/dispatch.h5", folder);
    enum status st = carry_out(measure, file, attempt, ranks, err);
    tidy(folder, file);
    return st;
}

enum status dispatch_measure(struct dispatch_result *result, int ranks, struct error *err)
{
    const struct attempt attempts[] = {
        {"/dev/shm", RUNS, 0}, {".", RUNS, 0}, {"/dev/shm", RUNS_UNBUNDLED, 1}};
    double *const rates[] = {&result->runs_per_s, &result->runs_per_s_synced,
                             &result->runs_per_s_unbundled};
    if (launch_kind() == LAUNCH_SRUN_WITHOUT_PMI)
        return error_set(err, ERR_USAGE, "mesasweep bench: --dispatch: call it without srun");
    for (int i = 0; i < 3; i++) {
        struct cluster_measure measure;
        enum status st = measure_one(&measure, &attempts[i], ranks, err);
        if (st != OK)
            return st;
        *rates[i] = attempts[i].runs / measure.seconds;
        if (i == 0)
            result->coordinator_mb = measure.memory / 1e6;
    }
    return OK;
}
