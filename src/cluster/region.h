/* region.h - the memory that a rank, its nursery and the engine child share.
 *
 *     struct control | bundle (as MSG_RUN) | ring of records
 *
 * One writer and one reader for each part: the rank writes the bundle and `tail`; the child the
 * ring, `head` and what it is at; the nursery the log. A child may crash while it writes: only what
 * `head` has passed counts, and the rank trusts no length that it reads here.
 */
#ifndef CLUSTER_REGION_H
#define CLUSTER_REGION_H

#include <stdatomic.h>

#include "cluster/nursery.h"

enum { REGION_POINTS = 4096 }; /* of the curves of the run at work; later ones are not shown live */

struct control {
    _Atomic uint64_t head, tail; /* bytes ever written to and read from the ring */
    uint64_t bundle_at, bundle_bytes, ring_at, ring_bytes, size;
    int32_t first; /* item with which the child begins */

    _Atomic int32_t stop;     /* the rank wishes the child to stop */
    _Atomic int32_t current;  /* item at work; count when all are done */
    _Atomic int32_t points;   /* of the item at work */
    _Atomic int32_t child;    /* process of the child; 0: none */
    _Atomic int64_t started;  /* of the item at work, monotonic nanoseconds */
    _Atomic int64_t deadline; /* of the item at work; 0: none */
    _Atomic double earlier;   /* seconds of the work that its checkpoint held */
    /* With the checkpoint of an item, if not 0: (item + 1) << 32 | errno. The child sets it, the
     * rank takes it. */
    _Atomic uint64_t trouble[TROUBLE_COUNT];
    _Atomic uint64_t log_bytes; /* ever written to the log */

    struct message_point point[REGION_POINTS];
    char log[NURSERY_LOG]; /* a ring */
};

enum entry_kind {
    ENTRY_RECORD,
    ENTRY_ERROR,
    ENTRY_SKIP,   /* the rest of the ring, too short for what came next */
    ENTRY_BROKEN, /* never written: what ring_read says of nonsense */
};

/* What the ring holds; `bytes` bytes follow, padded to 8. */
struct entry {
    int32_t kind; /* enum entry_kind */
    int32_t item;
    int32_t outcome; /* enum run_outcome, or of an error its enum status */
    int32_t reserved;
    int64_t bytes;
    struct message_times times;
};

struct ring {
    struct control *control;
    unsigned char *memory;
    uint64_t bytes; /* a multiple of 8 */
};

/* Bytes that a ring needs for records of `largest` bytes. */
uint64_t ring_size(uint64_t largest);

/* Child: room for an entry with at most `bytes` bytes behind it, or NULL when there is none yet. */
struct entry *ring_reserve(struct ring *ring, uint64_t bytes);
/* Child: the entry last reserved is complete, with entry->bytes bytes. */
void ring_commit(struct ring *ring, const struct entry *entry);

/* Rank: the oldest entry, copied to *entry, and its body. NULL when there is none, or when what is
 * there can not be an entry; then entry->kind is ENTRY_BROKEN. */
const void *ring_read(struct ring *ring, struct entry *entry);
/* Rank: the entry last read is no longer needed. */
void ring_release(struct ring *ring, const struct entry *entry);

int64_t nanoseconds(void); /* the monotonic clock */

#endif
