/* show_run.h - one run in full, for people. */
#ifndef CLI_SHOW_RUN_H
#define CLI_SHOW_RUN_H

#include "store/store.h"

/* Prints a row of the file that the reader is of: configuration, curves, results, tensors. */
enum status show_run(const struct reader *reader, const char *file, int64_t row,
                     struct error *err) MUST_CHECK;

#endif
