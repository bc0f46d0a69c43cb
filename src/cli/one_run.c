#include "one_run.h"

#include "rows.h"

enum status one_run(int *code, const struct command *self, one_run_print *print, int argc,
                    char **argv, struct error *err)
{
    static const struct argp_option rows[] = {
        {"json", OPTION_JSON, NULL, 0, "One JSON object", 0},
        {0},
    };
    static const char more[] = "RUN is the name of a run, as 'status' and 'table --csv' print it, "
                               "or the first digits of it.";
    struct options options;
    struct reader *reader;
    int64_t row;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_pair(&options, self, "the result file", "the name of a run", err);
    if (st != OK)
        return st;
    st = reader_open(&reader, options.words[0], err);
    if (st != OK)
        return st;
    st = rows_find(&row, reader, options.words[0], options.words[1], err);
    if (st == OK)
        st = print(reader, &options, row, err);
    reader_close(reader);
    *code = 0;
    return st;
}
