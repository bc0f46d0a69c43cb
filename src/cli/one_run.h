/* one_run.h - what commands about one run of a file share: `mesasweep NAME FILE.h5 RUN`. */
#ifndef CLI_ONE_RUN_H
#define CLI_ONE_RUN_H

#include "options.h"
#include "store/store.h"

/* What a command does with the row that it was asked for, of the file options->words[0]. */
typedef enum status one_run_print(const struct reader *reader, const struct options *options,
                                  int64_t row, struct error *err);

/* Parses the command line, opens the file, finds the run and hands its row to `print`. The code is
 * 0 when print returns OK. */
enum status one_run(int *code, const struct command *self, one_run_print *print, int argc,
                    char **argv, struct error *err) MUST_CHECK;

#endif
