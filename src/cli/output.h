/* output.h - what a command writes: standard output, or a file that is there whole or not at all.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <limits.h>
#include <stdio.h>

#include "base/text.h"

struct output {
    FILE *to;
    const char *path; /* NULL: standard output */
    char temporary[PATH_MAX];
};

/* A file of that name, if there is one, is replaced by output_close only. */
enum status output_open(struct output *output, const char *path, struct error *err) MUST_CHECK;

/* Syncs and renames if `st` is OK, else removes what was written. Returns st, or what went wrong.
 */
enum status output_close(struct output *output, enum status st, struct error *err) MUST_CHECK;

/* Writes a file of that name, which must not be there: ERR_USAGE. */
enum status output_new(const char *path, const struct text *text, struct error *err) MUST_CHECK;

#endif
