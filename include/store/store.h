/* store.h - the result file: a complete, closed HDF5 file whose rows are written in place.
 *
 * Layout: src/README.md, "The result file". Once created, the file is never opened
 * for writing by HDF5: rows are pwritten at the datasets' offsets. Order of a commit: record, then
 * (after a good sync) checksum and status. A row is done only if its status says so and its
 * checksum holds.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "sweep/plan.h"

enum row_status {
    ROW_PENDING,
    ROW_RUNNING,
    ROW_DONE,
    ROW_DIVERGED, /* a result: curves until the loss was no longer finite */
    ROW_FAILED,   /* crashed or refused, attempts used up */
    ROW_TIMEOUT,
    ROW_STOPPED, /* checkpointed at a drain; goes on at resume */
    ROW_RETIRED, /* no longer in the grid; kept */
    ROW_STATUS_COUNT,
};
const char *row_status_name(enum row_status status);

/* Where and how a run was carried out: the volatile columns of /log. NaN: not yet. */
struct row_log {
    int attempt, rank;
    double seconds;           /* of the work that the row rests on, in all its attempts */
    double started, finished; /* of this attempt, seconds since 1970 */
    const char *host, *error; /* NULL: empty; cut to the column's width at a character's end */
};

/* Attributes of the root that say where the file comes from; any member may be NULL. */
struct store_provenance {
    const char *version, *commit, *compiler, *isa, *host, *slurm_job;
    int ranks;
};

/* Bytes that store_create would make; and one line a column through `say` (may be NULL). */
struct store_size {
    int64_t total, free; /* free space of the folder of `path` */
};
enum status store_measure(struct store_size *size, const struct plan *plan, const char *path,
                          void (*say)(void *context, const char *column, int64_t bytes),
                          void *context, struct error *err) MUST_CHECK;

/* Creates the whole file under a temporary name, fsyncs, renames. Nothing is left behind on
 * failure. */
enum status store_create(const char *path, const struct plan *plan,
                         const struct store_provenance *provenance, struct error *err) MUST_CHECK;

/* ---- a file whose sweep has changed */

struct store_change {
    bool same;          /* the file is that of the plan: nothing is to be done */
    int64_t kept;       /* rows with a result (done, diverged) that the plan wants */
    int64_t left;       /* runs of the plan without a result */
    int64_t retired;    /* rows with a result that the plan does not have: they are kept, marked */
    int64_t dropped;    /* rows without a result that the plan does not have */
    uint64_t analyses;  /* that the plan has and the file does not: bit a = analysis a */
    int64_t weightless; /* rows that are kept and can not get them, as they kept no weights */
    int64_t damaged;    /* rows whose checksum does not hold: they run again, or are left out */
};

/* What store_change would do; nothing is locked, written or verified. ERR_FILE for a file of a
 * sweep of another name, of another results_version, or damaged. */
enum status store_compare(struct store_change *change, const char *path, const struct plan *plan,
                          struct error *err) MUST_CHECK;

/* The file becomes that of the plan, its analyses included, unless it is: a new file beside it,
 * into which rows are copied by identity (results whose checksum holds, and what is known of
 * failures), takes its name. Retired rows come behind those of the plan. A lock is held meanwhile;
 * at every moment the old file is there or the new one, and on failure the old one. */
enum status store_change(struct store_change *change, const char *path, const struct plan *plan,
                         const struct store_provenance *provenance, bool break_lock,
                         struct error *err) MUST_CHECK;

/* A new file of the plan from parts of its sweep [count], rows by identity as store_change: those
 * of the plan that no part has are pending. ERR_FILE when the file is there already, a part is at
 * work, or two parts have one run with other results, which is named: columns of LEVEL_BLAS may
 * differ by 1e-6, everything else by no bit. */
enum status store_merge(struct store_change *change, const char *path, const struct plan *plan,
                        const char *const *parts, int count,
                        const struct store_provenance *provenance, struct error *err) MUST_CHECK;

/* What a look at every checksum says of a file, also while it is written: nothing is changed. */
struct store_verdict {
    int64_t runs, results; /* rows, and those of them that have a checksum */
    uint64_t *damaged;     /* [damaged_count] identities; the caller's to free */
    int64_t damaged_count;
};
enum status store_verify(struct store_verdict *verdict, const char *path,
                         struct error *err) MUST_CHECK;

/* ---- the plan that a file was made from */

/* Text of the sweep, overrides, points and quick as stored, so that `resume FILE.h5` needs nothing
 * else. Strings are the caller's to free. ERR_FILE for what is no mesasweep file or of another
 * results_version. */
struct store_origin {
    char *name, *sweep, *overrides, *points;
    bool quick;
    uint64_t analyses; /* that the file has columns of: bit a = analysis a */
    struct plan_shard shard;
};
enum status store_origin(struct store_origin *origin, const char *path,
                         struct error *err) MUST_CHECK;
void store_origin_dispose(struct store_origin *origin);

/* ---- writing: one process at a time, guarded by FILE.h5.lock (flock and a heartbeat) */

struct store;

/* Takes the lock, checks the file against the plan, verifies the checksum of every done row (a row
 * that fails becomes pending). The plan is borrowed until store_close. ERR_FILE when a fresh
 * heartbeat of another writer is there (break_lock overrides), when the file is of another sweep,
 * damaged, or of another results_version. */
enum status store_open(struct store **store, const char *path, const struct plan *plan,
                       bool break_lock, struct error *err) MUST_CHECK;

