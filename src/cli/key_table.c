#include "key_table.h"

#include <stdio.h>
#include <string.h>

void key_range(char *text, size_t size, const struct key *key)
{
    static const char *const plain[] = {
        [KEY_INT] = "whole number",  [KEY_LONG] = "whole number", [KEY_REAL] = "number",
        [KEY_BOOL] = "true | false", [KEY_CHOICE] = "",           [KEY_TEXT] = "text",
    };
    snprintf(text, size, "%s", plain[key->type]);
    if (key->type == KEY_CHOICE) {
        size_t used = 0;
        for (int i = 0; key->choices[i] && used < size; i++)
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", i ? " | " : "", key->choices[i]);
        return;
    }
    bool number = key->type == KEY_INT || key->type == KEY_LONG || key->type == KEY_REAL;
    if (number && (key->min != 0 || key->max != 0)) {
        char low[KEY_TEXT_SIZE], high[KEY_TEXT_SIZE];
        number_print(key->min, low, sizeof low);
        number_print(key->max, high, sizeof high);
        snprintf(text, size, "%s, %s..%s", plain[key->type], low, high);
    }
}

const char *key_unit(const struct key *key)
{
    return key->unit && strcmp(key->unit, "1") != 0 ? key->unit : "";
}

const char *key_default(const struct key *key)
{
    return key->fallback && key->fallback[0] ? key->fallback : "(none)";
}
