/* writer.h - the inside of an open store, shared by the files that open, verify, commit and sync.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "image.h"
#include "layout.h"
#include "lock.h"
#include "sync.h"

/* What the store asks about runs, answered from a plan, or by a test; borrowed until the store is
 * closed. Rows behind those runs are retired ones. `identity` NULL: the file speaks for itself, all
 * of its rows are runs, and what is given is read from it. */
struct roster {
    int64_t runs;
    uint64_t (*identity)(const void *context, int64_t run);
    /* Columns that were known at creation (keys, steps): a number for the name of one, -1 for one
     * that it does not know; and the values of a run in all that it knows. */
    int (*key)(const char *name);
    void (*given)(unsigned char *image, const struct map *map, const void *context, int64_t run);
    const void *context;
    int column_count; /* names of the record's columns */
    const char *(*column)(int i);
    int (*analysis)(int i); /* that fills it, or -1; NULL: all are of training */
    uint64_t analyses;      /* that results have which are committed: bit a = analysis a */
};

/* What stands beside the status of a row that has one for good. */
struct proof {
    uint64_t checksum, analysed;
};

/* A committed row on its way: its record is written and waits for a good sync, then its status is
 * written and waits for the next one. Until then all that was written is kept, as a failed sync may
 * have lost it. */
struct entry {
    struct entry *next;
    int64_t run; /* -1: overtaken by a later attempt */
    enum row_status status;
    bool told;         /* the status is written */
    uint64_t analyses; /* only these are added to a row that is done; 0: it is a whole row */
    struct proof proof;
    double *figures;      /* of the summary; owned */
    unsigned char *image; /* owned; NULL once the record is safe */
    size_t bytes;
};

struct queue {
    struct entry *first, **end;
};

/* How a store is opened: what is not asked for does not happen. */
enum {
    OPEN_LOCK = 1,
    OPEN_WRITE = 2,
    OPEN_JUDGE = 4, /* by checksums; with OPEN_WRITE rows that fail are made pending in the file */
    OPEN_BREAK_LOCK = 8,
    OPEN_OWN = 16, /* this process has just made the file: no child reads it first */
    OPEN_ALL = OPEN_LOCK | OPEN_WRITE | OPEN_JUDGE,
};

struct store {
    char *path, *name; /* for messages; of the sweep */
    struct roster roster;
    int flags;
    int64_t listed; /* rows of the roster; those behind are retired */
    struct map map;
    int fd;
    struct lock *lock;
    struct sync *sync;     /* NULL without OPEN_LOCK and OPEN_WRITE */
    uint64_t *identity;    /* [runs] */
    unsigned char *status; /* [runs] enum row_status | QUEUED */
    unsigned char *was;    /* [runs] the status in a row's checksum: a retired one keeps its own */
    uint64_t *analysed;    /* [runs] bit a: the row has analysis a */
    uint64_t analyses;     /* of the file */
    struct plan_shard shard;
    int32_t *weights_row; /* [runs] */
    int16_t *class;       /* [runs] place in map.classes, -1: none */
    int *columns;         /* of the record's numbering -> place in map.results, -1 */
    int column_count;
    int64_t *damaged; /* runs whose checksum failed when the file was opened */
    int64_t damaged_count;

    struct queue unwritten; /* nothing of them is in the file yet: rows are written together */
    int unwritten_count;
    struct queue fresh;   /* written since the last sync began */
    struct queue syncing; /* covered by the sync that is under way */
    bool is_syncing;
    double dirty; /* clock_monotonic of the oldest in `fresh` */
    size_t kept;  /* bytes of images in all queues */
    int trouble;  /* errno of a write that failed; handled as a failed sync */
    int failures; /* syncs that failed one after the other */
    bool given_up;
    double looked; /* clock_monotonic when the name of the file was last looked at */
};

enum { QUEUED = 0x80, KEPT_MOST = 64 << 20, BATCH_ROWS = 1024 };

enum status writer_open(struct store **store, const char *path, const struct roster *roster,
                        int flags, struct error *err) MUST_CHECK;

/* The file as it is, with all columns that this program knows. */
enum status writer_open_file(struct store **store, const char *path, int flags,
                             struct error *err) MUST_CHECK;

struct place writer_place(const struct store *store, int64_t run);

/* A row as it was created: what is given, the rest blank; the caller frees it. NULL and errno when
 * it can not be read. */
unsigned char *writer_image(const struct store *store, int64_t run);
/* Its canonical text; the caller frees it. */
enum status writer_config(char **config, const struct store *store, int64_t run,
                          struct error *err) MUST_CHECK;
/* What the file has of the row's weights, or has room for. */
struct keep_config writer_keep(const struct store *store, int64_t run);
enum row_status writer_status(const struct store *store, int64_t run);

/* Status, its text and the copy in the summary; with proof and figures when not NULL. -1 and errno
 * on failure. */
int writer_put_status(const struct store *store, int64_t run, enum row_status status,
                      const struct proof *proof, const double *figures);

/* The text of a status as columns have it: letters, padded with zeros. */
void writer_state(unsigned char letters[STATE_LETTERS], enum row_status status);

/* The proof of an image that goes into the row `run` with this status. */
struct proof writer_prove(const struct store *store, int64_t run, const unsigned char *image,
                          enum row_status status, uint64_t analysed);

/* Whether rows of this status carry a checksum. */
bool writer_is_final(enum row_status status);

/* With store->status as read: makes rows pending that were running or fail their checksum (listed
 * in store->damaged) and, in a file that is written, rebuilds text of the status and summary. A
 * retired row that fails is only listed, and not when the file is written. */
enum status writer_verify(struct store *store, struct error *err) MUST_CHECK;

/* Writes what is kept of an entry, as often as needed; -1 and errno on failure. */
int writer_put_entry(const struct store *store, const struct entry *entry);

/* Writes what is unwritten; what can not be written is trouble for the next sync. */
void writer_flush(struct store *store);

/* Statuses of entries [count] whose record is safe. -1 and errno on failure. */
int writer_tell(const struct store *store, struct entry **entries, int count);

/* Takes the entry: its record is written by the next turn, its status follows after a good sync. */
enum status writer_send(struct store *store, struct entry *entry, struct error *err) MUST_CHECK;

/* The entry is written and waits for the next sync. */
void writer_queue(struct store *store, struct entry *entry);

/* Waits for syncs until `bytes` more may be kept. */
enum status writer_make_room(struct store *store, size_t bytes, struct error *err) MUST_CHECK;

/* ---- queues */
void queue_add(struct queue *queue, struct entry *entry);
void queue_init(struct queue *queue);
struct entry *queue_take(struct queue *queue);
void entry_destroy(struct entry *entry);

#endif
