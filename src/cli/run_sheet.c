#include "run_sheet.h"

#include <stdlib.h>

#include "base/memory.h"
#include "rows.h"

static struct sheet_cell cell(const void *context, int64_t row, int column)
{
    struct run_sheet *own = (struct run_sheet *)(uintptr_t)context; /* its identity is written */
    int at = own->columns->at[column];
    int64_t run = own->selection->rows[row];
    if (rows_is_text(own->reader, at))
        return (struct sheet_cell){.text = rows_text(own->identity, own->reader, at, run)};
    return (struct sheet_cell){.number = reader_number(own->reader, at, run)};
}

struct sheet_column run_sheet_head(const struct reader *reader, int column,
                                   enum run_sheet_names names)
{
    struct sheet_column head = {.kind = SHEET_TEXT};
    if (!rows_is_text(reader, column))
        head.kind =
            reader_column(reader, column)->origin == READ_SWEPT ? SHEET_SETTING : SHEET_RESULT;
    if (names == RUN_SHEET_HEADERS && column >= 0)
        rows_header(head.name, sizeof head.name, reader, column);
    else
        snprintf(head.name, sizeof head.name, "%s", rows_name(reader, column));
    return head;
}

void run_sheet_make(struct run_sheet *own, const struct reader *reader,
                    const struct selection *selection, const struct columns *columns,
                    enum run_sheet_names names)
{
    own->reader = reader;
    own->selection = selection;
    own->columns = columns;
    own->heads = memory_zeroed((size_t)columns->count + 1, sizeof *own->heads);
    for (int c = 0; c < columns->count; c++)
        own->heads[c] = run_sheet_head(reader, columns->at[c], names);
    own->sheet = (struct sheet){own->heads, columns->count, selection->count, cell, own};
}
