/* logs.h - FILE.h5.logs/<run>: the end of what a failed attempt wrote, one file a run. */
#ifndef CLUSTER_LOGS_H
#define CLUSTER_LOGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cluster/message.h"

/* Writes the log of the last failed attempt, as text_clean leaves it with line ends and tabs.
 * Returns ERR_IO when it can not; the sweep goes on without. */
enum status logs_keep(const char *file, uint64_t identity, const struct message_failed *failed,
                      const char *host, int rank, const char *log, size_t bytes,
                      struct error *err) MUST_CHECK;

#endif
