/* The sections of a sweep file that make runs: set, grid, zip, random, include. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/number.h"
#include "parts.h"

static enum status no_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "no memory for the sweep file");
}

/* ---- blocks and axes */

struct block *blocks_add(struct plan *plan)
{
    size_t size = (size_t)(plan->block_count + 1) * sizeof *plan->blocks;
    struct block *blocks = realloc(plan->blocks, size);
    if (!blocks)
        return NULL;
    plan->blocks = blocks;
    blocks[plan->block_count] = (struct block){0};
    return &blocks[plan->block_count++];
}

enum status block_add_axis(struct block *block, struct settings *keys, struct error *err)
{
    struct sweep_axis *axes = realloc(block->axes, (size_t)(block->count + 1) * sizeof *axes);
    if (!axes)
        return no_memory(err);
    const struct values *first = &keys->items[0];
    axes[block->count++] = (struct sweep_axis){*keys, first->count, first->line, first->column};
    block->axes = axes;
    *keys = (struct settings){0};
    return OK;
}

/* An axis for each of the values, which move out of `settings`. */
static enum status add_each(struct block *block, struct settings *settings, struct error *err)
{
    enum status st = OK;
    for (int i = 0; i < settings->count && st == OK; i++) {
        struct settings one = {0};
        st = settings_add(&one, &settings->items[i], err);
        if (st == OK)
            settings->items[i] = (struct values){0};
        if (st == OK)
            st = block_add_axis(block, &one, err);
        settings_dispose(&one);
    }
    return st;
}

static void remove_axis(struct block *block, int a)
{
    settings_dispose(&block->axes[a].keys);
    block->count--;
    memmove(&block->axes[a], &block->axes[a + 1], (size_t)(block->count - a) * sizeof *block->axes);
}

void blocks_dispose(struct plan *plan)
{
    for (int b = 0; b < plan->block_count; b++) {
        while (plan->blocks[b].count > 0)
            remove_axis(&plan->blocks[b], plan->blocks[b].count - 1);
        free(plan->blocks[b].axes);
    }
    free(plan->blocks);
}

static int find_axis(const struct block *block, int key)
{
    for (int a = 0; a < block->count; a++)
        if (settings_find(&block->axes[a].keys, key))
            return a;
    return -1;
}

/* In the place of an axis of its own; else the key leaves its axis, and several values become the
 * last axis. */
static enum status force(struct block *block, const struct values *values, struct error *err)
{
    struct values copy;
    struct settings keys = {0};
    int a = find_axis(block, values->key);
    bool own = a >= 0 && block->axes[a].keys.count == 1;
    if (a >= 0 && !own)
        settings_remove(&block->axes[a].keys, values->key);
    if (!own && values->count == 1)
        return OK; /* it stands in `set` */
    enum status st = values_copy(&copy, values, err);
    if (st == OK && (st = settings_add(&keys, &copy, err)) != OK)
        values_dispose(&copy);
    if (st == OK && !own)
        st = block_add_axis(block, &keys, err);
    if (st == OK && own) {
        settings_dispose(&block->axes[a].keys);
        block->axes[a] = (struct sweep_axis){keys, values->count, values->line, values->column};
        keys = (struct settings){0};
    }
    settings_dispose(&keys);
    return st;
}

enum status blocks_force(struct plan *plan, struct values *values, struct error *err)
{
    enum status st = OK;
    plan->locked[values->key] = true;
    for (int b = 0; b < plan->block_count && st == OK; b++)
        st = force(&plan->blocks[b], values, err);
    if (st != OK)
        return st;
    settings_remove(&plan->set, values->key);
    return settings_add(&plan->set, values, err);
}

/* ---- sections */

static enum status read_settings(struct settings *settings, const struct plan *plan,
                                 const struct yaml *yaml, const struct yaml_node *map,
                                 struct error *err)
{
    const struct values_rule many = {.allowed = MANY_VALUES, .limit = plan->limit};
    return settings_read(settings, yaml, map, &many, err);
}

enum status blocks_read_bounded(struct settings *settings, struct plan *plan,
                                const struct yaml *yaml, const struct yaml_node *map,
                                struct error *err)
{
    int64_t left = plan->limit - plan->listed;
    const struct values_rule rule = {.allowed = MANY_VALUES, .limit = left > 1 ? left : 1};
    enum status st = settings_read(settings, yaml, map, &rule, err);
    for (int i = 0; i < settings->count; i++)
        if (settings->items[i].count > 1)
            plan->listed += settings->items[i].count;
    return st;
}

enum status blocks_read_set(struct plan *plan, const struct yaml *yaml,
                            const struct yaml_node *node, struct error *err)
{
    const struct values_rule one = {.allowed = ONE_VALUE, .limit = 1};
    return settings_read(&plan->set, yaml, node, &one, err);
}

/* A key has one place among set, grid, zip and random. */
static enum status check_first(const struct plan *plan, const struct yaml *yaml,
                               const struct settings *settings, struct error *err)
{
    for (int i = 0; i < settings->count; i++) {
        const struct values *values = &settings->items[i];
        const struct yaml_node place = {.line = values->line, .column = values->column};
        int a = find_axis(&plan->blocks[0], values->key);
        const struct values *same = settings_find(&plan->set, values->key);
        if (!same && a < 0)
            continue;
        const struct values *first =
            same ? same : settings_find(&plan->blocks[0].axes[a].keys, values->key);
        return yaml_refuse(yaml, &place, err, "%s: given twice, first in line %d%s",
                           schema_key(&run_schema, values->key)->name, first->line,
                           same ? " under set" : "");
    }
    return OK;
}

