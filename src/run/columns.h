/* columns.h - the columns that training fills; their rows are in columns.c. */
#ifndef RUN_COLUMNS_H
#define RUN_COLUMNS_H

#include "run/run.h"

enum train_column {
    COLUMN_TRAIN_LOSS,
    COLUMN_TEST_LOSS,
    COLUMN_TEST_ERROR,
    COLUMN_TEST_MEDIAN,
    COLUMN_TEST_TRIMMED,
    COLUMN_STEPS_DONE,
    COLUMN_SNAPSHOT_STEP,
    TRAIN_COLUMNS,
};

/* Index of the first column of an analysis. */
int columns_of_analysis(int analysis);

/* Bytes of one value of a column. */
size_t column_type_bytes(enum column_type type);

/* shape[COLUMN_AXES] of the column in this run, 1 beyond its rank; returns the bytes. */
size_t column_shape(int32_t shape[COLUMN_AXES], const struct run_config *config, int column);

#endif
