#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rows.h"

static void make(struct columns *columns, int most)
{
    columns->count = 0;
    columns->at = memory_zeroed((size_t)most + 1, sizeof *columns->at);
}

enum status columns_parse(struct columns *columns, const struct reader *reader, const char *list,
                          struct error *err)
{
    enum status st = OK;
    make(columns, (int)strlen(list));
    for (const char *name = list; st == OK; name++) {
        size_t length = strcspn(name, ",");
        st = rows_lookup(&columns->at[columns->count++], reader, name, length, err);
        name += length;
        if (!*name)
            break;
    }
    if (st != OK) {
        free(columns->at);
        columns->at = NULL;
    }
    return st;
}

static bool all_done(const struct reader *reader)
{
    struct row_counts counts = rows_count(reader);
    return counts.done == counts.runs && counts.diverged + counts.retired == 0;
}

void columns_shown(struct columns *columns, const struct reader *reader)
{
    make(columns, reader_columns(reader) + 1);
    columns->count = rows_columns(columns->at, reader_columns(reader), reader);
    if (!all_done(reader)) /* a column of "done" says nothing */
        columns->at[columns->count++] = ROWS_STATUS;
}

void columns_all(struct columns *columns, const struct reader *reader)
{
    make(columns, reader_columns(reader) + 2);
    columns->at[columns->count++] = ROWS_RUN;
    columns->at[columns->count++] = ROWS_STATUS;
    for (int column = 0; column < reader_columns(reader); column++)
        columns->at[columns->count++] = column;
}
