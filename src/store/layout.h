/* layout.h - what a result file holds, before it exists: from the lists of keys, columns, axes and
 * classes of weights to one list of datasets, which measuring and creating both walk.
 *
 * layout_plan fills it from a plan; a test may fill it by hand.
 */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include <stdbool.h>

#include "config/column.h"
#include "model/model.h"
#include "store/store.h"
#include "types.h"

enum { LAYOUT_DIMENSIONS = 1 + COLUMN_AXES, LAYOUT_CONFIG_SIZE = 16384 };

/* Widths of text that is written later. */
enum { STATE_LETTERS = 8, LOG_HOST_LETTERS = 64, LOG_ERROR_LETTERS = 200 };

struct layout_axis {
    const char *name, *about, *unit;
    const char *coordinate;    /* as in struct axis */
    int length;                /* 0: no column needs it */
    const char *const *labels; /* as in struct axis */
    double (*value)(int i);
};

struct layout_key {
    const struct key *key;
    char value[KEY_TEXT_SIZE]; /* of a key that is the same in every run */
    int width;                 /* longest text of a swept key */
    int index;                 /* in run_schema */
};

/* Runs of equal tensors: their weights share datasets. */
struct layout_class {
    char name[64];
    int64_t runs;
    struct tensor *tensors; /* owned */
    int tensor_count;
    int snapshots;  /* of each tensor, along training */
    int64_t *steps; /* [runs][snapshots]; owned */
};

/* What is asked of one run while its rows are made. */
struct layout_run {
    uint64_t identity;
    char config[LAYOUT_CONFIG_SIZE]; /* canonical text */
    char (*values)[KEY_TEXT_SIZE];   /* [swept_count] */
    int64_t *steps; /* [length of AXIS_EVALUATION], -1 beyond its own; of row 0 only when all are
                       the same */
};

struct layout {
    const char *name, *about, *sweep, *overrides, *points;
    bool quick;
    uint64_t analyses; /* bit a = analysis a */
    struct plan_shard shard;
    int64_t runs;
    struct layout_axis axes[AXIS_COUNT];
    const struct column **columns; /* only those that some run fills */
    int column_count;
    struct layout_key *swept, *constant;
    int swept_count, constant_count;
    bool same_steps; /* of the evaluations in every run */
    struct layout_class *classes;
    int class_count;
    int32_t *weights_class, *weights_row; /* [runs]; -1: the run keeps no weights */
    int64_t config_bytes;                 /* of all canonical texts, about */
    void (*describe)(struct layout_run *run, const struct layout *layout, int64_t index);
    struct plan_printer *printer; /* of canonical texts; owned, NULL unless made from a plan */
    const struct plan *plan;      /* of describe, with what differs from it */
    const struct layout_rows *rows;
};

/* What a file holds beside the plan; all is borrowed. */
struct layout_rows {
    const struct keep_config *keep;   /* [plan_count] of its weights, whatever the sweep says now */
    const struct run_config *retired; /* runs behind those of the plan */
    int64_t retired_count;
};

/* The configuration of a row of a layout that was made from a plan. */
void layout_config(struct run_config *config, const struct layout *layout, int64_t row);

/* rows NULL: a file of the plan alone. */
enum status layout_plan(struct layout *layout, const struct plan *plan,
                        const struct layout_rows *rows, struct error *err) MUST_CHECK;
void layout_dispose(struct layout *layout);

/* ---- the datasets that follow */

enum content {
    CONTENT_FILL,      /* nothing yet */
    CONTENT_INDEX,     /* 0, 1, 2, ... */
    CONTENT_AXIS,      /* points of `which` */
    CONTENT_DIMENSION, /* a netCDF dimension that is no variable */
    CONTENT_SNAPSHOTS, /* steps of the snapshots of a class */
    CONTENT_MEMBERS,   /* identities of the runs of a class */
    /* a value for each run: */
    CONTENT_IDENTITY,
    CONTENT_CONFIG,
    CONTENT_KEY,
    CONTENT_STEP,
    CONTENT_CLASS,
    CONTENT_ROW,
    CONTENT_STATE,
};

struct dataset {
    char group[96], name[KEY_NAME_SIZE];
    enum hdf_type type;
    int rank;
    int64_t size[LAYOUT_DIMENSIONS];
    int scales[LAYOUT_DIMENSIONS]; /* places in the list, -1: none (all dimensions or none) */
    bool scale;                    /* is itself a dimension scale */
    enum content content;
    int which; /* axis, swept key, or class */
    int part;  /* of a weight: the tensor's place in its model; else -1 */
    const char *unit, *about;
    bool picture; /* the last two dimensions are a matrix */
};

/* In order of creation, scales before those that use them; freed by the caller. */
struct dataset *layout_datasets(int *count, const struct layout *layout);

int64_t dataset_row_bytes(const struct dataset *dataset);

/* The table /summary. */
enum { SUMMARY_IDENTITY = 16 };
struct summary_member {
    const char *name;
    enum hdf_type type; /* HDF_LETTER: `size` letters */
    int offset, size;
};
struct summary {
    struct summary_member *members; /* run, status, swept keys, figures */
    int count, bytes;
};
struct summary layout_summary(const struct layout *layout);

/* Bytes of the file; see store_measure. A few percent too much, never too little. */
int64_t layout_measure(const struct layout *layout,
                       void (*say)(void *context, const char *column, int64_t bytes),
                       void *context);

enum hdf_type hdf_type_of_key(enum key_type type);
enum hdf_type hdf_type_of_column(enum column_type type);

#endif
