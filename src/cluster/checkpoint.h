/* checkpoint.h - FILE.h5.checkpoints/<run>: what an engine child keeps of the run at work, so that
 * the next attempt goes on from there. The child's side; checkpoints.h has the coordinator's. */
#ifndef CLUSTER_CHECKPOINT_H
#define CLUSTER_CHECKPOINT_H

#include <limits.h>
#include <stdbool.h>

#include "cluster/message.h"

#define CHECKPOINT_NEW ".new"     /* behind the name of one that is being written */
#define CHECKPOINT_AT_A_DRAIN 2.0 /* seconds of work that are worth one */

struct checkpoint {
    char folder[PATH_MAX], path[PATH_MAX + 32], temporary[PATH_MAX + 40];
    double interval;
    double began, saved; /* seconds on the caller's clock; saved: the last one, or `began` */
    double share;        /* of the training that was done when first asked; < 0: not yet asked */
    double earlier;      /* seconds of the work that the one that was read holds */
};

/* For an attempt that begins now. False when the path is too long to keep any. */
bool checkpoint_begin(struct checkpoint *checkpoint, const char *folder,
                      const struct message_item *item, double now);

/* As run_host.restore and run_host.due say. *reason: errno when there is one that can not be read,
 * or 0. Due every interval in a run that is expected to take more than two of them, by what it did
 * so far, and when a stop would lose CHECKPOINT_AT_A_DRAIN. */
size_t checkpoint_read(struct checkpoint *checkpoint, unsigned char *bytes, int *reason,
                       size_t size);
bool checkpoint_due(struct checkpoint *checkpoint, double share, bool stopping, double now);

/* Those bytes, and how long the work took that led to them when it was last due: under a temporary
 * name, synced, renamed; the folder is made when it is not there. Returns 0, or
 * errno when it could not be written: the run goes on, the one before is kept. */
int checkpoint_write(const struct checkpoint *checkpoint, const unsigned char *bytes, size_t size);

/* One that is of no use; why goes into the log of the run. */
void checkpoint_remove(struct checkpoint *checkpoint, const char *why);

#endif
