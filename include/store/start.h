/* start.h - the weights that a run starts from, out of the result file that has them. */
#ifndef STORE_START_H
#define STORE_START_H

#include <stddef.h>

#include "run/config.h"

/* weights [count], the parameters of the run's model, as run_host wants them: from the run
 * start.run in the file start.file. (NULL, 0) when the run starts from none; freed by the caller.
 * Needs no lock. ERR_FILE when the file is no result file, or has no such run that is done, whole,
 * and kept its weights; ERR_CONFIG when they do not fit (start_map). These messages begin with the
 * key, start.file or start.run. */
enum status start_weights(float **weights, size_t *count, const struct run_config *config,
                          struct error *err) MUST_CHECK;

#endif
