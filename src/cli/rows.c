#include "rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

struct row_counts rows_count(const struct reader *reader)
{
    int64_t of[ROW_STATUS_COUNT] = {0};
    int64_t count = reader_count(reader);
    for (int64_t row = 0; row < count; row++)
        of[reader_status(reader, row)]++;
    return (struct row_counts){
        .runs = count - of[ROW_RETIRED],
        .done = of[ROW_DONE] + of[ROW_DIVERGED],
        .failed = of[ROW_FAILED] + of[ROW_TIMEOUT],
        .running = of[ROW_RUNNING],
        .pending = of[ROW_PENDING] + of[ROW_STOPPED],
        .diverged = of[ROW_DIVERGED],
        .timeout = of[ROW_TIMEOUT],
        .stopped = of[ROW_STOPPED],
        .retired = of[ROW_RETIRED],
    };
}

/* The last part of a key, or the one before a last part that says nothing by itself. */
static void shorten(char *text, size_t size, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot)
        snprintf(text, size, "%s", name);
    else if (strcmp(dot, ".kind") == 0)
        snprintf(text, size, "%.*s", (int)(dot - name), name);
    else
        snprintf(text, size, "%s", dot + 1);
}

void rows_header(char *text, size_t size, const struct reader *reader, int column)
{
    const char *name = reader_column(reader, column)->name;
    shorten(text, size, name);
    for (int other = ROWS_RUN; other < reader_columns(reader); other++) {
        char rival[KEY_NAME_SIZE];
        shorten(rival, sizeof rival, rows_name(reader, other));
        if (other != column && strcmp(rival, text) == 0)
            snprintf(text, size, "%s", name);
    }
}

int rows_column(const struct reader *reader, const char *name)
{
    for (int column = 0; column < reader_columns(reader); column++)
        if (strcmp(reader_column(reader, column)->name, name) == 0)
            return column;
    return -1;
}

double rows_number(const struct reader *reader, const char *name, int64_t row)
{
    int column = rows_column(reader, name);
    return column >= 0 ? reader_number(reader, column, row) : (double)NAN;
}

double rows_seconds(const struct reader *reader, int64_t row)
{
    double seconds = rows_number(reader, "seconds", row);
    if (reader_status(reader, row) != ROW_RUNNING)
        return seconds;
    double started = rows_number(reader, "started", row);
    if (!isfinite(started))
        return seconds;
    return fmax(clock_wall() - started, 0) + (isfinite(seconds) ? seconds : 0);
}

void rows_identity(char text[17], const struct reader *reader, int64_t row)
{
    snprintf(text, 17, "%016" PRIx64, reader_identity(reader, row));
}

enum status rows_lookup(int *column, const struct reader *reader, const char *name, size_t length,
                        struct error *err)
{
    char wanted[KEY_NAME_SIZE], header[KEY_NAME_SIZE], shown[TEXT_SHOWN];
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
    int found = rows_column(reader, wanted);
    for (int c = 0; c < reader_columns(reader) && found < 0; c++) {
        rows_header(header, sizeof header, reader, c);
        if (strcmp(header, wanted) == 0)
            found = c;
    }
    bool run = strcmp(wanted, "run") == 0;
    if (found < 0 && !run && strcmp(wanted, "status") != 0)
        return error_set(err, ERR_USAGE,
                         "'%s' is no column; 'mesasweep table --csv' shows them all",
                         text_show(shown, wanted));
    *column = found >= 0 ? found : run ? ROWS_RUN : ROWS_STATUS;
    return OK;
}

bool rows_is_text(const struct reader *reader, int column)
{
    return column < 0 || reader_column(reader, column)->text;
}

const char *rows_name(const struct reader *reader, int column)
{
    return column == ROWS_RUN      ? "run"
           : column == ROWS_STATUS ? "status"
                                   : reader_column(reader, column)->name;
}

const char *rows_text(char identity[17], const struct reader *reader, int column, int64_t row)
{
    if (column == ROWS_STATUS)
        return row_status_name(reader_status(reader, row));
    if (column >= 0)
        return reader_text(reader, column, row);
    rows_identity(identity, reader, row);
    return identity;
}

int rows_compare_texts(const char *a, const char *b)
{
    int result = strcmp(a, b);
    return (result > 0) - (result < 0);
}

int rows_compare(double a, double b, int sign)
{
    if (isnan(a) || isnan(b))
        return !!isnan(a) - !!isnan(b);
    return sign * ((a > b) - (a < b));
}

enum status rows_find(int64_t *row, const struct reader *reader, const char *file,
                      const char *digits, struct error *err)
{
    char identity[17], shown[TEXT_SHOWN];
    size_t length = strlen(digits);
    int64_t found = 0;
    if (length == 0 || length > 16 || strspn(digits, "0123456789abcdef") != length)
        return error_set(err, ERR_USAGE,
                         "'%s' is no name of a run: that is sixteen hex digits, or the first of "
                         "them",
                         text_show(shown, digits));
    for (int64_t i = 0; i < reader_count(reader); i++) {
        rows_identity(identity, reader, i);
        if (strncmp(identity, digits, length) != 0)
            continue;
        *row = i;
        found++;
    }
    if (found == 0)
        return error_set(err, ERR_USAGE,
                         "%s: no run begins with %s; 'mesasweep table --csv' lists their names",
                         file, digits);
    if (found > 1)
        return error_set(err, ERR_USAGE, "%s: %" PRId64 " runs begin with %s; give more digits",
                         file, found, digits);
    return OK;
}

static bool same(const struct reader *reader, int column, int64_t row, int64_t other)
{
    if (!reader_column(reader, column)->text) {
        double a = reader_number(reader, column, row), b = reader_number(reader, column, other);
        return a == b || (a != a && b != b);
    }
    char text[KEY_TEXT_SIZE];
    snprintf(text, sizeof text, "%s", reader_text(reader, column, row));
    return strcmp(text, reader_text(reader, column, other)) == 0;
}

/* Whether the value in `cause` decides that in `column`, in every row. */
static bool follows(const struct reader *reader, int column, int cause)
{
    enum { VALUES = 32 }; /* with more values of the cause the question has no use */
    int64_t first[VALUES];
    int count = 0;
    for (int64_t row = 0; row < reader_count(reader); row++) {
        int i = 0;
        while (i < count && !same(reader, cause, first[i], row))
            i++;
        if (i == count && count == VALUES)
            return false;
        if (i == count)
            first[count++] = row;
        else if (!same(reader, column, first[i], row))
            return false;
    }
    return true;
}

int rows_columns(int *columns, int most, const struct reader *reader)
{
    int count = 0;
    for (int column = 0; column < reader_columns(reader) && count < most; column++) {
        const struct reader_column *head = reader_column(reader, column);
        bool swept = head->origin == READ_SWEPT, shown = swept || head->summary;
        for (int i = 0; swept && shown && i < count; i++)
            shown = !follows(reader, column, columns[i]);
        if (shown)
            columns[count++] = column;
    }
    return count;
}
