/* map.h - where everything lies in a finished file: collected once through HDF5, then rows are read
 * and written at their offsets.
 *
 * The file itself is the truth: a program with other columns than those of the file still opens it.
 */
#ifndef STORE_MAP_H
#define STORE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/column.h"
#include "sweep/plan.h"
#include "types.h"

struct hdf;

struct map_column {
    char *name, *unit, *about; /* owned; unit and about may be NULL */
    enum hdf_type type;
    int rank, size[COLUMN_AXES]; /* dimensions after `run` */
    int64_t offset;              /* of row 0 in the file */
    size_t row;                  /* bytes */
    size_t place;                /* in the image of a row, see image.h */
    bool given;                  /* known since creation */
    int key;                     /* by which the roster knows it, -1: not. Set by the writer */
    bool covered;                /* by the checksum: numbers in /results */
    uint64_t analysis;           /* bit of the analysis that fills it; 0: none. Set by the writer */
};

/* Columns of one group, in the order of their creation. */
struct map_group {
    struct map_column *columns;
    int count;
    int64_t rows;
};

struct map_class {
    char *name;
    struct map_group tensors; /* "layer0/query", in the order of the model; then of snapshots */
    struct map_column steps;  /* of the snapshots; without a name: there are none */
    size_t bytes;             /* of one row */
};

struct map {
    int64_t runs, bytes;             /* of the file */
    size_t results_bytes, log_bytes; /* of the image of a row */
    struct map_group results, log;
    struct map_class *classes;
    int class_count;
    struct {
        int64_t offset;
        size_t row, status; /* bytes of a row; place of the status in it */
        size_t figures;     /* place of the first figure; all are doubles, side by side */
        int *columns;       /* of /results that the figures come from [figure_count] */
        int figure_count;
    } summary;
};

/* What is going to be read of a file through HDF5, and before by a child (rehearse.h). */
enum map_reads {
    MAP_ATTRIBUTES, /* of the root */
    MAP_COLUMNS,    /* these, and the columns: map_fill, map_texts */
    MAP_ARRAYS,     /* arrays.h */
    MAP_AGAIN,      /* nothing that this process has not made, or read before: no child */
};

/* Is `path` a whole result file of mesasweep? Opens it; ERR_FILE with one line if not. The caller
 * calls hdf_close in any case. */
enum status map_open(struct hdf *hdf, const char *path, enum map_reads reads,
                     struct error *err) MUST_CHECK;

/* Does this program compute what the file holds? ERR_FILE with the way out if not. */
enum status map_check_version(struct hdf *hdf) MUST_CHECK;

/* The part of its sweep that the file has. */
struct plan_shard map_shard(struct hdf *hdf);

/* The analyses that the file has columns of: bit a = analysis a. ERR_FILE for one that this program
 * does not know. */
enum status map_analyses(uint64_t *analyses, struct hdf *hdf) MUST_CHECK;

/* From an open file. */
enum status map_fill(struct map *map, struct hdf *hdf) MUST_CHECK;
void map_dispose(struct map *map);

/* Calls `use` for the text of each of the `rows` rows of a column of /results, until one fails. */
enum status map_texts(struct hdf *hdf, const char *column, int64_t rows,
                      enum status (*use)(void *context, struct hdf *hdf, int64_t row,
                                         const char *text),
                      void *context) MUST_CHECK;

/* NULL when the group has no column of that name. */
struct map_column *map_column(struct map_group *group, const char *name);
const struct map_column *map_find(const struct map_group *group, const char *name);

/* ---- rows, through a file descriptor; -1 and errno on failure */
int map_read(int fd, void *data, const struct map_column *column, int64_t first, int64_t count);
int map_write(int fd, const void *data, const struct map_column *column, int64_t row);
/* Rows first .. first+count-1 from rows[i] + at [column->row], in as few calls as possible. */
int map_write_rows(int fd, const unsigned char *const *rows, size_t at, int count,
                   const struct map_column *column, int64_t first);

/* The last finite value of a row, NaN when there is none; integers below 0 are none. */
double map_last(const struct map_column *column, const unsigned char *row);

#endif
