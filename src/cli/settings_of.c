#include "settings_of.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/run.h"

/* The value behind "key=" at the begin of a line; NULL: there is none. */
static const char *find(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0 && line[length] == '=')
            return line + length + 1;
    }
    return NULL;
}

void settings_of_value(char value[KEY_TEXT_SIZE], const char *text, int k)
{
    const struct key *key = schema_key(&run_schema, k);
    const char *found = find(text, key->name);
    if (!found)
        found = key->neutral ? key->neutral : "";
    snprintf(value, KEY_TEXT_SIZE, "%.*s", (int)strcspn(found, "\n"), found);
}

enum status settings_of_read(struct settings_of *settings, struct arrays *arrays, struct error *err)
{
    *settings = (struct settings_of){0};
    int place = arrays_find(arrays, "config");
    if (place < 0)
        return error_set(err, ERR_FILE, "the file has no configurations");
    settings->array = *arrays_at(arrays, place);
    enum status st = arrays_read((void **)&settings->texts, arrays, place, err);
    if (st != OK)
        return st;
    settings->keys = memory_zeroed((size_t)schema_keys(&run_schema) + 1, sizeof *settings->keys);
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        bool set = false;
        for (int64_t row = 0; row < array_elements(&settings->array) && !set; row++)
            set = find(settings->texts[row], schema_key(&run_schema, k)->name) != NULL;
        if (set)
            settings->keys[settings->count++] = k;
    }
    return OK;
}

void settings_of_dispose(struct settings_of *settings)
{
    arrays_free(settings->texts, &settings->array);
    free(settings->keys);
    *settings = (struct settings_of){0};
}
