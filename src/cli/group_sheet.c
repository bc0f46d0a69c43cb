#include "group_sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "base/memory.h"
#include "base/text.h"
#include "rows.h"

struct group_sheet {
    struct sheet sheet;
    const struct reader *reader;
    const struct selection *selection;
    struct columns by, of;
    enum aggregate aggregates[AGGREGATES];
    int aggregate_count;
    struct sheet_column *heads;
    int64_t *first;    /* [groups]: a row of the group */
    int64_t *group_of; /* [selection]; -1: does not count */
    double *values;    /* [groups][width]: runs, then the aggregates */
    int width;
    int64_t *order; /* [groups] */
    char identity[17];
};

/* ---- wishes */

static enum status parse_aggregates(struct group_sheet *own, const char *list, struct error *err)
{
    char shown[TEXT_SHOWN], word[TEXT_SHOWN];
    for (const char *name = list;; name++) {
        size_t length = strcspn(name, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, name);
        enum aggregate a = 0;
        while (a < AGGREGATES && strcmp(aggregate_name(a), word) != 0)
            a++;
        if (a == AGGREGATES)
            return error_set(err, ERR_USAGE,
                             "--agg: '%s' is none of mean, ci95, median, std, min, max, count",
                             text_show(shown, word));
        for (int i = 0; i < own->aggregate_count; i++)
            if (own->aggregates[i] == a)
                return error_set(err, ERR_USAGE, "--agg: %s is there twice", word);
        own->aggregates[own->aggregate_count++] = a;
        name += length;
        if (!*name)
            return OK;
    }
}

static bool has_values(const struct group_sheet *own, int column)
{
    for (int64_t i = 0; i < own->selection->count; i++)
        if (isfinite(reader_number(own->reader, column, own->selection->rows[i])))
            return true;
    return false;
}

/* What was swept but the seed. */
static bool is_axis(const struct group_sheet *own, int column)
{
    return column >= 0 && reader_column(own->reader, column)->origin == READ_SWEPT &&
           strcmp(rows_name(own->reader, column), "seed") != 0;
}

/* What came out of one of these runs. */
static bool is_result(const struct group_sheet *own, int column)
{
    return column >= 0 && reader_column(own->reader, column)->origin == READ_RESULT &&
           has_values(own, column);
}

static void default_columns(struct columns *columns, const struct group_sheet *own,
                            bool (*wanted)(const struct group_sheet *own, int column))
{
    int count = 0;
    columns_shown(columns, own->reader);
    for (int c = 0; c < columns->count; c++)
        if (wanted(own, columns->at[c]))
            columns->at[count++] = columns->at[c];
    columns->count = count;
}

static enum status parse(struct group_sheet *own, const struct options *options, struct error *err)
{
    enum status st = OK;
    if (options->group_by) {
        st = columns_parse(&own->by, own->reader, options->group_by, err);
        if (st != OK)
            return error_in(err, st, "--group-by");
    } else {
        default_columns(&own->by, own, is_axis);
    }
    if (options->columns) {
        st = columns_parse(&own->of, own->reader, options->columns, err);
        if (st != OK)
            return error_in(err, st, "--columns");
    } else {
        default_columns(&own->of, own, is_result);
    }
    for (int c = 0; c < own->of.count; c++)
        if (rows_is_text(own->reader, own->of.at[c]))
            return error_set(err, ERR_USAGE, "--columns: %s is text, of which there is no mean",
                             rows_name(own->reader, own->of.at[c]));
    return parse_aggregates(own, options->aggregates ? options->aggregates : "mean,ci95", err);
}

/* ---- groups */

static bool same(const struct group_sheet *own, int64_t row, int64_t other)
{
    char one[17], two[17];
    for (int c = 0; c < own->by.count; c++) {
        int at = own->by.at[c];
        if (rows_is_text(own->reader, at)) {
            if (strcmp(rows_text(one, own->reader, at, row),
                       rows_text(two, own->reader, at, other)) != 0)
                return false;
            continue;
        }
        double a = reader_number(own->reader, at, row), b = reader_number(own->reader, at, other);
        if (a != b && !(isnan(a) && isnan(b)))
            return false;
    }
    return true;
}

/* Neighbours are mostly of one group or of the one behind it, so the search begins there. */
static void find_groups(struct group_sheet *own)
{
    int64_t groups = 0, last = 0;
    for (int64_t i = 0; i < own->selection->count; i++) {
        int64_t row = own->selection->rows[i], tried = 0;
        enum row_status status = reader_status(own->reader, row);
        own->group_of[i] = -1;
        if (status == ROW_RETIRED)
            continue;
        while (tried < groups && !same(own, own->first[(last + tried) % groups], row))
            tried++;
        last = tried < groups ? (last + tried) % groups : groups;
        if (last == groups)
            own->first[groups++] = row;
        if (status == ROW_DONE)
            own->group_of[i] = last;
    }
    own->sheet.rows = groups;
}

/* The rows that count, one group behind the other: group g has start[g] .. start[g+1]-1. */
static void collect(int64_t *members, int64_t *start, const struct group_sheet *own)
{
    for (int64_t i = 0; i < own->selection->count; i++)
        if (own->group_of[i] >= 0)
            start[own->group_of[i] + 2]++;
    for (int64_t g = 0; g < own->sheet.rows; g++)
        start[g + 2] += start[g + 1];
    for (int64_t i = 0; i < own->selection->count; i++)
        if (own->group_of[i] >= 0)
            members[start[own->group_of[i] + 1]++] = own->selection->rows[i];
}

