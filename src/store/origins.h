/* origins.h - where the rows of a new file come from: rows of older ones, found by identity. */
#ifndef STORE_ORIGINS_H
#define STORE_ORIGINS_H

#include "layout.h"
#include "writer.h"

/* One row of one older file that has something to be kept. */
struct origin {
    uint64_t identity;
    int64_t row;
    int source; /* file */
    bool result;
};

struct origins {
    struct store **sources; /* open with OPEN_LOCK; owned, and their list */
    int source_count;
    struct origin *rows; /* ascending by identity, those with a result first; owned */
    int64_t count;
};

/* Opens the files, in that order; `flags` beside OPEN_LOCK. Start with {0}; dispose in any case. */
enum status origins_open(struct origins *origins, const char *const *paths, int count, int flags,
                         struct error *err) MUST_CHECK;
void origins_dispose(struct origins *origins);

/* The row to copy for a run, or NULL. */
const struct origin *origins_find(const struct origins *origins, uint64_t identity);

/* What became of the row: done, diverged, failed ...; of a retired row what it was before. */
enum row_status origin_status(const struct origins *origins, const struct origin *origin);

/* What the row keeps of its weights. */
struct keep_config origin_keep(const struct origins *origins, const struct origin *origin);

/* The rows of a new file of this plan. */
struct origins_rows {
    struct layout_rows rows; /* for layout_plan; what it points to is owned */
    struct store_change change;
};
enum status origins_rows(struct origins_rows *rows, const struct origins *origins,
                         const struct plan *plan, struct error *err) MUST_CHECK;
void origins_rows_dispose(struct origins_rows *rows);

#endif
