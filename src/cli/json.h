/* json.h - pieces of JSON on a stream. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdio.h>

/* "text" in quotes; control characters, quotes and backslashes are escaped, UTF-8 passes. */
void json_text(FILE *to, const char *text);

/* The shortest number that reads back to the same double; null when it is not finite. */
void json_number(FILE *to, double value);

/* `text` as the JSON value that it is: a number or a bool as such, anything else in quotes. */
void json_value(FILE *to, const char *text);

#endif
