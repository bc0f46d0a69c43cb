/* From axes, conditions and exclusions to the list of runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "canonical.h"
#include "parts.h"
#include "run/kinds.h"

/* ---- points */

/* The block that has the point. */
static const struct block *find_block(const struct plan *plan, int64_t point)
{
    int low = 0, high = plan->block_count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (plan->blocks[middle].first <= point)
            low = middle;
        else
            high = middle - 1;
    }
    return &plan->blocks[low];
}

void expand_point(const struct plan *plan, int64_t point, struct run_config *config)
{
    const struct block *block = find_block(plan, point);
    point -= block->first;
    *config = plan->base;
    for (int a = block->count - 1; a >= 0; a--) {
        const struct sweep_axis *axis = &block->axes[a];
        settings_apply(config, &axis->keys, point % axis->count, NULL);
        point /= axis->count;
    }
    for (int w = 0; block == plan->blocks && w < plan->when.count; w++)
        if (settings_match(config, &plan->when.items[w].condition))
            settings_apply(config, &plan->when.items[w].set, 0, plan->locked);
}

static bool is_excluded(const struct plan *plan, const struct run_config *config)
{
    for (int e = 0; e < plan->exclude.count; e++)
        if (settings_match(config, &plan->exclude.items[e].condition))
            return true;
    return false;
}

static enum status refuse_at(const struct plan *plan, int line, int column, struct error *err)
{
    if (line == 0)
        return error_in(err, ERR_CONFIG, "command line");
    return error_in(err, ERR_CONFIG, "%s:%d:%d", plan->path, line, column);
}

/* The points of a block, of which the whole sweep has no more than `most`. */
static enum status count_block(struct block *block, const struct plan *plan, int64_t most,
                               struct error *err)
{
    block->points = 1;
    for (int a = 0; a < block->count; a++) {
        const struct sweep_axis *axis = &block->axes[a];
        if (axis->count > most / block->points) {
            error_set(err, ERR_CONFIG,
                      "%s: with these %" PRId64 " values the sweep has more runs than limit allows "
                      "(%" PRId64 ")",
                      schema_key(&run_schema, axis->keys.items[0].key)->name, axis->count,
                      plan->limit);
            return refuse_at(plan, axis->line, axis->column, err);
        }
        block->points *= axis->count;
    }
    return OK;
}

static enum status count_points(int64_t *points, struct plan *plan, struct error *err)
{
    enum status st = OK;
    *points = 0;
    for (int b = 0; b < plan->block_count && st == OK; b++) {
        struct block *block = &plan->blocks[b];
        block->first = *points;
        if (b > 0 || !plan->gridless)
            st = count_block(block, plan, plan->limit - *points, err);
        *points += block->points;
    }
    return st;
}

/* ---- checks across keys */

/* Where config got its value of that key: the last of set, the block and when that gave it. */
static const struct values *find_source(const struct plan *plan, const struct block *block,
                                        const struct run_config *config, int key)
{
    const struct values *source = settings_find(&plan->set, key);
    for (int a = 0; a < block->count; a++) {
        const struct values *given = settings_find(&block->axes[a].keys, key);
        source = given ? given : source;
    }
    for (int w = 0; block == plan->blocks && w < plan->when.count && !plan->locked[key]; w++) {
        const struct values *given = settings_find(&plan->when.items[w].set, key);
        if (given && values_match(config, given))
            source = given;
    }
    return source;
}

/* The engine's message begins with the key that it is about. */
static int key_of_message(const char *message)
{
    char name[KEY_NAME_SIZE];
    size_t length = strcspn(message, ": ");
    if (length >= sizeof name)
        return -1;
    memcpy(name, message, length);
    name[length] = '\0';
    return schema_find(&run_schema, name);
}

