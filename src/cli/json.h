/* json.h - pieces of JSON on a stream. The forms are told in src/json.md. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdio.h>

/* Raised when a member of any form changes its meaning or goes; a new member leaves it. */
enum { JSON_VERSION = 1 };

/* "text" in quotes; control characters, quotes and backslashes are escaped, UTF-8 passes. */
void json_text(FILE *to, const char *text);

/* The shortest number that reads back to the same double; null when it is not finite. */
void json_number(FILE *to, double value);

/* `text` as the JSON value that it is: a number or a bool as such, anything else in quotes. */
void json_value(FILE *to, const char *text);

/* The begin of what every --json prints, an object that the caller ends: its form, which is named
 * after the command, and the version of that form. */
void json_begin(FILE *to, const char *command);

/* , "name": "text" */
void json_member(FILE *to, const char *name, const char *text);

#endif
