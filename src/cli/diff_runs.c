#include <math.h>
#include <string.h>

#include "diff.h"
#include "rows.h"
#include "run/run.h"
#include "settings_of.h"

static enum status find(struct detail *detail, const struct diff_side *side, struct error *err)
{
    struct reader *reader;
    int64_t row = 0;
    enum status st = reader_open(&reader, side->file, err);
    if (st != OK)
        return st;
    st = rows_find(&row, reader, side->file, side->run, err);
    reader_close(reader);
    return st == OK ? store_detail(detail, side->file, row, err) : st;
}

static void compare_settings(struct lines *lines, const char *first, const char *second)
{
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        char one[KEY_TEXT_SIZE], two[KEY_TEXT_SIZE];
        settings_of_value(one, first, k);
        settings_of_value(two, second, k);
        if (strcmp(one, two) == 0)
            continue;
        lines_text(lines, schema_key(&run_schema, k)->name);
        lines_text(lines, one);
        lines_text(lines, two);
    }
}

static const struct detail_array *column(const struct detail *detail, const char *name)
{
    for (int c = 0; c < detail->column_count; c++)
        if (strcmp(detail->columns[c].name, name) == 0)
            return &detail->columns[c];
    return NULL;
}

/* The value at a place in the common index of two arrays, whose sizes are `size`; NaN outside. */
static double at(const struct detail_array *array, const int *size, int64_t place)
{
    int64_t index = 0, step = 1;
    for (int i = array->rank - 1; i >= 0; i--) {
        int64_t part = place % size[i]; /* NOLINT: both arrays have the rank that `size` has */
        if (part >= array->size[i])
            return (double)NAN;
        place /= size[i];
        index += part * step;
        step *= array->size[i];
    }
    return array->values[index];
}

static double last(const struct detail_array *array)
{
    int64_t count = 1;
    for (int i = 0; i < array->rank; i++)
        count *= array->size[i];
    while (count > 1 && !isfinite(array->values[count - 1]))
        count--;
    return array->values[count - 1];
}

/* A line with the single values, or of arrays the last ones, when there are any. */
static void compare_arrays(struct lines *lines, const struct detail_array *a,
                           const struct detail_array *b)
{
    int size[COLUMN_AXES];
    int64_t count = 1;
    double difference = 0;
    if (a->rank != b->rank || (isnan(last(a)) && isnan(last(b))))
        return;
    for (int i = 0; i < a->rank; i++) {
        size[i] = a->size[i] > b->size[i] ? a->size[i] : b->size[i];
        count *= size[i];
    }
    for (int64_t i = 0; i < count; i++)
        difference = diff_relative(difference, at(a, size, i), at(b, size, i));
    lines_text(lines, a->name);
    lines_number(lines, last(a));
    lines_number(lines, last(b));
    lines_number(lines, difference);
}

enum status diff_runs(struct diff *diff, const struct diff_side *sides, struct error *err)
{
    static const struct sheet_column settings[] = {
        {"setting", SHEET_TEXT}, {"first", SHEET_TEXT}, {"second", SHEET_TEXT}};
    static const struct sheet_column results[] = {{"column", SHEET_TEXT},
                                                  {"first", SHEET_RESULT},
                                                  {"second", SHEET_RESULT},
                                                  {"difference", SHEET_RESULT}};
    struct detail one = {0}, two = {0};
    *diff = (struct diff){.sides = sides};
    lines_begin(&diff->settings, settings, 3);
    lines_begin(&diff->columns, results, 4);
    lines_begin(&diff->only, settings, 1);
    enum status st = find(&one, &sides[0], err);
    if (st == OK)
        st = find(&two, &sides[1], err);
    if (st == OK) {
        compare_settings(&diff->settings, one.config, two.config);
        for (int c = 0; c < one.column_count; c++) {
            const struct detail_array *other = column(&two, one.columns[c].name);
            if (other)
                compare_arrays(&diff->columns, &one.columns[c], other);
        }
    }
    store_detail_dispose(&one);
    store_detail_dispose(&two);
    return st;
}
