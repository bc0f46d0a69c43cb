/* settings_of.h - what the runs of a file were set to, from their canonical texts. */
#ifndef CLI_SETTINGS_OF_H
#define CLI_SETTINGS_OF_H

#include "config/key.h"
#include "store/arrays.h"

struct settings_of {
    char **texts; /* [rows]: "key=value" lines; owned */
    struct array array;
    int *keys; /* [count] of run_schema: those that some run sets, in the order of the schema; owned
                */
    int count;
};

enum status settings_of_read(struct settings_of *settings, struct arrays *arrays,
                             struct error *err) MUST_CHECK;
void settings_of_dispose(struct settings_of *settings);

/* The value of key k of run_schema in a canonical text; its neutral one when the text is silent. */
void settings_of_value(char value[KEY_TEXT_SIZE], const char *text, int k);

#endif
