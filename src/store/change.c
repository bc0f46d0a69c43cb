/* A file follows its sweep: grown, shrunk or edited. */
#include <string.h>
#include <sys/stat.h>

#include "transfer.h"

/* Whether the rows of the file are already those of the plan, in its order. */
static bool is_same(const struct store *store, const struct plan *plan,
                    const struct origins_rows *rows)
{
    int64_t listed = plan_count(plan);
    if (store->map.runs < listed)
        return false;
    for (int64_t i = 0; i < store->map.runs; i++) {
        bool retired = writer_status(store, i) == ROW_RETIRED;
        if (retired != (i >= listed))
            return false;
        if (retired)
            continue;
        struct keep_config keeps = writer_keep(store, i);
        if (store->identity[i] != plan_identity(plan, i) ||
            strcmp(keeps.weights.text, rows->rows.keep[i].weights.text) != 0)
            return false;
    }
    return true;
}

static enum status check_name(const struct store *store, const struct plan *plan, struct error *err)
{
    struct plan_shard own = plan_shard(plan);
    bool named = store->name && strcmp(store->name, plan_name(plan)) == 0;
    if (named && memcmp(&own, &store->shard, sizeof own) != 0)
        return error_set(err, ERR_FILE,
                         "%s: holds shard %d/%d of the sweep, this is %d/%d (0/0: all of it); give "
                         "each its own file with -o",
                         store->path, store->shard.index, store->shard.count, own.index, own.count);
    if (named)
        return OK;
    return error_set(err, ERR_FILE,
                     "%s: holds another sweep ('%s', this is '%s'); give this one its own file "
                     "with -o",
                     store->path, store->name ? store->name : "", plan_name(plan));
}

/* What the plan has more, and whether the rows that are kept can get it. */
static void compare_analyses(struct store_change *change, const struct origins *origins,
                             const struct plan *plan)
{
    change->analyses = plan_analyses(plan) & ~origins->sources[0]->analyses;
    for (int64_t i = 0; i < plan_count(plan) && change->analyses; i++) {
        const struct origin *origin = origins_find(origins, plan_identity(plan, i));
        if (!origin || origin_status(origins, origin) != ROW_DONE ||
            strcmp(origin_keep(origins, origin).weights.text, "none") != 0)
            continue;
        struct run_config config;
        plan_config(plan, i, &config);
        change->weightless += (run_analyses_for(&config) & change->analyses) != 0;
    }
}

static enum status compare(struct origins_rows *rows, struct origins *origins, const char *path,
                           const struct plan *plan, int flags, struct error *err)
{
    *rows = (struct origins_rows){0};
    enum status status = origins_open(origins, &path, 1, flags, err);
    if (status == OK)
        status = check_name(origins->sources[0], plan, err);
    if (status == OK)
        status = origins_rows(rows, origins, plan, err);
    if (status == OK)
        compare_analyses(&rows->change, origins, plan);
    if (status == OK)
        rows->change.same = rows->change.analyses == 0 && is_same(origins->sources[0], plan, rows);
    return status;
}

enum status store_compare(struct store_change *change, const char *path, const struct plan *plan,
                          struct error *err)
{
    struct origins origins = {0};
    struct origins_rows rows;
    enum status status = compare(&rows, &origins, path, plan, 0, err);
    *change = rows.change;
    origins_rows_dispose(&rows);
    origins_dispose(&origins);
    return status;
}

enum status store_merge(struct store_change *change, const char *path, const struct plan *plan,
                        const char *const *parts, int count,
                        const struct store_provenance *provenance, struct error *err)
{
    struct origins origins = {0};
    struct origins_rows rows = {0};
    struct layout layout = {0};
    struct stat info;
    if (lstat(path, &info) == 0)
        return error_set(err, ERR_FILE, "%s: exists already; name a new file", path);
    enum status status = origins_open(&origins, parts, count, OPEN_LOCK | OPEN_JUDGE, err);
    if (status == OK)
        status = origins_rows(&rows, &origins, plan, err);
    *change = rows.change;
    if (status == OK)
        status = layout_plan(&layout, plan, &rows.rows, err);
    if (status == OK)
        status = transfer(path, &layout, plan_count(plan), &origins, provenance, PUBLISH_NEW, err);
    layout_dispose(&layout);
    origins_rows_dispose(&rows);
    origins_dispose(&origins);
    return status;
}

enum status store_change(struct store_change *change, const char *path, const struct plan *plan,
                         const struct store_provenance *provenance, bool break_lock,
                         struct error *err)
{
    struct origins origins = {0};
    struct origins_rows rows;
    struct layout layout = {0};
    int flags = OPEN_LOCK | OPEN_JUDGE | (break_lock ? OPEN_BREAK_LOCK : 0);
    enum status status = compare(&rows, &origins, path, plan, flags, err);
    *change = rows.change;
    if (status == OK && !change->same)
        status = layout_plan(&layout, plan, &rows.rows, err);
    if (status == OK && !change->same)
        status = transfer(path, &layout, plan_count(plan), &origins, provenance, PUBLISH_OVER, err);
    layout_dispose(&layout);
    origins_rows_dispose(&rows);
    origins_dispose(&origins);
    return status;
}
