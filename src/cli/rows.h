/* rows.h - a result file for people: its columns by short names, its runs counted. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <stdbool.h>

#include "store/store.h"

/* Five numbers that add up to `runs`, and parts of them. */
struct row_counts {
    int64_t runs;    /* without retired ones */
    int64_t done;    /* have a result; `diverged` of them one that is not finite */
    int64_t failed;  /* attempts are used up; `timeout` of them by their time limit */
    int64_t running; /* as the file says; after a kill until the next start */
    int64_t pending; /* to do; `stopped` of them from a checkpoint on */
    int64_t diverged, timeout, stopped, retired;
};
struct row_counts rows_count(const struct reader *reader);

/* What every row has, in place of a column: ROWS_RUN, ROWS_STATUS, then the columns 0, 1, ... */
enum { ROWS_STATUS = -1, ROWS_RUN = -2 };

/* A header for a column: model.depth is "depth", tokens.kind "tokens"; the full name where two
 * columns would be called the same, or one as what every row has. */
void rows_header(char *text, size_t size, const struct reader *reader, int column);

/* Column of that name, or -1. */
int rows_column(const struct reader *reader, const char *name);

/* Value of the column of that name; NaN without one. */
double rows_number(const struct reader *reader, const char *name, int64_t row);

/* Seconds that a run took until it ended, or now when it is at work; work of earlier jobs that it
 * went on from counts. NaN: it never began. */
double rows_seconds(const struct reader *reader, int64_t row);

/* The column that a person calls so: by its name, by its header, or `status` or `run`; of a text
 * only the first `length` bytes count. ERR_USAGE for one that the file does not have. */
enum status rows_lookup(int *column, const struct reader *reader, const char *name, size_t length,
                        struct error *err) MUST_CHECK;

/* What a column, or ROWS_STATUS or ROWS_RUN, has in a row. A text is valid until the next call for
 * the same `identity`. */
bool rows_is_text(const struct reader *reader, int column);
const char *rows_text(char identity[17], const struct reader *reader, int column, int64_t row);
const char *rows_name(const struct reader *reader, int column);

/* Below, at or above 0 as `a` comes before, with or after `b`; sign -1: from the greatest down.
 * What is no number comes last. */
int rows_compare(double a, double b, int sign);

/* -1, 0 or 1, as strcmp. */
int rows_compare_texts(const char *a, const char *b);

/* Sixteen hex digits. */
void rows_identity(char text[17], const struct reader *reader, int64_t row);

/* The row whose identity begins with these hex digits, of a file of that name. ERR_USAGE when there
 * is none, or more than one. */
enum status rows_find(int64_t *row, const struct reader *reader, const char *file,
                      const char *digits, struct error *err) MUST_CHECK;

/* Columns of a table for people, at most `most`: what was swept and what came out. A swept key that
 * follows from an earlier one (as one that a `when` of the sweep sets) is left out. */
int rows_columns(int *columns, int most, const struct reader *reader);

#endif
