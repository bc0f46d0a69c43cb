/* starts.h - whether the runs of a plan can start from the runs that they name. */
#ifndef CLI_STARTS_H
#define CLI_STARTS_H

#include "sweep/plan.h"

/* Looks at the weights that runs start from which the file does not have as done (there need be no
 * such file): errors as start_weights, with their place in the sweep, and nothing is written.
 * ERR_CONFIG also when a file to start from is named and no run starts. */
enum status starts_check(const struct plan *plan, const char *file, struct error *err) MUST_CHECK;

#endif
