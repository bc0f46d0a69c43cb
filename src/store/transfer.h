/* transfer.h - the one way in which a result file changes its shape: a new file with its own
 * layout, into which rows are copied by identity from older ones; temporary name, sync, rename. A
 * crash leaves the old file or the new one. */
#ifndef STORE_TRANSFER_H
#define STORE_TRANSFER_H

#include "layout.h"
#include "origins.h"

enum publishing { PUBLISH_NEW, PUBLISH_OVER };

/* Makes `path` from the layout of `rows`; rows behind the first `listed` are retired. */
enum status transfer(const char *path, const struct layout *layout, int64_t listed,
                     const struct origins *origins, const struct store_provenance *provenance,
                     enum publishing publishing, struct error *err) MUST_CHECK;

#endif
