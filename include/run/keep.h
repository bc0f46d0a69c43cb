/* keep.h - what a run keeps of its weights: the value of keep.weights. */
#ifndef RUN_KEEP_H
#define RUN_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "config/key.h"

enum { KEEP_SNAPSHOTS = 16 }; /* most of them */

/* "none"; "final": those at the end of training; "at 500 1000": those at the end, and snapshots
 * after so many updates. In a sweep file the last one is written {at: [500, 1000]}. */
struct keep {
    bool weights;
    int count; /* snapshots */
    int64_t steps[KEEP_SNAPSHOTS];
};

/* ERR_CONFIG "'all' is no way to keep weights, allowed are ...". */
enum status keep_read(struct keep *keep, const char *text, struct error *err) MUST_CHECK;

/* The text that keep_read reads; false when it is too long for a value. */
bool keep_print(struct key_text *text, const struct keep *keep);

#endif
