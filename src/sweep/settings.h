/* settings.h - values of several keys: what stands under set, grid, if, exclude ... */
#ifndef SWEEP_SETTINGS_H
#define SWEEP_SETTINGS_H

#include "values.h"

struct settings {
    struct values *items; /* owned; at most one for each key, in the order of the file */
    int count;
};

/* Reads a map of dotted or nested keys, and adds to what is there. A key that is there already is
 * refused. */
enum status settings_read(struct settings *settings, const struct yaml *yaml,
                          const struct yaml_node *map, const struct values_rule *rule,
                          struct error *err) MUST_CHECK;

/* Reads the values of one key by its whole name, and adds them. */
enum status settings_read_key(struct settings *settings, const char *name, const struct yaml *yaml,
                              const struct yaml_node *node, const struct values_rule *rule,
                              struct error *err) MUST_CHECK;

/* The values of that key, or NULL. */
struct values *settings_find(const struct settings *settings, int key);

/* Takes the values over. */
enum status settings_add(struct settings *settings, const struct values *values,
                         struct error *err) MUST_CHECK;

/* Drops the values of that key, if there are any. */
void settings_remove(struct settings *settings, int key);

void settings_dispose(struct settings *settings);

/* Value i of each key goes into config, but for the keys marked in `locked` (NULL: none). */
void settings_apply(struct run_config *config, const struct settings *settings, int64_t i,
                    const bool *locked);

/* Whether each key of config has one of its values. */
bool settings_match(const struct run_config *config, const struct settings *settings);

#endif
