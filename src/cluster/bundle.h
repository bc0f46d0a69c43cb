/* bundle.h - the body of a RUN message, made from the plan. */
#ifndef CLUSTER_BUNDLE_H
#define CLUSTER_BUNDLE_H

#include "cluster/message.h"
#include "sizes.h"
#include "store/store.h"

struct bundle {
    unsigned char *data; /* a struct message_run with its items; owned */
    size_t used, size;
    struct sizes sizes;
    struct plan_printer *printer; /* owned */
};

/* Empties it for runs whose checkpoints lie in `folder`. */
enum status bundle_begin(struct bundle *bundle, const char *folder, struct error *err) MUST_CHECK;

/* Adds one attempt of a run; of one that is done in the store, of what it lacks. *fits is false
 * when the run needs more memory than limits.memory allows, has more to say than a message may
 * hold, or can not get the weights that it starts from; then `why` has one line, and nothing was
 * added. */
struct bundle_order {
    const struct plan *plan;
    const struct store *store;
    int64_t run;
    int attempt;
};
enum status bundle_add(struct bundle *bundle, const struct bundle_order *order, bool *fits,
                       char *why, size_t why_size, struct error *err) MUST_CHECK;

void bundle_dispose(struct bundle *bundle);

#endif
