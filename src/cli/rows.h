/* rows.h - a result file for people: its columns by short names, its runs counted. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

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

/* A header for a column: model.depth is "depth", tokens.kind "tokens"; the full name where two
 * columns would be called the same. */
void rows_header(char *text, size_t size, const struct reader *reader, int column);

/* Column of that name, or -1. */
int rows_column(const struct reader *reader, const char *name);

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
