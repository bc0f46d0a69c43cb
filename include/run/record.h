/* record.h - what one run returns: a bounded block of parts, each the bytes of one column or of one
 * tensor.
 *
 * The engine child writes it (into memory shared with its rank), MPI carries it unchanged, the
 * store scatters its parts into rows. A part has the run's own sizes; the file may be larger on an
 * axis.
 */
#ifndef RUN_RECORD_H
#define RUN_RECORD_H

#include <stddef.h>
#include <stdint.h>

enum part_kind { PART_COLUMN, PART_TENSOR };

/* A part is this head followed by `bytes` bytes, padded to 8. */
struct part {
    int32_t kind;     /* enum part_kind */
    int32_t index;    /* row of run_column(), or tensor of the run's model */
    int32_t shape[3]; /* of the run, 1 beyond the rank */
    int32_t bytes;
};

struct record {
    unsigned char *memory;
    size_t size, used; /* the size is run_record_bytes() */
};

/* Bytes that a part with `bytes` bytes of data takes in a record. */
size_t record_part_bytes(size_t bytes);

/* Appends a part. Not enough room is a bug (assert): the size was computed from the same tables. */
void record_put(struct record *record, enum part_kind kind, int index, const int32_t shape[3],
                const void *data, size_t bytes);

/* Walks a record of `used` bytes (memory aligned to 8): *at starts at 0; returns the next part or
 * NULL at the end. A malformed record gives NULL with *at != used. */
const struct part *record_next(const unsigned char *memory, size_t used, size_t *at);
const void *part_data(const struct part *part);

#endif