static void aggregate_group(double *to, const struct group_sheet *own, const int64_t *members,
                            int count, double *memory)
{
    *to++ = count;
    for (int c = 0; c < own->of.count; c++)
        for (int a = 0; a < own->aggregate_count; a++) {
            for (int i = 0; i < count; i++)
                memory[i] = reader_number(own->reader, own->of.at[c], members[i]);
            *to++ = aggregate(own->aggregates[a], memory, count);
        }
}

static void aggregate_groups(struct group_sheet *own)
{
    size_t rows = (size_t)own->selection->count + 1, groups = (size_t)own->sheet.rows;
    int64_t *members = memory_zeroed(rows, sizeof *members),
            *start = memory_zeroed(groups + 2, sizeof *start);
    double *memory = memory_zeroed(rows, sizeof *memory);
    own->values = memory_zeroed((groups + 1) * (size_t)own->width, sizeof *own->values);
    collect(members, start, own);
    for (int64_t g = 0; g < own->sheet.rows; g++)
        aggregate_group(own->values + g * own->width, own, members + start[g],
                        (int)(start[g + 1] - start[g]), memory);
    free(members);
    free(start);
    free(memory);
}

/* ---- as a sheet */

static struct sheet_cell group_cell(char identity[17], const struct group_sheet *own, int64_t group,
                                    int column)
{
    if (column >= own->by.count)
        return (struct sheet_cell){.number =
                                       own->values[group * own->width + column - own->by.count]};
    int at = own->by.at[column];
    if (rows_is_text(own->reader, at))
        return (struct sheet_cell){.text = rows_text(identity, own->reader, at, own->first[group])};
    return (struct sheet_cell){.number = reader_number(own->reader, at, own->first[group])};
}

static struct sheet_cell cell(const void *context, int64_t row, int column)
{
    struct group_sheet *own = (struct group_sheet *)(uintptr_t)context; /* writes the identity */
    return group_cell(own->identity, own, own->order[row], column);
}

static void make_heads(struct group_sheet *own, enum run_sheet_names names)
{
    int count = 0;
    own->heads = memory_zeroed((size_t)(own->by.count + own->width) + 1, sizeof *own->heads);
    for (int c = 0; c < own->by.count; c++)
        own->heads[count++] = run_sheet_head(own->reader, own->by.at[c], names);
    own->heads[count++] = (struct sheet_column){"runs", SHEET_SETTING};
    for (int c = 0; c < own->of.count; c++)
        for (int a = 0; a < own->aggregate_count; a++) {
            struct sheet_column base = run_sheet_head(own->reader, own->of.at[c], names);
            struct sheet_column *head = &own->heads[count++];
            bool counts = own->aggregates[a] == AGGREGATE_COUNT;
            head->kind = counts ? SHEET_SETTING : SHEET_RESULT;
            snprintf(head->name, sizeof head->name, "%.60s_%s", base.name,
                     aggregate_name(own->aggregates[a]));
        }
    own->sheet.columns = own->heads;
    own->sheet.count = count;
}

struct order {
    const struct group_sheet *own;
    int column, sign;
};

static int compare(const void *a, const void *b, void *context)
{
    const struct order *order = context;
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    char identities[2][17];
    struct sheet_cell one = group_cell(identities[0], order->own, x, order->column);
    struct sheet_cell two = group_cell(identities[1], order->own, y, order->column);
    int result;
    if (one.text)
        result = order->sign * rows_compare_texts(one.text, two.text);
    else
        result = rows_compare(one.number, two.number, order->sign);
    return result ? result : (x > y) - (x < y);
}

static enum status sort(struct group_sheet *own, const char *by, struct error *err)
{
    struct order order = {own, 0, 1};
    size_t length = selection_sort_name(&order.sign, by);
    char shown[TEXT_SHOWN];
    while (order.column < own->sheet.count &&
           (strncmp(own->heads[order.column].name, by, length) != 0 ||
            own->heads[order.column].name[length]))
        order.column++;
    if (order.column == own->sheet.count)
        return error_set(err, ERR_USAGE, "--sort: '%s' is no column of this table",
                         text_show(shown, by));
    qsort_r(own->order, (size_t)own->sheet.rows, sizeof *own->order, compare, &order);
    return OK;
}

static void fill(struct group_sheet *own)
{
    size_t rows = (size_t)own->selection->count + 1;
    own->width = 1 + own->of.count * own->aggregate_count;
    own->first = memory_zeroed(rows, sizeof *own->first);
    own->group_of = memory_zeroed(rows, sizeof *own->group_of);
    own->order = memory_zeroed(rows, sizeof *own->order);
    find_groups(own);
    aggregate_groups(own);
    for (int64_t g = 0; g < own->sheet.rows; g++)
        own->order[g] = g;
}

enum status group_sheet_create(struct group_sheet **out, const struct reader *reader,
                               const struct selection *selection, const struct options *options,
                               enum run_sheet_names names, struct error *err)
{
    struct group_sheet *own = memory_zeroed(1, sizeof *own);
    own->reader = reader;
    own->selection = selection;
    own->sheet.cell = cell;
    own->sheet.context = own;
    enum status st = parse(own, options, err);
    if (st == OK) {
        fill(own);
        make_heads(own, names);
        st = options->sort ? sort(own, options->sort, err) : OK;
    }
    if (st == OK)
        *out = own;
    else
        group_sheet_destroy(own);
    return st;
}

const struct sheet *group_sheet(const struct group_sheet *own)
{
    return &own->sheet;
}

void group_sheet_destroy(struct group_sheet *own)
{
    if (!own)
        return;
    free(own->by.at);
    free(own->of.at);
    free(own->heads);
    free(own->first);
    free(own->group_of);
    free(own->values);
    free(own->order);
    free(own);
}
