/* start.h - a run that starts from the weights of another one, which is finished.
 *
 * start.run is the identity of that run, and a part of this one's: it stands for the bits of those
 * weights, wherever they lie. start.file says where, and is no part of it.
 */
#ifndef RUN_START_H
#define RUN_START_H

#include <stdbool.h>
#include <stddef.h>

#include "run/config.h"

/* Whether `text` is a value of start.run: ERR_CONFIG "'3f2' is no identity of a run, ...". */
enum status start_check(const char *text, struct error *err) MUST_CHECK;

/* Whether a run starts from another, and from which. */
bool start_wanted(const struct run_config *config);
uint64_t start_identity(const struct run_config *config);

/* weights [parameters of the model of `config`] = those of the run `from`, kept [count] as
 * run_execute left them (snapshots, which follow, are not looked at): tensors of the same name in
 * the same layer. NaN: it has no such tensor, which is drawn. ERR_CONFIG when it has one of another
 * shape, or one that this model does not have. */
enum status start_map(float *weights, const struct run_config *config,
                      const struct run_config *from, const float *kept, size_t count,
                      struct error *err) MUST_CHECK;

#endif
