/* parts.h - what a plan is made of. */
#ifndef SWEEP_PARTS_H
#define SWEEP_PARTS_H

#include "settings.h"
#include "sweep/plan.h"

enum { LIMIT_DEFAULT = 1000000, LIMIT_MOST = 100000000 };

/* One entry of `when`, or of `exclude` (then `set` is empty). */
struct clause {
    struct settings condition, set;
};

struct clauses {
    struct clause *items; /* owned */
    int count;
};

struct run {
    uint64_t identity;
    int64_t point; /* number in the grid, first axis slowest */
};

struct plan {
    char *path, *name, *about, *text, *overrides; /* owned */
    bool quick, lists_analyses;
    struct plan_shard shard;
    uint64_t analyses;

    /* As the document and the command line say. */
    int64_t limit;
    struct settings set, grid;
    struct clauses when, exclude;
    bool *locked; /* of each key: set by quick or the command line, which `when` does not change */

    /* What follows from it. */
    struct run_config base; /* defaults and `set` */
    struct run *runs;       /* owned */
    int64_t count, duplicates, excluded;
    int *swept; /* owned */
    int swept_count;
};

/* Reads all sections of a document into the plan; quick settings count only with plan->quick. */
enum status document_read(struct plan *plan, const struct yaml *yaml, struct error *err) MUST_CHECK;

/* Reads one "key=value" of the command line. */
enum status document_override(struct plan *plan, const char *setting, struct error *err) MUST_CHECK;

/* Fills the second part of the plan from the first, and checks every run. */
enum status expand(struct plan *plan, struct error *err) MUST_CHECK;

/* The configuration of a point of the grid. */
void expand_point(const struct plan *plan, int64_t point, struct run_config *config);

#endif
