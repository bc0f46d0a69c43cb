/* key_table.h - what a row of a key says, as text. */
#ifndef CLI_KEY_TABLE_H
#define CLI_KEY_TABLE_H

#include "run/run.h"

/* "whole number, 1..32", "joint | separate", "true | false", "text" */
void key_range(char *text, size_t size, const struct key *key);

/* "layers"; empty for a pure number and for words. */
const char *key_unit(const struct key *key);

/* "1"; "(none)" for an empty text. */
const char *key_default(const struct key *key);

#endif
