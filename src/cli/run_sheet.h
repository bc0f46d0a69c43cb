/* run_sheet.h - rows of a result file as a sheet. */
#ifndef CLI_RUN_SHEET_H
#define CLI_RUN_SHEET_H

#include "columns.h"
#include "selection.h"
#include "sheet.h"

/* One row a run. Everything is borrowed but the heads. */
struct run_sheet {
    struct sheet sheet;
    const struct reader *reader;
    const struct selection *selection;
    const struct columns *columns;
    struct sheet_column *heads; /* owned, free it */
    char identity[17];
};

/* Fills `own`, which must not move afterwards; with short headers for people, or with full names.
 */
enum run_sheet_names { RUN_SHEET_HEADERS, RUN_SHEET_NAMES };
void run_sheet_make(struct run_sheet *own, const struct reader *reader,
                    const struct selection *selection, const struct columns *columns,
                    enum run_sheet_names names);

/* The head of one column. */
struct sheet_column run_sheet_head(const struct reader *reader, int column,
                                   enum run_sheet_names names);

#endif
