/* show_run.h - one run in full, for people or as JSON. */
#ifndef CLI_SHOW_RUN_H
#define CLI_SHOW_RUN_H

#include "options.h"
#include "store/store.h"

/* Prints a row of the file options->words[0], which the reader is of: configuration, curves,
 * results, tensors. */
enum status show_run(const struct reader *reader, const struct options *options, int64_t row,
                     struct error *err) MUST_CHECK;

/* The same as a JSON object with every number. */
void show_run_json(const struct reader *reader, const char *file, int64_t row,
                   struct detail *detail);

#endif
