#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct values *settings_find(const struct settings *settings, int key)
{
    for (int i = 0; i < settings->count; i++)
        if (settings->items[i].key == key)
            return &settings->items[i];
    return NULL;
}

enum status settings_add(struct settings *settings, const struct values *values, struct error *err)
{
    size_t size = (size_t)(settings->count + 1) * sizeof *settings->items;
    struct values *items = realloc(settings->items, size);
    if (!items)
        return error_set(err, ERR_MEMORY, "no memory for the settings of the sweep file");
    items[settings->count++] = *values;
    settings->items = items;
    return OK;
}

void settings_dispose(struct settings *settings)
{
    for (int i = 0; i < settings->count; i++)
        values_dispose(&settings->items[i]);
    free(settings->items);
    *settings = (struct settings){0};
}

/* Whether names of keys begin with `path` and a dot. */
static bool is_section(const char *path)
{
    size_t length = strlen(path);
    int keys = schema_keys(&run_schema);
    for (int k = 0; k < keys; k++) {
        const char *name = schema_key(&run_schema, k)->name;
        if (strncmp(name, path, length) == 0 && name[length] == '.')
            return true;
    }
    return false;
}

static enum status refuse_unknown(const char *name, const struct yaml *yaml,
                                  const struct yaml_node *node, struct error *err)
{
    char shown[TEXT_SHOWN];
    const struct yaml_node *place = node->key ? node->key : node;
    const char *known = schema_suggest(&run_schema, name);
    text_show(shown, name);
    if (is_section(name))
        return yaml_refuse(yaml, place, err,
                           "%s: a group of keys, not a key; 'mesasweep keys' "
                           "lists them",
                           shown);
    if (known)
        return yaml_refuse(yaml, place, err, "%s: unknown key, did you mean %s?", shown, known);
    return yaml_refuse(yaml, place, err, "%s: unknown key, 'mesasweep keys' lists all", shown);
}

enum status settings_read_key(struct settings *settings, const char *name, const struct yaml *yaml,
                              const struct yaml_node *node, const struct values_rule *rule,
                              struct error *err)
{
    int key = schema_find(&run_schema, name);
    if (key < 0)
        return refuse_unknown(name, yaml, node, err);
    const struct values *same = settings_find(settings, key);
    if (same)
        return yaml_refuse(yaml, node->key ? node->key : node, err,
                           "%s: given twice, first in line %d", name, same->line);
    struct values values;
    enum status st = values_read(&values, key, yaml, node, rule, err);
    if (st != OK)
        return st;
    st = settings_add(settings, &values, err);
    if (st != OK)
        values_dispose(&values);
    return st;
}

/* What stays the same while nested maps are walked. */
struct walk {
    struct settings *settings;
    const struct yaml *yaml;
    const struct values_rule *rule;
};

static enum status read_map(const struct walk *walk, const struct yaml_node *map,
                            const char *prefix, struct error *err)
{
    enum status st = OK;
    for (const struct yaml_node *entry = map->first; st == OK && entry; entry = entry->next) {
        char path[2 * KEY_NAME_SIZE]; /* a longer name is cut, and unknown all the same */
        snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "", entry->key->text);
        if (entry->kind == YAML_MAP && schema_find(&run_schema, path) < 0 && is_section(path))
            st = read_map(walk, entry, path, err);
        else
            st = settings_read_key(walk->settings, path, walk->yaml, entry, walk->rule, err);
    }
    return st;
}

enum status settings_read(struct settings *settings, const struct yaml *yaml,
                          const struct yaml_node *map, const struct values_rule *rule,
                          struct error *err)
{
    return read_map(&(struct walk){settings, yaml, rule}, map, "", err);
}

void settings_apply(struct run_config *config, const struct settings *settings, int64_t i,
                    const bool *locked)
{
    for (int s = 0; s < settings->count; s++)
        if (!locked || !locked[settings->items[s].key])
            values_put(config, &settings->items[s], i);
}

void settings_remove(struct settings *settings, int key)
{
    int kept = 0;
    for (int i = 0; i < settings->count; i++)
        if (settings->items[i].key == key)
            values_dispose(&settings->items[i]);
        else
            settings->items[kept++] = settings->items[i];
    settings->count = kept;
}

bool settings_match(const struct run_config *config, const struct settings *settings)
{
    for (int i = 0; i < settings->count; i++)
        if (!values_match(config, &settings->items[i]))
            return false;
    return true;
}
