/* columns.h - which columns of a result file a table has. */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include "store/store.h"

struct columns {
    int *at; /* [count]: columns of the reader, or ROWS_RUN or ROWS_STATUS; owned, free it */
    int count;
};

/* "depth,heads,test_loss": names or headers, as rows_lookup takes them. ERR_USAGE for one that the
 * file does not have; then nothing is to be freed. */
enum status columns_parse(struct columns *columns, const struct reader *reader, const char *list,
                          struct error *err) MUST_CHECK;

/* What people see without a wish: what was swept and what came out; the status unless all is done.
 */
void columns_shown(struct columns *columns, const struct reader *reader);

/* The run, its status and all columns of the reader. */
void columns_all(struct columns *columns, const struct reader *reader);

#endif
