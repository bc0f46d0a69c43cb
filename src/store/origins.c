#include "origins.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "hdf.h"

/* ---- rows of older files */

static bool is_result(enum row_status status)
{
    return status == ROW_DONE || status == ROW_DIVERGED;
}

/* Those with a result first, then the earlier file. */
static int compare(const void *a, const void *b)
{
    const struct origin *x = a, *y = b;
    if (x->identity != y->identity)
        return x->identity < y->identity ? -1 : 1;
    if (x->result != y->result)
        return x->result ? -1 : 1;
    return (x->source > y->source) - (x->source < y->source);
}

static void add_rows(struct origins *origins, int source)
{
    const struct store *store = origins->sources[source];
    for (int64_t i = 0; i < store->map.runs; i++) {
        enum row_status status = (enum row_status)store->was[i];
        if (writer_status(store, i) == ROW_PENDING || writer_status(store, i) == ROW_RUNNING)
            continue;
        /* until it is judged, a retired row counts as a result */
        bool result = is_result(status) || status == ROW_RETIRED;
        origins->rows[origins->count++] = (struct origin){store->identity[i], i, source, result};
    }
}

enum status origins_open(struct origins *origins, const char *const *paths, int count, int flags,
                         struct error *err)
{
    int64_t rows = 1;
    enum status status = OK;
    origins->sources = memory_zeroed((size_t)count, sizeof *origins->sources);
    for (int i = 0; i < count && status == OK; i++) {
        status = writer_open_file(&origins->sources[i], paths[i], flags, err);
        if (status != OK)
            break;
        origins->source_count++;
        rows += origins->sources[i]->map.runs;
    }
    if (status != OK)
        return status;
    origins->rows = memory_get((size_t)rows * sizeof *origins->rows);
    for (int i = 0; i < count; i++)
        add_rows(origins, i);
    qsort(origins->rows, (size_t)origins->count, sizeof *origins->rows, compare);
    return OK;
}

void origins_dispose(struct origins *origins)
{
    for (int i = 0; i < origins->source_count; i++)
        store_close(origins->sources[i]);
    free(origins->sources);
    free(origins->rows);
    *origins = (struct origins){0};
}

const struct origin *origins_find(const struct origins *origins, uint64_t identity)
{
    int64_t from = 0, to = origins->count;
    while (from < to) { /* the first that is not below */
        int64_t middle = from + (to - from) / 2;
        if (origins->rows[middle].identity < identity)
            from = middle + 1;
        else
            to = middle;
    }
    bool found = from < origins->count && origins->rows[from].identity == identity;
    return found ? &origins->rows[from] : NULL;
}

enum row_status origin_status(const struct origins *origins, const struct origin *origin)
{
    return (enum row_status)origins->sources[origin->source]->was[origin->row];
}

struct keep_config origin_keep(const struct origins *origins, const struct origin *origin)
{
    return writer_keep(origins->sources[origin->source], origin->row);
}

/* ---- rows of the new file */

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t *sorted_identities(const struct plan *plan)
{
    size_t count = (size_t)plan_count(plan);
    uint64_t *identities = memory_get((count + 1) * sizeof *identities);
    for (size_t i = 0; i < count; i++)
        identities[i] = plan_identity(plan, (int64_t)i);
    qsort(identities, count, sizeof *identities, by_value);
    return identities;
}

static void list_planned(struct origins_rows *rows, struct keep_config *keep,
                         const struct origins *origins, const struct plan *plan)
{
    for (int64_t i = 0; i < plan_count(plan); i++) {
        const struct origin *origin = origins_find(origins, plan_identity(plan, i));
        struct run_config config;
        plan_config(plan, i, &config);
        keep[i] = origin && origin->result ? origin_keep(origins, origin) : config.keep;
        rows->change.kept += origin && origin->result;
        rows->change.left += !origin || !origin->result;
    }
}

