/* arrays.h - every array of a result file by its name, for programs that copy or compare files.
 * Needs no lock, also while another process writes. */
#ifndef STORE_ARRAYS_H
#define STORE_ARRAYS_H

#include <stdint.h>

#include "base/error.h"

enum array_type {
    ARRAY_I8,
    ARRAY_I32,
    ARRAY_I64,
    ARRAY_U64,
    ARRAY_F32,
    ARRAY_F64,
    ARRAY_TEXT,
};

/* What the rows of an array are. */
enum array_of {
    ARRAY_OF_FILE,    /* none: an axis, or what is the same in every run */
    ARRAY_OF_RUNS,    /* runs, in the order of the array `run` */
    ARRAY_OF_LOG,     /* the same, of how they were carried out */
    ARRAY_OF_WEIGHTS, /* runs, in the order of the array weights/CLASS/run */
};

enum { ARRAY_DIMENSIONS = 5, ARRAY_NAME = 256 };

struct array {
    /* "test_loss", "seconds" of the log, "layer" of an axis, "weights/CLASS/layer0/query" */
    char name[ARRAY_NAME];
    enum array_type type;
    enum array_of of;
    int rank;
    int64_t size[ARRAY_DIMENSIONS];
};

struct arrays;

/* In the order of the file: results, log, weights; the status as text, and before all that it
 * speaks of. ERR_FILE for what is no result file. */
enum status arrays_open(struct arrays **arrays, const char *path, struct error *err) MUST_CHECK;
void arrays_close(struct arrays *arrays);

int arrays_count(const struct arrays *arrays);
const struct array *arrays_at(const struct arrays *arrays, int i);
/* Place of the array of that name, or -1. */
int arrays_find(const struct arrays *arrays, const char *name);

/* Elements: the product of the sizes. Bytes of one; of text those of a pointer. */
int64_t array_elements(const struct array *array);
int array_bytes(enum array_type type);

/* All values, row-major; of ARRAY_TEXT a list of char *. Freed by arrays_free. */
enum status arrays_read(void **values, struct arrays *arrays, int i, struct error *err) MUST_CHECK;
void arrays_free(void *values, const struct array *array);

#endif
