/* sheet.h - a table of named columns, printed for people, as CSV or as JSON. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include <stdint.h>
#include <stdio.h>

enum sheet_kind {
    SHEET_TEXT,
    SHEET_SETTING, /* a number that somebody chose: for people as short as it is */
    SHEET_RESULT,  /* a number that came out: for people with all its digits */
};

struct sheet_column {
    char name[80]; /* header, or member of an object */
    enum sheet_kind kind;
};

/* A text, or when that is NULL a number; NaN: there is none. */
struct sheet_cell {
    const char *text; /* valid until the next cell is asked for */
    double number;
};

struct sheet {
    const struct sheet_column *columns;
    int count;
    int64_t rows;
    struct sheet_cell (*cell)(const void *context, int64_t row, int column);
    const void *context;
};

/* Aligned columns with at most five digits. */
void sheet_print_text(const struct sheet *sheet, FILE *to);

/* RFC 4180 with a line of names; numbers in full, an empty field for none. */
void sheet_print_csv(const struct sheet *sheet, FILE *to);

/* A list with an object for each row, one a line. */
void sheet_print_json(const struct sheet *sheet, FILE *to);

#endif
