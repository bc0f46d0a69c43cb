/* checkpoints.h - the folder FILE.h5.checkpoints as the coordinator sees it: it removes what is no
 * longer of use, and the folder when it is empty. Engine children write there: checkpoint.h. */
#ifndef CLUSTER_CHECKPOINTS_H
#define CLUSTER_CHECKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Seconds from the end of a run to the removal of its checkpoint: by then its row is on the disk,
 * so that a crash in between does not cost all of a long run. */
#define CHECKPOINTS_PATIENCE 10.0

struct checkpoints {
    char *folder;    /* a path from the root; owned */
    uint64_t *found; /* [found_count], ascending: identities of those that were there */
    size_t found_count;
    struct ended {
        uint64_t identity;
        double at;
    } * ended; /* [ended_count], whose checkpoints are to be removed, oldest first */
    size_t ended_count, ended_size;
};

/* Looks what is there for the result file `file`, removes what was being written. Start with {0};
 * dispose in any case. */
enum status checkpoints_open(struct checkpoints *checkpoints, const char *file,
                             struct error *err) MUST_CHECK;
void checkpoints_dispose(struct checkpoints *checkpoints);

/* A run ended for good at the time `at`, of which this job may have made a checkpoint if `ours`. */
enum status checkpoints_over(struct checkpoints *checkpoints, uint64_t identity, bool ours,
                             double at, struct error *err) MUST_CHECK;

/* Removes those of runs that ended at `until` or before. */
void checkpoints_remove(struct checkpoints *checkpoints, double until);

#endif