enum status blocks_read_grid(struct plan *plan, const struct yaml *yaml,
                             const struct yaml_node *node, struct error *err)
{
    struct settings settings = {0};
    enum status st = read_settings(&settings, plan, yaml, node, err);
    if (st == OK)
        st = check_first(plan, yaml, &settings, err);
    if (st == OK)
        st = add_each(&plan->blocks[0], &settings, err);
    settings_dispose(&settings);
    return st;
}

static enum status check_lengths(const struct yaml *yaml, const struct settings *settings,
                                 struct error *err)
{
    const struct values *first = &settings->items[0];
    for (int i = 1; i < settings->count; i++) {
        const struct values *values = &settings->items[i];
        const struct yaml_node place = {.line = values->line, .column = values->column};
        if (values->count != first->count)
            return yaml_refuse(yaml, &place, err,
                               "%s: %lld values, but %s has %lld; keys that go together have as "
                               "many",
                               schema_key(&run_schema, values->key)->name, (long long)values->count,
                               schema_key(&run_schema, first->key)->name, (long long)first->count);
    }
    return OK;
}

enum status blocks_read_zip(struct plan *plan, const struct yaml *yaml,
                            const struct yaml_node *node, struct error *err)
{
    enum status st = OK;
    for (const struct yaml_node *entry = node->first; st == OK && entry; entry = entry->next) {
        struct settings settings = {0};
        if (entry->kind != YAML_MAP || entry->count == 0)
            return yaml_refuse(yaml, entry, err,
                               "zip: no keys that go together, allowed is a map as in "
                               "{model.depth: [1, 2], train.steps: [500, 1000]}");
        st = read_settings(&settings, plan, yaml, entry, err);
        if (st == OK)
            st = check_first(plan, yaml, &settings, err);
        if (st == OK)
            st = check_lengths(yaml, &settings, err);
        if (st == OK)
            st = block_add_axis(&plan->blocks[0], &settings, err);
        settings_dispose(&settings);
    }
    return st;
}

/* "samples" and "stream": integers. */
static enum status read_integer(int64_t *value, const struct yaml *yaml,
                                const struct yaml_node *node, int64_t least, int64_t most,
                                struct error *err)
{
    char shown[TEXT_SHOWN];
    if (node->kind == YAML_SCALAR && node->plain && number_parse_integer(value, node->text) &&
        *value >= least && *value <= most)
        return OK;
    return yaml_refuse(yaml, node, err, "random: %s: '%s' is no integer %lld..%lld",
                       node->key->text, node->text ? text_show(shown, node->text) : "a list or map",
                       (long long)least, (long long)most);
}

/* The integers beside `over`: absent ones keep what is there. */
static enum status read_integers(int64_t *samples, int64_t *quick, int64_t *stream,
                                 const struct yaml *yaml, const struct yaml_node *node,
                                 int64_t limit, struct error *err)
{
    const struct {
        const char *name;
        int64_t *value, least, most;
    } integers[] = {{"samples", samples, 1, limit},
                    {"quick", quick, 1, limit},
                    {"stream", stream, 0, INT64_C(1) << 53}};
    int known = 1; /* over */
    enum status st = OK;
    for (size_t i = 0; i < sizeof integers / sizeof integers[0] && st == OK; i++) {
        const struct yaml_node *entry = yaml_find(node, integers[i].name);
        known += entry != NULL;
        if (entry)
            st = read_integer(integers[i].value, yaml, entry, integers[i].least, integers[i].most,
                              err);
    }
    const struct yaml_node *over = yaml_find(node, "over");
    if (st == OK && (*samples == 0 || !over || node->count != known || over->kind != YAML_MAP ||
                     over->count == 0))
        return yaml_refuse(yaml, node, err,
                           "random: allowed are samples, over, quick and stream, as in {samples: "
                           "100, over: {train.rate: {log: [1e-4, 1e-2]}}, quick: 4, stream: 0}");
    if (st == OK && *quick > *samples)
        return yaml_refuse(yaml, yaml_find(node, "quick"), err,
                           "random: quick: %lld is more than samples, %lld; --quick takes the "
                           "first of these",
                           (long long)*quick, (long long)*samples);
    return st;
}

enum status blocks_read_random(struct plan *plan, const struct yaml *yaml,
                               const struct yaml_node *node, struct error *err)
{
    struct settings settings = {0};
    int64_t samples = 0, quick = 0, stream = 0;
    enum status st = read_integers(&samples, &quick, &stream, yaml, node, plan->limit, err);
    if (st == OK) {
        const struct values_rule drawn = {.allowed = DRAWN_VALUES,
                                          .limit = plan->quick && quick ? quick : samples,
                                          .stream = (uint64_t)stream};
        st = settings_read(&settings, yaml, yaml_find(node, "over"), &drawn, err);
    }
    if (st == OK)
        st = check_first(plan, yaml, &settings, err);
    if (st == OK)
        st = block_add_axis(&plan->blocks[0], &settings, err);
    settings_dispose(&settings);
    return st;
}

enum status blocks_read_include(struct plan *plan, const struct yaml *yaml,
                                const struct yaml_node *node, struct error *err)
{
    enum status st = OK;
    for (const struct yaml_node *entry = node->first; st == OK && entry; entry = entry->next) {
        struct settings settings = {0};
        if (entry->kind != YAML_MAP || entry->count == 0)
            return yaml_refuse(yaml, entry, err,
                               "include: no run, allowed is a map as in {model.depth: 8, seed: "
                               "[0, 1]}; runs from a file stand under points");
        struct block *block = blocks_add(plan);
        st = block ? blocks_read_bounded(&settings, plan, yaml, entry, err) : no_memory(err);
        if (st == OK)
            st = add_each(block, &settings, err);
        settings_dispose(&settings);
    }
    return st;
}
