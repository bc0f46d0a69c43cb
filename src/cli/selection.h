/* selection.h - which rows of a result file are shown, and in which order. */
#ifndef CLI_SELECTION_H
#define CLI_SELECTION_H

#include "options.h"
#include "store/store.h"

struct selection {
    int64_t *rows; /* [count]; owned, free it */
    int64_t count;
    int sorted_by; /* column of the reader; below 0: none, or of rows.h */
};

/* clang-format off */
#define OPTION_WHERE_ROW                                                                           \
    {"where", OPTION_WHERE, "KEY=VALUE", 0, "Only runs that have this value; several --where must all hold; also of status", 0}
/* clang-format on */

/* The rows that fulfil every --where KEY=VALUE, in the order of --sort COLUMN[:desc] or, without
 * it, of the file; rows that have no value there come last. A column is called by its name, by its
 * short header, or `status`. ERR_USAGE for one that the file does not have. */
enum status selection_make(struct selection *selection, const struct reader *reader,
                           const struct command *command, const struct options *options,
                           struct error *err) MUST_CHECK;

/* Every row, in the order of the file. */
struct selection selection_all(const struct reader *reader);

/* Bytes of the name in "NAME" or "NAME:desc"; *sign: 1, or -1 from the greatest down. */
size_t selection_sort_name(int *sign, const char *by);

#endif
