#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "options.h"
#include "rows.h"
#include "selection.h"
#include "show.h"

static bool all_done(const struct reader *reader)
{
    struct row_counts counts = rows_count(reader);
    return counts.done == counts.runs && counts.diverged + counts.retired == 0;
}

static void print_text(const struct reader *reader, const struct selection *selection)
{
    enum { COLUMNS = 128 };
    int columns[COLUMNS];
    int count = rows_columns(columns, COLUMNS - 1, reader);
    bool states = !all_done(reader); /* a column of "done" says nothing */
    char align[COLUMNS + 1];
    struct cells *cells = cells_create(count + states);
    for (int i = 0; i < count; i++) {
        char header[KEY_NAME_SIZE];
        rows_header(header, sizeof header, reader, columns[i]);
        cells_add(cells, header);
        align[i] = reader_column(reader, columns[i])->text ? 'l' : 'r';
    }
    if (states)
        cells_add(cells, "status");
    align[count] = 'l';
    for (int64_t r = 0; r < selection->count; r++) {
        int64_t row = selection->rows[r];
        for (int i = 0; i < count; i++) {
            char number[32];
            bool swept = reader_column(reader, columns[i])->origin == READ_SWEPT;
            if (align[i] == 'r' && swept)
                show_number(number, sizeof number, reader_number(reader, columns[i], row));
            else if (align[i] == 'r')
                show_result(number, sizeof number, reader_number(reader, columns[i], row));
            cells_add(cells, align[i] == 'r' ? number : reader_text(reader, columns[i], row));
        }
        if (states)
            cells_add(cells, row_status_name(reader_status(reader, row)));
    }
    cells_print(cells, align, "", stdout);
    cells_destroy(cells);
}

/* RFC 4180: quoted when it holds a comma, a quote or a line's end. */
static void print_field(const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++)
        printf(*text == '"' ? "\"\"" : "%c", *text);
    putchar('"');
}

static void print_csv(const struct reader *reader, const struct selection *selection)
{
    fputs("run,status", stdout);
    for (int column = 0; column < reader_columns(reader); column++) {
        putchar(',');
        print_field(reader_column(reader, column)->name);
    }
    putchar('\n');
    for (int64_t r = 0; r < selection->count; r++) {
        int64_t row = selection->rows[r];
        char identity[17];
        rows_identity(identity, reader, row);
        printf("%s,%s", identity, row_status_name(reader_status(reader, row)));
        for (int column = 0; column < reader_columns(reader); column++) {
            char number[KEY_TEXT_SIZE] = "";
            double value = reader_number(reader, column, row);
            putchar(',');
            if (reader_column(reader, column)->text)
                print_field(reader_text(reader, column, row));
            else if (value == value)
                number_print(value, number, sizeof number);
            fputs(number, stdout);
        }
        putchar('\n');
    }
}

static void print_json(const struct reader *reader, const struct selection *selection)
{
    for (int64_t r = 0; r < selection->count; r++) {
        int64_t row = selection->rows[r];
        char identity[17];
        rows_identity(identity, reader, row);
        printf("%s{\"run\": \"%s\", \"status\": \"%s\"", r ? ",\n " : "[", identity,
               row_status_name(reader_status(reader, row)));
        for (int column = 0; column < reader_columns(reader); column++) {
            fputs(", ", stdout);
            json_text(stdout, reader_column(reader, column)->name);
            fputs(": ", stdout);
            if (reader_column(reader, column)->text)
                json_text(stdout, reader_text(reader, column, row));
            else
                json_number(stdout, reader_number(reader, column, row));
        }
        putchar('}');
    }
    printf("%s]\n", selection->count ? "" : "[");
}

static enum status print(const struct reader *reader, const struct command *command,
                         const struct options *options, struct error *err)
{
    struct selection selection;
    enum status st = selection_make(&selection, reader, command, options, err);
    if (st != OK)
        return st;
    if (options->json)
        print_json(reader, &selection);
    else if (options->csv)
        print_csv(reader, &selection);
    else
        print_text(reader, &selection);
    free(selection.rows);
    return OK;
}

enum status cmd_table(int *code, const struct command *self, int argc, char **argv,
                      struct error *err)
{
    static const struct argp_option rows[] = {
        OPTION_WHERE_ROW,
        {"sort", OPTION_SORT, "COLUMN[:desc]", 0, "From the least up, or from the greatest down",
         0},
        {"csv", OPTION_CSV, NULL, 0, "Comma-separated, full precision, with what the log holds", 0},
        {"json", OPTION_JSON, NULL, 0, "The same as one JSON list, an object for each run", 0},
        {0},
    };
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st != OK)
        return st;
    if (options.csv && options.json)
        return error_set(err, ERR_USAGE, "mesasweep %s: --csv and --json exclude each other",
                         self->name);
    struct reader *reader;
    st = reader_open(&reader, options.words[0], err);
    if (st != OK)
        return st;
    st = print(reader, self, &options, err);
    reader_close(reader);
    *code = 0;
    return st;
}
