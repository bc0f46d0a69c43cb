/* column.h - what a run leaves in the result file: one row a column.
 *
 * A column has one value, or one small array, for each run. Its owner (train, an analysis) has the
 * row and fills it; the store makes a dataset of it and knows nothing else. Each axis is one row,
 * too.
 */
#ifndef CONFIG_COLUMN_H
#define CONFIG_COLUMN_H

#include <stdbool.h>

enum column_type { COLUMN_F64, COLUMN_F32, COLUMN_I32 };

enum column_level {
    LEVEL_BITS, /* equal bits on every x86 with FMA, any compiler, any number of ranks, any restart
                 */
    LEVEL_BLAS, /* OpenBLAS took part: equal on the same type of CPU, else 1e-6 relative */
};

/* A row each: of evaluations and snapshots in run/columns.c, of all others in analysis/axes.c. */
enum column_axis {
    AXIS_NONE = 0,
    AXIS_EVALUATION,
    AXIS_LAYER,
    AXIS_POSITION,
    AXIS_TARGET,
    AXIS_SHARE,
    AXIS_RANGE,
    AXIS_ALGORITHM,
    AXIS_SCALE,
    AXIS_INPUTS,
    AXIS_NORM,
    AXIS_NOISY,
    AXIS_TIMES,
    AXIS_SNAPSHOT,
    AXIS_QUERY,
    AXIS_PAIR,
    AXIS_HEAD,
    AXIS_ROW,
    AXIS_COLUMN,
    AXIS_STATE_TARGET,
    AXIS_COPYING,
    AXIS_BACK,
    AXIS_BLOCK,
    AXIS_STATE_ROW,
    AXIS_STATE_COLUMN,
    AXIS_FORECAST,
    AXIS_KNOWN_PAIRS,
    AXIS_SET,
    AXIS_SHOT,
    AXIS_COUNT,
};

/* Its points are named by `labels`, or have the numbers `value`, or are 0, 1, 2, .... */
struct axis {
    const char *name; /* "layer" */
    const char *about;
    const char *unit;
    const char *const *labels; /* NULL-terminated; or NULL */
    double (*value)(int i);    /* or NULL */
    const char *coordinate;    /* column with what its points are in each run; or NULL */
};

enum { COLUMN_AXES = 3 };

struct column {
    const char *name; /* dataset in /results: "test_loss" */
    enum column_type type;
    enum column_axis axes[COLUMN_AXES]; /* after `run`; AXIS_NONE ends them */
    enum column_level level;
    bool summary;      /* shown in tables and /summary; of a curve its last value */
    const char *unit;  /* "1" for a pure number */
    const char *about; /* long_name: one line, no full stop */
};

#endif
