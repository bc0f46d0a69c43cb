/* parts.h - what a plan is made of. */
#ifndef SWEEP_PARTS_H
#define SWEEP_PARTS_H

#include "expression.h"
#include "settings.h"
#include "sweep/plan.h"

enum { LIMIT_DEFAULT = 1000000, LIMIT_MOST = 100000000, POINTS_BYTES = 1 << 26 };

/* Keys whose values go together: value i of one with value i of the others. */
struct sweep_axis {
    struct settings keys; /* `count` values each */
    int64_t count;
    int line, column; /* where it was given; line 0: on the command line */
};

/* Every combination of its axes, the first slowest. */
struct block {
    struct sweep_axis *axes; /* owned */
    int count;
    int64_t first, points; /* those of the sweep that are its own */
};

/* One text of `require`. */
struct requirement {
    struct expression *condition; /* owned */
    int line, column;
};

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
    int64_t point; /* through all blocks */
};

struct plan {
    char *path, *name, *about, *text, *overrides, *points; /* owned */
    bool quick, lists_analyses, stored; /* stored: the points are those in memory */
    struct plan_shard shard;
    uint64_t analyses;

    /* As the document and the command line say. */
    int64_t limit, listed; /* listed: values in include, when and exclude */
    struct settings set;
    struct block *blocks; /* owned; 0: grid, zip and random; one for each of include; points */
    int block_count;
    bool gridless; /* include or points stand alone: block 0 has no run */
    struct clauses when, exclude;
    struct requirement *require; /* owned */
    int require_count;
    bool *locked; /* of each key: set by quick or the command line, which `when` does not change */

    /* What follows from it. */
    struct run_config base; /* defaults and `set` */
    struct run *runs;       /* owned */
    int64_t count, duplicates, excluded, unmet;
    int *swept; /* owned */
    int swept_count;
};

/* Reads all sections of a document into the plan; quick settings count only with plan->quick. */
enum status document_read(struct plan *plan, const struct yaml *yaml, struct error *err) MUST_CHECK;

/* Reads one "key=value" of the command line. */
enum status document_override(struct plan *plan, const char *setting, struct error *err) MUST_CHECK;

/* ---- sections that make runs, as document.c calls them */
enum status blocks_read_set(struct plan *plan, const struct yaml *yaml,
                            const struct yaml_node *node, struct error *err) MUST_CHECK;
enum status blocks_read_grid(struct plan *plan, const struct yaml *yaml,
                             const struct yaml_node *node, struct error *err) MUST_CHECK;
enum status blocks_read_zip(struct plan *plan, const struct yaml *yaml,
                            const struct yaml_node *node, struct error *err) MUST_CHECK;
enum status blocks_read_random(struct plan *plan, const struct yaml *yaml,
                               const struct yaml_node *node, struct error *err) MUST_CHECK;
enum status blocks_read_include(struct plan *plan, const struct yaml *yaml,
                                const struct yaml_node *node, struct error *err) MUST_CHECK;
enum status points_read(struct plan *plan, const struct yaml *yaml, const struct yaml_node *node,
                        struct error *err) MUST_CHECK;

/* Values of include and conditions, of which one file may list no more than `limit` in all, however
 * many entries it has. */
enum status blocks_read_bounded(struct settings *settings, struct plan *plan,
                                const struct yaml *yaml, const struct yaml_node *map,
                                struct error *err) MUST_CHECK;

/* One more block without axes; NULL without memory. */
struct block *blocks_add(struct plan *plan);

/* The axis of these keys, which move into it. */
enum status block_add_axis(struct block *block, struct settings *keys,
                           struct error *err) MUST_CHECK;

/* In every run the key has one of these values, which are taken over: quick and command line. */
enum status blocks_force(struct plan *plan, struct values *values, struct error *err) MUST_CHECK;

void blocks_dispose(struct plan *plan);

/* At most `most` bytes and one more of the file; *text is the caller's to free. ERR_USAGE. */
enum status read_file(char **text, size_t *length, const char *path, size_t most,
                      struct error *err) MUST_CHECK;

/* Fills the second part of the plan from the first, and checks every run. */
enum status expand(struct plan *plan, struct error *err) MUST_CHECK;

/* The configuration of a point. */
void expand_point(const struct plan *plan, int64_t point, struct run_config *config);

#endif