/* " (run 7: model.depth=2 seed=1)" behind the message. */
static void name_run(struct error *err, const struct block *block, const struct run_config *config,
                     int64_t number)
{
    struct text where = {0};
    struct error found = *err;
    for (int a = 0; a < block->count; a++) {
        const struct settings *keys = &block->axes[a].keys;
        for (int i = 0; i < keys->count; i++) {
            char value[KEY_TEXT_SIZE];
            schema_print(&run_schema, config, keys->items[i].key, value, sizeof value);
            text_print(&where, "%s%s=%s", a + i ? " " : ": ",
                       schema_key(&run_schema, keys->items[i].key)->name, value);
        }
    }
    error_set(err, ERR_CONFIG, "%s (run %" PRId64 "%s)", found.text, number,
              where.data ? where.data : "");
    text_dispose(&where);
}

enum status plan_refuse(const struct plan *plan, int64_t run, struct error *err)
{
    struct run_config config;
    plan_config(plan, run, &config);
    const struct block *block = find_block(plan, plan->runs[run].point);
    int key = key_of_message(err->text);
    const struct values *source = key < 0 ? NULL : find_source(plan, block, &config, key);
    name_run(err, block, &config, run);
    return refuse_at(plan, source ? source->line : 1, source ? source->column : 1, err);
}

static enum status check(const struct plan *plan, const struct run_config *config,
                         struct error *err)
{
    struct error found = {""};
    enum status st = run_check(config, NULL, &found);
    if (st == ERR_CONFIG)
        plan_refuse(plan, plan->count, &found);
    return st == OK ? OK : error_set(err, st, "%s", found.text);
}

/* Whether config meets all of `require`. */
static enum status meets(bool *met, const struct plan *plan, const struct run_config *config,
                         int64_t point, struct error *err)
{
    *met = true;
    for (int r = 0; r < plan->require_count && *met; r++) {
        const struct requirement *requirement = &plan->require[r];
        enum status st = expression_holds(met, requirement->condition, config, err);
        if (st == OK)
            continue;
        error_in(err, st, "require");
        name_run(err, find_block(plan, point), config, plan->count);
        return refuse_at(plan, requirement->line, requirement->column, err);
    }
    return OK;
}

/* ---- runs, each once */

/* The runs so far by identity: open addressing, number of the run + 1, 0 for free. Two different
 * runs with one identity are not expected: 3e-8 for a million of runs. */
struct seen {
    uint32_t *slots;
    size_t mask;
};

static bool seen_before(const struct seen *seen, const struct run *runs, int64_t run)
{
    size_t at = (size_t)runs[run].identity & seen->mask;
    for (; seen->slots[at]; at = (at + 1) & seen->mask)
        if (runs[seen->slots[at] - 1].identity == runs[run].identity)
            return true;
    seen->slots[at] = (uint32_t)run + 1;
    return false;
}

static enum status list_runs(struct plan *plan, int64_t points, const struct seen *seen,
                             struct kinds *kinds, struct canonical *canonical, struct error *err)
{
    struct run_config config;
    for (int64_t point = 0; point < points; point++) {
        expand_point(plan, point, &config);
        bool met, excluded = is_excluded(plan, &config);
        enum status st = excluded ? OK : meets(&met, plan, &config, point, err);
        if (st != OK)
            return st;
        if (excluded || !met) {
            plan->excluded += excluded;
            plan->unmet += !excluded;
            continue;
        }
        plan->runs[plan->count] = (struct run){canonical_identity(canonical, &config), point};
        if (seen_before(seen, plan->runs, plan->count)) {
            plan->duplicates++;
            continue;
        }
        int kind, known = kinds_count(kinds);
        st = kinds_find(&kind, kinds, &config, err);
        if (st == OK && kind == known)
            st = check(plan, &config, err);
        if (st != OK)
            return st;
        plan->count++;
    }
    return OK;
}

static enum status no_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "no memory for the list of runs");
}