/* Reading the texts of the runs that are retired, of one file. */
struct retiring {
    const struct origins *origins;
    const struct origin **wanted; /* [rows of the file] */
    struct run_config *configs;
    int64_t *count;
};

static enum status retire(void *context, struct hdf *hdf, int64_t row, const char *text)
{
    struct retiring *retiring = context;
    const struct origin *origin = retiring->wanted[row];
    if (!origin)
        return OK;
    struct run_config *config = &retiring->configs[*retiring->count];
    enum status status = plan_config_of(config, text, hdf->err);
    if (status == OK && plan_identity_of(config) != origin->identity)
        status = error_set(hdf->err, ERR_FILE, "its configuration has another identity");
    if (status != OK)
        return error_in(hdf->err, ERR_FILE, "%s: run %016" PRIx64, hdf->path, origin->identity);
    config->keep = origin_keep(retiring->origins, origin);
    ++*retiring->count;
    return OK;
}

static enum status read_retired(struct origins_rows *rows, struct run_config *configs,
                                const struct origins *origins, int source,
                                const struct origin *const *retired, int64_t count,
                                struct error *err)
{
    const struct store *store = origins->sources[source];
    struct hdf hdf;
    struct retiring retiring = {origins, NULL, configs, &rows->rows.retired_count};
    retiring.wanted = memory_zeroed((size_t)store->map.runs, sizeof *retiring.wanted);
    for (int64_t i = 0; i < count; i++)
        if (retired[i]->source == source)
            retiring.wanted[retired[i]->row] = retired[i];
    enum status status = map_open(&hdf, store->path, MAP_AGAIN, err);
    if (status == OK)
        status = map_texts(&hdf, "config", store->map.runs, retire, &retiring);
    hdf_close(&hdf);
    free(retiring.wanted);
    return status;
}

/* Rows with a result that the plan does not have, each once. */
static int64_t list_retired(struct origins_rows *rows, const struct origin **retired,
                            const struct origins *origins, const struct plan *plan)
{
    uint64_t *planned = sorted_identities(plan);
    int64_t count = 0;
    for (int64_t i = 0; i < origins->count; i++) {
        const struct origin *origin = &origins->rows[i];
        bool repeated = i > 0 && origins->rows[i - 1].identity == origin->identity;
        if (repeated || bsearch(&origin->identity, planned, (size_t)plan_count(plan),
                                sizeof *planned, by_value))
            continue;
        const struct store *store = origins->sources[origin->source];
        rows->change.dropped += !origin->result;
        rows->change.retired += origin->result && writer_status(store, origin->row) != ROW_RETIRED;
        if (origin->result)
            retired[count++] = origin;
    }
    free(planned);
    return count;
}

enum status origins_rows(struct origins_rows *rows, const struct origins *origins,
                         const struct plan *plan, struct error *err)
{
    size_t planned = (size_t)plan_count(plan), most = (size_t)origins->count + 1;
    *rows = (struct origins_rows){0};
    struct keep_config *keep = memory_get((planned + 1) * sizeof *keep);
    const struct origin **retired = memory_zeroed(most, sizeof *retired);
    rows->rows.keep = keep;
    for (int i = 0; i < origins->source_count; i++)
        rows->change.damaged += origins->sources[i]->damaged_count;
    list_planned(rows, keep, origins, plan);
    int64_t count = list_retired(rows, retired, origins, plan);
    struct run_config *configs = memory_get(((size_t)count + 1) * sizeof *configs);
    rows->rows.retired = configs;
    enum status status = OK;
    for (int i = 0; i < origins->source_count && status == OK && count > 0; i++)
        status = read_retired(rows, configs, origins, i, retired, count, err);
    free(retired);
    return status;
}

void origins_rows_dispose(struct origins_rows *rows)
{
    free((void *)(uintptr_t)rows->rows.keep);
    free((void *)(uintptr_t)rows->rows.retired);
    *rows = (struct origins_rows){0};
}
