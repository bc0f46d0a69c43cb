/* bundle.h - the body of a RUN message, made from the plan. */
#ifndef CLUSTER_BUNDLE_H
#define CLUSTER_BUNDLE_H

#include "cluster/message.h"
#include "sizes.h"
#include "sweep/plan.h"

struct bundle {
    unsigned char *data; /* a struct message_run with its items; owned */
    size_t used, size;
    struct sizes sizes;
};

/* Empties it for the runs of this plan, whose checkpoints lie in `folder`. */
enum status bundle_begin(struct bundle *bundle, const struct plan *plan, const char *folder,
                         struct error *err) MUST_CHECK;

/* Adds one attempt of a run. *fits is false when the run needs more memory than limits.memory
 * allows, or has more to say than a message may hold; then `why` has one line, and nothing was
 * added. */
enum status bundle_add(struct bundle *bundle, const struct plan *plan, int64_t run, int attempt,
                       bool *fits, char *why, size_t why_size, struct error *err) MUST_CHECK;

void bundle_dispose(struct bundle *bundle);

#endif
