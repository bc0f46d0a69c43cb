/* plan.h - a sweep file read, expanded and checked: the list of its runs.
 *
 * A plan keeps 16 bytes a run and makes a configuration when asked. A run: defaults, then `set`,
 * then one point of grid x zip x random with each entry of `when` whose condition holds at its turn
 * (first key of the grid slowest, samples fastest), or an entry of `include`, or a line of
 * `points`, in this order; settings of the command line and of `quick` win over all of them, and in
 * place of an axis they keep its place in the order. What `exclude` matches and what does not meet
 * `require` is left out, and of equal runs all but the first. Nothing here writes to disk.
 */
#ifndef SWEEP_PLAN_H
#define SWEEP_PLAN_H

#include <stdint.h>

#include "run/run.h"

struct plan;

/* The runs whose identity leaves the remainder `index` when it is divided by `count`; count 0: all.
 */
struct plan_shard {
    int index, count;
};

/* What is said besides the text. */
struct plan_options {
    const char *const *overrides; /* "key=value" */
    int override_count;
    bool quick;         /* the settings under `quick:` are applied on top */
    const char *points; /* what the file under `points:` said, as stored; NULL: it is read */
    struct plan_shard shard;
};

/* Sections of a sweep file, in the order in which they are read: plan_section(0), ... until NULL.
 */
struct plan_section {
    const char *name, *about; /* one line, no full stop */
};
const struct plan_section *plan_section(int i);

/* Reads the file at `path` (at most 1 MB). Every mistake in it: ERR_CONFIG "file:line:column: key:
 * ...", in a setting: "command line: key: ..."; ERR_USAGE when there is no file to read. */
enum status plan_read(struct plan **plan, const char *path, const struct plan_options *options,
                      struct error *err) MUST_CHECK;

/* The same from text in memory, as stored in a result file; `name` stands for the path in messages.
 */
enum status plan_parse(struct plan **plan, const char *name, const char *text, size_t length,
                       const struct plan_options *options, struct error *err) MUST_CHECK;

void plan_destroy(struct plan *plan);

const char *plan_name(const struct plan *plan);  /* `name:`, else the file's stem */
const char *plan_about(const struct plan *plan); /* "" when there is none */
const char *plan_text(const struct plan *plan);  /* the YAML, as read */
const char *plan_overrides(
    const struct plan *plan); /* command-line settings, newlines between them, "" if none */
const char *
plan_points(const struct plan *plan); /* the file under `points:`, as read; "" if none */
bool plan_quick(const struct plan *plan);
struct plan_shard plan_shard(const struct plan *plan); /* with one plan_count may be 0 */
uint64_t plan_analyses(const struct plan *plan);       /* bit a = analysis a; default: all */
bool plan_lists_analyses(const struct plan *plan);     /* the sweep says which */
/* From now on the plan has these. */
void plan_set_analyses(struct plan *plan, uint64_t analyses);

int64_t plan_count(const struct plan *plan);
int64_t plan_duplicates(const struct plan *plan); /* points that equal an earlier one, dropped */
int64_t plan_excluded(const struct plan *plan);
int64_t plan_unmet(const struct plan *plan); /* points that do not meet `require` */
uint64_t plan_identity(const struct plan *plan, int64_t run);
void plan_config(const struct plan *plan, int64_t run, struct run_config *config);

/* Makes of a message about a run, which begins with a key, one of the sweep: before it where the
 * run got its value of that key, behind it the run. Returns ERR_CONFIG. */
enum status plan_refuse(const struct plan *plan, int64_t run, struct error *err);

/* Keys whose value is not the same in every run, plus those under grid, zip, random: ascending
 * indices of run_schema. Returns how many; *keys points into the plan. */
int plan_swept(const struct plan *plan, const int **keys);

/* Identity of any configuration: first 16 hex digits of SHA-256 over its canonical text, as a
 * number. In Python: hashlib.sha256(canonical.encode()).hexdigest()[:16]. */
uint64_t plan_identity_of(const struct run_config *config);

/* The canonical text: "key=value" lines of science keys whose value is not neutral, sorted, each
 * ended by a newline. Returns the length (size as for snprintf). */
int plan_canonical(const struct run_config *config, char *text, size_t size);

/* All keys that are not at their default, science and execution, one "key=value" a line, sorted:
 * what a RUN message carries; plan_config_from reads it back. */
int plan_config_text(const struct run_config *config, char *text, size_t size);

/* A printer gives one of these texts of many configurations. It remembers the lines of the last
 * one, so of a neighbour in a grid only those that differ are made anew. */
enum plan_text {
    PLAN_TEXT_CANONICAL, /* as plan_canonical */
    PLAN_TEXT_CHANGED,   /* as plan_config_text */
};
struct plan_printer;
enum status plan_printer_create(struct plan_printer **printer, enum plan_text kind,
                                struct error *err) MUST_CHECK;
void plan_printer_destroy(struct plan_printer *printer);
int plan_printer_text(struct plan_printer *printer, const struct run_config *config, char *text,
                      size_t size);
enum status plan_config_from(struct run_config *config, const char *text,
                             struct error *err) MUST_CHECK;

/* The configuration that has this canonical text; keys of other roles are at their defaults. */
enum status plan_config_of(struct run_config *config, const char *canonical,
                           struct error *err) MUST_CHECK;

#endif
