/* message.h - every message between the ranks, in one table.
 *
 *   rank                                     coordinator (on rank 0; its own rank talks to it the
 *     |                                         |              same way)
 *     | READY    (message_ready) ----------->   |  who I am; from now on I take bundles
 *     |   <-------- RUN  (message_run, folder,  |  a bundle: `count` items, each with the
 *     |             count x (message_item, text))  configuration of one run as text
 *     | PROGRESS (message_progress, points) ->  |  curves of the run in hand, about once a second
 *     | RECORD   (message_record, record)+ --->  |  one or more runs that ended by themselves
 *     | FAILED   (message_failed, log) ------>  |  one attempt that crashed, hung, was refused
 *     | TROUBLE  (message_trouble) --------->   |  a checkpoint that could not be kept or used
 *     |   <-------------------------- DRAIN     |  stop what runs; answer RECORD (stopped) for all
 *     | DRAIN ------------------------------->  |  this rank was told by a signal to stop
 *     |   <-------------------------- STOP      |  leave the loop now
 *     | STOP   ------------------------------>  |  the last message of this rank
 *
 * A rank works its bundles off in the order of their arrival and reports every item exactly once.
 * Ranks share one binary (READY proves it) and one byte order, so the structs are sent as bytes.
 * Variable parts are padded to 8 bytes. The same bytes travel from a rank to its nursery.
 */
#ifndef CLUSTER_MESSAGE_H
#define CLUSTER_MESSAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_tag {
    MSG_READY = 1,
    MSG_RUN,
    MSG_PROGRESS,
    MSG_RECORD,
    MSG_FAILED,
    MSG_TROUBLE,
    MSG_DRAIN,
    MSG_STOP,
};

/* What must be equal on all ranks, and who this one is. */
struct message_ready {
    uint64_t digest; /* of the program file */
    int32_t results_version;
    int32_t process;
    char host[64];
};

/* `folder` bytes follow, padded to 8, then the items. */
struct message_run {
    int32_t count;  /* items */
    int32_t folder; /* bytes of the path of the checkpoints' folder, the closing NUL among them;
                       0: no checkpoints */
};

/* One attempt of one run; `text` bytes of configuration follow, padded to 8; then `weights` bytes,
 * padded to 8: of a run that is trained, which is to be analysed only, or those that a training
 * starts from. */
struct message_item {
    int64_t run; /* row of the plan */
    uint64_t identity;
    uint64_t analyses;    /* bit a = analysis a */
    int64_t record_bytes; /* largest size of the record */
    int64_t weights;      /* bytes; 0: none */
    double checkpoint;    /* seconds between two checkpoints */
    double seconds;       /* limit of this attempt; 0: none */
    double memory;        /* limit in bytes; 0: none */
    int32_t attempt;      /* 1 the first time */
    int32_t text;         /* bytes, the closing NUL among them */
    int32_t trained;      /* not 0: the weights are the run's own, it is only to be analysed */
    int32_t reserved;
};

struct message_point {
    float train_loss, test_loss;
};

/* How long a run took; its attempts may have gone on from checkpoints of earlier ones. */
struct message_times {
    double seconds;           /* of the work that its end rests on, nothing lost; 0: none */
    double started, finished; /* of this attempt, seconds since 1970; NaN: it did not begin */
};
extern const struct message_times message_not_begun;

/* Points first .. first+count-1 of the curves follow. */
struct message_progress {
    int64_t run;
    double seconds; /* since the attempt began */
    double earlier; /* of the work that its checkpoint held */
    int32_t attempt, first, count;
    int32_t reserved;
};

/* `bytes` of record follow, padded to 8; then perhaps another message_record. A stopped run has
 * none. */
struct message_record {
    int64_t run;
    struct message_times times;
    int64_t bytes;
    int32_t attempt;
    int32_t outcome; /* enum run_outcome */
};

enum failure {
    FAILURE_CRASH,   /* a signal: detail is its number */
    FAILURE_EXIT,    /* the process ended by itself: detail is its code */
    FAILURE_TIME,    /* limits.seconds */
    FAILURE_MEMORY,  /* limits.memory, or the system refused */
    FAILURE_REFUSED, /* the engine said why in text; another attempt would end the same way */
    FAILURE_COUNT,
};

/* `log` bytes follow: the end of what the attempt wrote to its error output. */
struct message_failed {
    int64_t run;
    struct message_times times;
    int32_t attempt;
    int32_t failure; /* enum failure */
    int32_t detail;
    int32_t log;
    char text[160]; /* one line for people */
};

enum trouble {
    TROUBLE_WRITING, /* no checkpoint could be written */
    TROUBLE_READING, /* the one that is there could not be read */
    TROUBLE_DAMAGED, /* what it has is of no use */
    TROUBLE_COUNT,
};

/* An attempt had this with its checkpoint, and goes on without; sent before what it ends with. */
struct message_trouble {
    int64_t run;
    int32_t trouble; /* enum trouble */
    int32_t reason;  /* errno; 0: none */
};

static_assert(sizeof(struct message_ready) == 80, "no padding on the wire");
static_assert(sizeof(struct message_run) == 8, "no padding on the wire");
static_assert(sizeof(struct message_item) == 80, "no padding on the wire");
static_assert(sizeof(struct message_point) == 8, "no padding on the wire");
static_assert(sizeof(struct message_progress) == 40, "no padding on the wire");
static_assert(sizeof(struct message_record) == 48, "no padding on the wire");
static_assert(sizeof(struct message_failed) == 208, "no padding on the wire");
static_assert(sizeof(struct message_trouble) == 16, "no padding on the wire");

/* Bytes with the padding that every variable part gets. */
static inline size_t message_padded(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

/* "RECORD", or "?" for a tag that is none. */
const char *message_name(int tag);

/* Whether `bytes` bytes can be a message of that tag: long enough for its head, and for RUN and
 * RECORD that every part lies inside. What this accepts can be walked without further checks. */
bool message_valid(int tag, const void *data, size_t bytes);

/* Path of the checkpoints' folder in a valid RUN, or NULL. */
const char *message_folder(const struct message_run *run);

/* The weights behind the text of an item, or NULL. */
const void *message_weights(const struct message_item *item);

/* Walk over the items of a RUN and the records of a RECORD: *at starts at 0; NULL at the end.
 * The text or record lies right behind what is returned. */
const struct message_item *message_next_item(const void *data, size_t bytes, size_t *at);
const struct message_record *message_next_record(const void *data, size_t bytes, size_t *at);

#endif