static enum status make_runs(struct plan *plan, struct error *err)
{
    int64_t points;
    enum status st = count_points(&points, plan, err);
    if (st != OK)
        return st;
    struct seen seen = {.mask = 1};
    while (seen.mask < 2 * (size_t)points)
        seen.mask = 2 * seen.mask + 1;
    struct kinds *kinds = NULL;
    struct canonical *canonical = malloc(sizeof *canonical);
    seen.slots = calloc(seen.mask + 1, sizeof *seen.slots);
    plan->runs = calloc((size_t)points + 1, sizeof *plan->runs);
    st = canonical && seen.slots && plan->runs ? kinds_create(&kinds, err) : no_memory(err);
    if (st == OK) {
        canonical_begin(canonical, PLAN_TEXT_CANONICAL);
        st = list_runs(plan, points, &seen, kinds, canonical, err);
    }
    kinds_destroy(kinds);
    free(canonical);
    free(seen.slots);
    if (st == OK && plan->count == 0) {
        error_set(err, ERR_CONFIG, "%s: leaves no run",
                  plan->unmet > 0      ? "require"
                  : plan->excluded > 0 ? "exclude"
                                       : "include");
        return refuse_at(plan, 1, 1, err);
    }
    if (st == OK && plan->count < points) {
        struct run *fewer = realloc(plan->runs, (size_t)plan->count * sizeof *plan->runs);
        plan->runs = fewer ? fewer : plan->runs;
    }
    return st;
}

/* ---- swept keys */

/* Marks the keys of `settings` whose value in config is not that of the first run. */
static void mark_changes(bool *swept, const struct settings *settings,
                         const struct run_config *config, const struct run_config *first)
{
    for (int i = 0; i < settings->count; i++) {
        int key = settings->items[i].key;
        if (!swept[key] && !schema_equal(&run_schema, config, first, key))
            swept[key] = true;
    }
}

static enum status list_swept(struct plan *plan, struct error *err)
{
    int keys = schema_keys(&run_schema);
    bool *swept = calloc((size_t)keys, sizeof *swept);
    plan->swept = calloc((size_t)keys, sizeof *plan->swept);
    if (!swept || !plan->swept) {
        free(swept);
        return no_memory(err);
    }
    for (int a = 0; a < plan->blocks[0].count; a++)
        for (int i = 0; i < plan->blocks[0].axes[a].keys.count; i++)
            swept[plan->blocks[0].axes[a].keys.items[i].key] = true;
    struct run_config first, config;
    plan_config(plan, 0, &first);
    bool more = plan->when.count > 0 || plan->block_count > 1;
    for (int64_t run = 1; run < plan->count && more; run++) {
        plan_config(plan, run, &config);
        const struct block *block = find_block(plan, plan->runs[run].point);
        for (int w = 0; w < plan->when.count; w++)
            mark_changes(swept, &plan->when.items[w].set, &config, &first);
        for (int a = 0; a < block->count; a++)
            mark_changes(swept, &block->axes[a].keys, &config, &first);
    }
    for (int k = 0; k < keys; k++)
        if (swept[k])
            plan->swept[plan->swept_count++] = k;
    free(swept);
    return OK;
}

/* Comes last: what is swept, and what is wrong, is that of the whole sweep. */
static void take_shard(struct plan *plan)
{
    const struct plan_shard *shard = &plan->shard;
    int64_t kept = 0;
    for (int64_t i = 0; i < plan->count && shard->count > 0; i++)
        if (plan->runs[i].identity % (uint64_t)shard->count == (uint64_t)shard->index)
            plan->runs[kept++] = plan->runs[i];
    if (shard->count > 0)
        plan->count = kept;
}

enum status expand(struct plan *plan, struct error *err)
{
    schema_defaults(&run_schema, &plan->base);
    settings_apply(&plan->base, &plan->set, 0, NULL);
    enum status st = make_runs(plan, err);
    if (st == OK)
        st = list_swept(plan, err);
    if (st == OK)
        take_shard(plan);
    return st;
}
