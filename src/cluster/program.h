/* program.h - what program this is, so that all ranks can be found equal. */
#ifndef CLUSTER_PROGRAM_H
#define CLUSTER_PROGRAM_H

#include "base/error.h"
#include "cluster/message.h"

/* Fills in this process: digest of its file, process, host. */
enum status program_describe(struct message_ready *ready, struct error *err) MUST_CHECK;

/* ERR_USAGE with one line when `other` (of rank `rank`) is not the same program as `own` (rank 0).
 */
enum status program_compare(const struct message_ready *own, const struct message_ready *other,
                            int rank, struct error *err) MUST_CHECK;

#endif
