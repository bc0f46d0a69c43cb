/* sweep.h - a command line that names a sweep file: `run`, `plan`, `sbatch`. */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H

#include "options.h"
#include "sweep/plan.h"

/* clang-format off */
#define SWEEP_QUICK_ROW                                                                            \
    {"quick", OPTION_QUICK, NULL, 0, "Apply the settings that the sweep lists under quick:", 0}
#define SWEEP_OPTION_ROWS                                                                          \
    SWEEP_QUICK_ROW,                                                                               \
    {"output", OPTION_OUTPUT, "FILE.h5", 0, "The result file; default: the sweep's name, with .quick.h5 or .h5", 0}
/* clang-format on */

/* Checks the words of the command line: one sweep file, then settings. */
enum status sweep_words(const struct options *options, const struct command *self,
                        struct error *err) MUST_CHECK;

/* Reads the sweep with what the command line sets on top. */
enum status sweep_plan(struct plan **plan, const struct options *options,
                       struct error *err) MUST_CHECK;

/* The result file: what --output says, else the sweep's name in the current folder. */
enum status sweep_file(char *file, size_t size, const struct plan *plan,
                       const struct options *options, struct error *err) MUST_CHECK;

#endif
