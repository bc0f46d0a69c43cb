/* npz.h - arrays in a file that numpy.load reads: a ZIP archive without compression, with the
 * 64-bit extension, of one .npy each. Goes forward only, so it may be a pipe. Faults of the stream
 * are its own (ferror). */
#ifndef CLI_NPZ_H
#define CLI_NPZ_H

#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

struct npz {
    FILE *to;
    struct text directory; /* of the archive, written at its end */
    uint64_t offset, count;
    uint32_t table[256]; /* of CRC-32 */
};

void npz_begin(struct npz *npz, FILE *to);

/* One array of `count` items, row-major; `descr` is NumPy's type of an item of `bytes` bytes:
 * "<f4", "|i1". */
void npz_add(struct npz *npz, const char *name, const char *descr, int bytes, int rank,
             const int64_t *size, const void *values);

/* The same of UTF-8 texts, as "<U" of the longest. */
void npz_add_texts(struct npz *npz, const char *name, int rank, const int64_t *size,
                   char *const *texts);

void npz_end(struct npz *npz);

#endif
