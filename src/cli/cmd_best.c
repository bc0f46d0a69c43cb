#include <math.h>
#include <stdlib.h>

#include "rows.h"
#include "selection.h"
#include "show_run.h"

static enum status show_first(const struct reader *reader, const struct options *options,
                              const struct selection *selection, struct error *err)
{
    int by = selection->sorted_by;
    const struct reader_column *column = by >= 0 ? reader_column(reader, by) : NULL;
    if (!column || column->text)
        return error_set(err, ERR_USAGE, "mesasweep best: --by: takes a column of numbers");
    if (selection->count == 0 || isnan(reader_number(reader, by, selection->rows[0])))
        return error_set(err, ERR_USAGE, "%s: no finished run of these has a value of %s",
                         options->words[0], column->name);
    return show_run(reader, options, selection->rows[0], err);
}

enum status cmd_best(int *code, const struct command *self, int argc, char **argv,
                     struct error *err)
{
    static const struct argp_option rows[] = {
        {"by", OPTION_SORT, "COLUMN[:desc]", 0,
         "The column that is least, or with :desc greatest; default: test_loss", 0},
        OPTION_WHERE_ROW,
        {"json", OPTION_JSON, NULL, 0, "One JSON object, as of show", 0},
        {0},
    };
    struct options options;
    struct reader *reader;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st == OK && options.where_count == WHERE_MAX)
        st = error_set(err, ERR_USAGE, "mesasweep best: --where: there are more than 31 of them");
    if (st != OK)
        return st;
    options.where[options.where_count++] = "status=done";
    if (!options.sort)
        options.sort = "test_loss";
    st = reader_open(&reader, options.words[0], err);
    if (st != OK)
        return st;
    struct selection selection;
    st = selection_make(&selection, reader, self, &options, err);
    if (st == OK) {
        st = show_first(reader, &options, &selection, err);
        free(selection.rows);
    }
    reader_close(reader);
    *code = 0;
    return st;
}