/* What store_open found out about rows: the plan's run i has row i. */
enum row_status store_status(const struct store *store, int64_t run);

/* Runs whose row failed its checksum and became pending; *count of them, ascending. */
const int64_t *store_damaged(const struct store *store, int64_t *count);

/* A row that starts: status running, at once, without a sync. What can not be written is left out:
 * the commit will tell. */
enum status store_start(struct store *store, int64_t run, const struct row_log *log,
                        struct error *err) MUST_CHECK;

/* One more point of a running row's curves, and the updates made until then (steps_done), for live
 * readers; no sync. Of a row that does not run (a late message) it is dropped. */
struct store_point {
    int evaluation;
    int32_t step;
    float train_loss, test_loss;
};
enum status store_progress(struct store *store, int64_t run, const struct store_point *point,
                           struct error *err) MUST_CHECK;

/* The record of a run that ended as `status`: written by the next turn, together with neighbours;
 * checksum and status follow after the next good sync. The record is copied when needed, the
 * caller's memory is free on return. What the record does not have becomes NaN; (NULL, 0) is a
 * record of nothing. ROW_STOPPED leaves the row's columns as they are. ERR_FILE: the record is
 * malformed, nothing was written; commit the run as failed instead. */
enum status store_commit(struct store *store, int64_t run, enum row_status status,
                         const unsigned char *record, size_t bytes, const struct row_log *log,
                         struct error *err) MUST_CHECK;

/* Analyses (bit a = analysis a) of the file and its plan that a row lacks which is done and kept
 * its weights; they can be added without training. 0: none. */
uint64_t store_lacks(const struct store *store, int64_t run);

/* The weights that a run kept, as the file has them: its tensors one behind the other, in float.
 * ERR_IO when they can not be read. */
size_t store_weights_bytes(const struct store *store, int64_t run);
enum status store_weights(unsigned char *weights, const struct store *store, int64_t run,
                          struct error *err) MUST_CHECK;

/* As store_commit, with a record of all that the row lacks: the row stays done all the time, and
 * has these analyses after the next good sync. */
enum status store_amend(struct store *store, int64_t run, const unsigned char *record, size_t bytes,
                        struct error *err) MUST_CHECK;

/* Called often (it returns at once when there is nothing to do): starts a sync on the helper thread
 * when one is due (1 s after the first unsynced record), and writes statuses after a good one.
 * ERR_IO when a sync failed, was written once more, and failed again. */
enum status store_turn(struct store *store, struct error *err) MUST_CHECK;

/* Waits until every committed row has its status on disk. */
enum status store_drain(struct store *store, struct error *err) MUST_CHECK;

/* Drains (ask store_drain first to hear of a failure), releases the lock. Safe on NULL. */
void store_close(struct store *store);

/* ---- a run that was carried out once more, against its row */

/* Opens a file of the plan to look at it, also while another process writes: no lock is taken,
 * nothing is judged or written. For store_status, store_analysed and store_recheck. */
enum status store_look(struct store **store, const char *path, const struct plan *plan,
                       struct error *err) MUST_CHECK;

/* The analyses that a row has: bit a = analysis a. */
uint64_t store_analysed(const struct store *store, int64_t run);

/* Whether a run that was carried out once more, with the analyses of its row, ended as its row
 * says: *difference is the first column or tensor that differs, as of store_merge; NULL: none.
 * Valid until store_close. ERR_FILE: the record is malformed; ERR_IO: the row can not be read. */
enum status store_recheck(const char **difference, const struct store *store, int64_t run,
                          enum row_status status, const unsigned char *record, size_t bytes,
                          struct error *err) MUST_CHECK;

/* ---- reading, while anyone writes: no lock, no flags */

struct reader;
enum status reader_open(struct reader **reader, const char *path, struct error *err) MUST_CHECK;
void reader_close(struct reader *reader);
int64_t reader_count(const struct reader *reader);
const char *reader_name(const struct reader *reader);
uint64_t reader_identity(const struct reader *reader, int64_t row);
enum row_status reader_status(const struct reader *reader, int64_t row);
/* Columns as text or number: swept keys; figures of the summary, then what else has one value a
 * run; log columns: each in the order of the file. */
int reader_columns(const struct reader *reader);
struct reader_column {
    const char *name, *unit, *about;
    bool text, summary; /* a text; a figure of the summary */
    enum reader_origin { READ_SWEPT, READ_RESULT, READ_LOG } origin;
};
const struct reader_column *reader_column(const struct reader *reader, int column);
/* Value of a row; of a curve the last finite value; NaN or "" when there is none. */
double reader_number(const struct reader *reader, int column, int64_t row);
const char *reader_text(const struct reader *reader, int column, int64_t row);

/* ---- one run in full, as it is in the file now */

struct detail_array {
    const char *name, *unit, *about; /* unit, about: of a column; may be NULL */
    int rank, size[COLUMN_AXES];
    double *values; /* row-major, NaN: the run has none; NULL: of a tensor, which is not read */
};
struct detail {
    char *config; /* canonical text: "key=value" lines */
    struct detail_array *columns, *tensors;
    int column_count, tensor_count;
    struct store *store; /* that names and units are borrowed from */
};

/* Of a row of reader_open. ERR_FILE as store_verify. */
enum status store_detail(struct detail *detail, const char *path, int64_t row,
                         struct error *err) MUST_CHECK;
void store_detail_dispose(struct detail *detail);
/* The next key and value of a configuration, which is cut in place: `rest` begins as all of it.
 * false: there is none. */
bool store_detail_setting(char **rest, const char **key, const char **value);

#endif
