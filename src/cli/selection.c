#include "selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/number.h"
#include "rows.h"

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
    char shown[TEXT_SHOWN], identity[17];
    double number = 0;
    int column;
    if (!value || value == condition)
        return error_set(err, ERR_USAGE, "takes KEY=VALUE, as model.depth=2");
    enum status st = rows_lookup(&column, reader, condition, (size_t)(value - condition), err);
    if (st != OK)
        return st;
    value++;
    bool text = rows_is_text(reader, column);
    if (!text && !parse_number(&number, value))
        return error_set(err, ERR_USAGE, "'%s' is no number, %s has numbers",
                         text_show(shown, value), reader_column(reader, column)->name);
    int64_t kept = 0;
    for (int64_t i = 0; i < selection->count; i++) {
        int64_t row = selection->rows[i];
        if (text ? strcmp(rows_text(identity, reader, column, row), value) == 0
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
    char first[17], second[17];
    int result;
    if (rows_is_text(order->reader, order->column)) {
        result =
            order->sign * rows_compare_texts(rows_text(first, order->reader, order->column, x),
                                             rows_text(second, order->reader, order->column, y));
    } else {
        result = rows_compare(reader_number(order->reader, order->column, x),
                              reader_number(order->reader, order->column, y), order->sign);
    }
    return result ? result : (x > y) - (x < y);
}

size_t selection_sort_name(int *sign, const char *by)
{
    static const char down[] = ":desc";
    size_t length = strlen(by), end = strlen(down);
    bool descends = length > end && strcmp(by + length - end, down) == 0;
    *sign = descends ? -1 : 1;
    return descends ? length - end : length;
}

static enum status sort(struct selection *selection, const struct reader *reader, const char *by,
                        struct error *err)
{
    struct order order = {reader, ROWS_STATUS, 1};
    size_t length = selection_sort_name(&order.sign, by);
    enum status st = rows_lookup(&order.column, reader, by, length, err);
    if (st == OK)
        qsort_r(selection->rows, (size_t)selection->count, sizeof *selection->rows, compare,
                &order);
    selection->sorted_by = order.column;
    return st;
}

struct selection selection_all(const struct reader *reader)
{
    struct selection all = {.count = reader_count(reader), .sorted_by = ROWS_STATUS};
    all.rows = memory_get(((size_t)all.count + 1) * sizeof *all.rows);
    for (int64_t row = 0; row < all.count; row++)
        all.rows[row] = row;
    return all;
}

enum status selection_make(struct selection *selection, const struct reader *reader,
                           const struct command *command, const struct options *options,
                           struct error *err)
{
    enum status st = OK;
    *selection = selection_all(reader);
    for (int i = 0; i < options->where_count && st == OK; i++)
        st = keep_where(selection, reader, options->where[i], err);
    if (st != OK)
        error_in(err, st, "--where");
    if (st == OK && options->sort)
        st = sort(selection, reader, options->sort, err);
    if (st == OK)
        return OK;
    free(selection->rows);
    return error_in(err, st, "mesasweep %s", command->name);
}
