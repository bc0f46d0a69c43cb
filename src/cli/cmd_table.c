#include <stdio.h>
#include <stdlib.h>

#include "group_sheet.h"
#include "json.h"
#include "rows.h"

static bool is_grouped(const struct options *options)
{
    return options->group_by || options->aggregates;
}

/* , "columns": [{"name": ..., "unit": ..., "about": ...}, ...] */
static void print_columns(const struct sheet *sheet, const struct reader *reader)
{
    fputs(", \"columns\": [", stdout);
    for (int c = 0; c < sheet->count; c++) {
        int column = rows_column(reader, sheet->columns[c].name);
        const struct reader_column *head = column >= 0 ? reader_column(reader, column) : NULL;
        fputs(c ? ",\n {\"name\": " : "\n {\"name\": ", stdout);
        json_text(stdout, sheet->columns[c].name);
        if (head && head->unit)
            json_member(stdout, "unit", head->unit);
        if (head && head->about)
            json_member(stdout, "about", head->about);
        putchar('}');
    }
    putchar(']');
}

static void print_sheet(const struct sheet *sheet, const struct reader *reader,
                        const struct options *options)
{
    if (options->csv) {
        sheet_print_csv(sheet, stdout);
    } else if (!options->json) {
        sheet_print_text(sheet, stdout);
    } else {
        json_begin(stdout, "table");
        json_member(stdout, "file", options->words[0]);
        print_columns(sheet, reader);
        printf(", \"%s\": ", is_grouped(options) ? "groups" : "runs");
        sheet_print_json(sheet, stdout);
        fputs("}\n", stdout);
    }
}

static enum status print_groups(const struct reader *reader, const struct selection *selection,
                                const struct options *options, enum run_sheet_names names,
                                struct error *err)
{
    struct group_sheet *own;
    enum status st = group_sheet_create(&own, reader, selection, options, names, err);
    if (st != OK)
        return st;
    print_sheet(group_sheet(own), reader, options);
    group_sheet_destroy(own);
    return OK;
}

static enum status print_runs(const struct reader *reader, const struct selection *selection,
                              const struct options *options, enum run_sheet_names names,
                              struct error *err)
{
    struct run_sheet own;
    struct columns columns;
    if (options->columns) {
        enum status st = columns_parse(&columns, reader, options->columns, err);
        if (st != OK)
            return error_in(err, st, "--columns");
    } else if (names == RUN_SHEET_NAMES) {
        columns_all(&columns, reader);
    } else {
        columns_shown(&columns, reader);
    }
    run_sheet_make(&own, reader, selection, &columns, names);
    print_sheet(&own.sheet, reader, options);
    free(own.heads);
    free(columns.at);
    return OK;
}

static enum status print(const struct reader *reader, const struct command *command,
                         const struct options *options, struct error *err)
{
    struct selection selection;
    struct options rows = *options;
    enum run_sheet_names names =
        options->csv || options->json ? RUN_SHEET_NAMES : RUN_SHEET_HEADERS;
    if (is_grouped(options))
        rows.sort = NULL; /* the groups are sorted, not their runs */
    enum status st = selection_make(&selection, reader, command, &rows, err);
    if (st != OK)
        return st;
    st = (is_grouped(options) ? print_groups : print_runs)(reader, &selection, options, names, err);
    free(selection.rows);
    return st == OK ? OK : error_in(err, st, "mesasweep %s", command->name);
}

enum status cmd_table(int *code, const struct command *self, int argc, char **argv,
                      struct error *err)
{
    /* clang-format off */
    static const struct argp_option rows[] = {
        OPTION_WHERE_ROW,
        {"sort", OPTION_SORT, "COLUMN[:desc]", 0, "From the least up, or from the greatest down", 0},
        {"columns", OPTION_COLUMNS, "COLUMN,...", 0, "Only these", 0},
        {"group-by", OPTION_GROUP_BY, "COLUMN,...", 0, "One row for all runs that agree in these; default with --agg: all that was swept but the seed", 0},
        {"agg", OPTION_AGGREGATES, "NAME,...", 0, "Of each group: mean, ci95 (half the 95 % interval of the mean, by Student's t), median, std, min, max, count; default with --group-by: mean,ci95", 0},
        {"csv", OPTION_CSV, NULL, 0, "Comma-separated, full precision, with what the log holds", 0},
        {"json", OPTION_JSON, NULL, 0, "The same as one JSON object", 0},
        {0},
    };
    /* clang-format on */
    static const char more[] =
        "A column is called by its name in the file or by its header here. Groups have the columns "
        "that came out, or those of --columns; only runs that are done count.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
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
