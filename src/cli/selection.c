#include "selection.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/number.h"
#include "rows.h"

enum { STATUS = -1 }; /* in place of a column */

/* `name` ends at `length`. */
static enum status find_column(int *column, const struct reader *reader, const char *name,
                               size_t length, struct error *err)
{
    char wanted[KEY_NAME_SIZE], header[KEY_NAME_SIZE], shown[TEXT_SHOWN];
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
    *column = rows_column(reader, wanted);
    for (int c = 0; c < reader_columns(reader) && *column < 0; c++) {
        rows_header(header, sizeof header, reader, c);
        if (strcmp(header, wanted) == 0)
            *column = c;
    }
    if (*column >= 0 || strcmp(wanted, "status") == 0)
        return OK;
    return error_set(err, ERR_USAGE, "'%s' is no column; 'mesasweep table --csv' shows them all",
                     text_show(shown, wanted));
}

static bool is_text(const struct reader *reader, int column)
{
    return column == STATUS || reader_column(reader, column)->text;
}

static const char *text_of(const struct reader *reader, int column, int64_t row)
{
    return column == STATUS ? row_status_name(reader_status(reader, row))
                            : reader_text(reader, column, row);
}

/* ---- --where */

static bool parse_number(double *number, const char *text)
{
    bool truth = strcmp(text, "true") == 0;
    if (truth || strcmp(text, "false") == 0) {
        *number = truth;
        return true;
    }
    return number_parse(number, text);
}

static enum status keep_where(struct selection *selection, const struct reader *reader,
                              const char *condition, struct error *err)
{
    const char *value = strchr(condition, '=');
    char shown[TEXT_SHOWN];
    double number = 0;
    int column;
    if (!value || value == condition)
        return error_set(err, ERR_USAGE, "takes KEY=VALUE, as model.depth=2");
    enum status st = find_column(&column, reader, condition, (size_t)(value - condition), err);
    if (st != OK)
        return st;
    value++;
    bool text = is_text(reader, column);
    if (!text && !parse_number(&number, value))
        return error_set(err, ERR_USAGE, "'%s' is no number, %s has numbers",
                         text_show(shown, value), reader_column(reader, column)->name);
    int64_t kept = 0;
    for (int64_t i = 0; i < selection->count; i++) {
        int64_t row = selection->rows[i];
        if (text ? strcmp(text_of(reader, column, row), value) == 0
                 : reader_number(reader, column, row) == number)
            selection->rows[kept++] = row;
    }
    selection->count = kept;
    return OK;
}

/* ---- --sort */

struct order {
    const struct reader *reader;
    int column, sign; /* 1, or -1 from the largest down */
};

static int compare(const void *a, const void *b, void *context)
{
    const struct order *order = context;
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    int result;
    if (is_text(order->reader, order->column)) {
        result = order->sign * strcmp(text_of(order->reader, order->column, x),
                                      text_of(order->reader, order->column, y));
    } else {
        double p = reader_number(order->reader, order->column, x);
        double q = reader_number(order->reader, order->column, y);
        result = isnan(p) || isnan(q) ? isnan(p) - isnan(q) : order->sign * ((p > q) - (p < q));
    }
    return result ? result : (x > y) - (x < y);
}

static enum status sort(struct selection *selection, const struct reader *reader, const char *by,
                        struct error *err)
{
    static const char down[] = ":desc";
    struct order order = {reader, STATUS, 1};
    size_t length = strlen(by), end = strlen(down);
    if (length > end && strcmp(by + length - end, down) == 0) {
        order.sign = -1;
        length -= end;
    }
    enum status st = find_column(&order.column, reader, by, length, err);
    if (st == OK)
        qsort_r(selection->rows, (size_t)selection->count, sizeof *selection->rows, compare,
                &order);
    selection->sorted_by = order.column;
    return st;
}

enum status selection_make(struct selection *selection, const struct reader *reader,
                           const struct command *command, const struct options *options,
                           struct error *err)
{
    enum status st = OK;
    selection->count = reader_count(reader);
    selection->rows = malloc(((size_t)selection->count + 1) * sizeof *selection->rows);
    assert(selection->rows);
    for (int64_t row = 0; row < selection->count; row++)
        selection->rows[row] = row;
    for (int i = 0; i < options->where_count && st == OK; i++)
        st = keep_where(selection, reader, options->where[i], err);
    if (st != OK)
        error_in(err, st, "--where");
    selection->sorted_by = STATUS;
    if (st == OK && options->sort)
        st = sort(selection, reader, options->sort, err);
    if (st == OK)
        return OK;
    free(selection->rows);
    return error_in(err, st, "mesasweep %s", command->name);
}
