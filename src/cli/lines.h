/* lines.h - a sheet that is made cell by cell. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "sheet.h"

struct lines {
    struct sheet sheet;
    struct sheet_cell *cells; /* owned, with their texts */
    size_t used, room;
};

/* The columns are borrowed. `own` must not move afterwards. */
void lines_begin(struct lines *own, const struct sheet_column *columns, int count);
void lines_dispose(struct lines *own);

/* The next cell, row by row; the text is copied. */
void lines_text(struct lines *own, const char *text);
void lines_number(struct lines *own, double number);

#endif
