#include "starts.h"

#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/memory.h"
#include "store/start.h"
#include "store/store.h"

/* Identities of runs that are over, in rising order. */
struct over {
    uint64_t *identities;
    size_t count;
};

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static enum status find_over(struct over *over, const char *file, struct error *err)
{
    struct reader *reader;
    *over = (struct over){0};
    if (!files_there(file))
        return OK;
    enum status st = reader_open(&reader, file, err);
    if (st != OK)
        return st;
    over->identities = memory_zeroed((size_t)reader_count(reader) + 1, sizeof *over->identities);
    for (int64_t row = 0; row < reader_count(reader); row++) {
        enum row_status status = reader_status(reader, row);
        if (status == ROW_DONE || status == ROW_DIVERGED)
            over->identities[over->count++] = reader_identity(reader, row);
    }
    reader_close(reader);
    qsort(over->identities, over->count, sizeof *over->identities, ascending);
    return OK;
}

static bool is_over(const struct over *over, uint64_t identity)
{
    return over->count > 0 &&
           bsearch(&identity, over->identities, over->count, sizeof identity, ascending) != NULL;
}

/* The first run whose value of that key is not none; -1: there is none. Where the key is not swept
 * run 0 speaks for all. */
static int64_t find_run(const struct plan *plan, const char *name)
{
    const int *keys;
    int swept = plan_swept(plan, &keys), key = schema_find(&run_schema, name);
    int64_t count = plan_count(plan) > 0;
    for (int i = 0; i < swept; i++)
        if (keys[i] == key)
            count = plan_count(plan);
    for (int64_t run = 0; run < count; run++) {
        struct run_config config;
        char text[KEY_TEXT_SIZE];
        plan_config(plan, run, &config);
        schema_print(&run_schema, &config, key, text, sizeof text);
        if (strcmp(text, "none") != 0)
            return run;
    }
    return -1;
}

/* A file is named, but no run of it: all would be drawn. A shard does not know of the others. */
static enum status check_needless(const struct plan *plan, struct error *err)
{
    struct run_config config;
    int64_t run = plan_shard(plan).count > 0 ? -1 : find_run(plan, "start.file");
    if (run < 0)
        return OK;
    plan_config(plan, run, &config);
    const char *file = config.start.file.text;
    error_set(err, ERR_CONFIG,
              "start.file: no run starts from %s, as start.run is none; name a run in start.run "
              "('mesasweep table %s --columns=run' lists them), or no file",
              file, file);
    return plan_refuse(plan, run, err);
}

/* Whether what is good for one is good for the other: the same tensors from the same run. Bytes
 * that differ without a meaning only cost another look. */
static bool same_start(const struct run_config *a, const struct run_config *b)
{
    /* NOLINTBEGIN(*-memory-comparison,cert-exp42-c,cert-flp37-c) */
    return memcmp(&a->start, &b->start, sizeof a->start) == 0 &&
           memcmp(&a->model, &b->model, sizeof a->model) == 0 &&
           memcmp(&a->task, &b->task, sizeof a->task) == 0 &&
           memcmp(&a->tokens, &b->tokens, sizeof a->tokens) == 0;
    /* NOLINTEND(*-memory-comparison,cert-exp42-c,cert-flp37-c) */
}

enum status starts_check(const struct plan *plan, const char *file, struct error *err)
{
    struct over over;
    struct run_config config, good = {0};
    if (find_run(plan, "start.run") < 0)
        return check_needless(plan, err);
    enum status st = find_over(&over, file, err);
    for (int64_t run = 0; run < plan_count(plan) && st == OK; run++) {
        float *weights;
        size_t count;
        plan_config(plan, run, &config);
        if (is_over(&over, plan_identity(plan, run)) || same_start(&config, &good))
            continue;
        st = start_weights(&weights, &count, &config, err);
        if (st == ERR_CONFIG || st == ERR_FILE)
            st = plan_refuse(plan, run, err);
        good = config;
        free(weights);
    }
    free(over.identities);
    return st;
}
