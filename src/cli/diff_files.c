#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/number.h"
#include "diff.h"
#include "run/run.h"
#include "settings_of.h"

/* One of the files. */
struct side {
    struct arrays *arrays;
    struct settings_of settings;
};

/* Runs by name: where each has its row in some arrays. */
struct roster {
    struct place {
        char *run; /* borrowed from `texts` */
        int64_t row;
    } * places; /* sorted */
    int64_t count;
    char **texts;
    struct array array;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->run, ((const struct place *)b)->run);
}

static enum status roster_read(struct roster *roster, struct arrays *arrays, const char *name,
                               struct error *err)
{
    *roster = (struct roster){0};
    int at = arrays_find(arrays, name);
    if (at < 0)
        return OK;
    roster->array = *arrays_at(arrays, at);
    enum status st = arrays_read((void **)&roster->texts, arrays, at, err);
    if (st != OK)
        return st;
    roster->count = array_elements(&roster->array);
    roster->places = memory_zeroed((size_t)roster->count + 1, sizeof *roster->places);
    for (int64_t row = 0; row < roster->count; row++)
        roster->places[row] = (struct place){roster->texts[row], row};
    qsort(roster->places, (size_t)roster->count, sizeof *roster->places, by_name);
    return OK;
}

static void roster_dispose(struct roster *roster)
{
    if (roster->texts)
        arrays_free(roster->texts, &roster->array);
    free(roster->places);
}

/* The row of a run, -1: there is none. */
static int64_t roster_row(const struct roster *roster, const char *run)
{
    struct place wanted = {(char *)(uintptr_t)run, 0};
    const struct place *found =
        bsearch(&wanted, roster->places, (size_t)roster->count, sizeof *roster->places, by_name);
    return found ? found->row : -1;
}

/* ---- settings */

enum { VALUES_SHOWN = 8 };

/* The different values of a key, in order. */
struct values {
    char (*texts)[KEY_TEXT_SIZE]; /* [count], owned */
    int64_t count;
};

static int by_value(const void *a, const void *b)
{
    double x, y;
    bool numbers = number_parse(&x, a) && number_parse(&y, b);
    return numbers && x != y ? (x > y) - (x < y) : strcmp(a, b);
}

static struct values collect(const struct settings_of *settings, int k)
{
    int64_t rows = array_elements(&settings->array);
    struct values values = {memory_zeroed((size_t)rows + 1, sizeof *values.texts), 0};
    for (int64_t row = 0; row < rows; row++)
        settings_of_value(values.texts[row], settings->texts[row], k);
    qsort(values.texts, (size_t)rows, sizeof *values.texts, by_value);
    for (int64_t row = 0; row < rows; row++)
        if (row == 0 || strcmp(values.texts[row], values.texts[values.count - 1]) != 0)
            memmove(values.texts[values.count++], values.texts[row], sizeof *values.texts);
    return values;
}

/* "1, 2, 3" or "1, 2, 3, 4, 5, 6, 7, 8, ... (20 values)" */
static void add_values(struct lines *lines, const struct values *values)
{
    struct text list = {0};
    for (int64_t i = 0; i < values->count && i < VALUES_SHOWN; i++)
        text_print(&list, "%s%s", i ? ", " : "", values->texts[i]);
    if (values->count > VALUES_SHOWN)
        text_print(&list, ", ... (%lld values)", (long long)values->count);
    lines_text(lines, list.data ? list.data : "");
    text_dispose(&list);
}

static void compare_settings(struct lines *lines, const struct side *sides)
{
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        struct values one = collect(&sides[0].settings, k), two = collect(&sides[1].settings, k);
        bool same = one.count == two.count;
        for (int64_t i = 0; i < one.count && same; i++)
            same = strcmp(one.texts[i], two.texts[i]) == 0;
        if (!same) {
            lines_text(lines, schema_key(&run_schema, k)->name);
            add_values(lines, &one);
            add_values(lines, &two);
        }
        free(one.texts);
        free(two.texts);
    }
}

/* ---- columns */

/* The same array of both files. */
struct pair {
    const struct array *arrays[2];
    void *values[2];
    int64_t size[ARRAY_DIMENSIONS]; /* of the larger, without rows */
};

static double number(const struct array *array, const void *values, int64_t i)
{
    switch (array->type) {
    case ARRAY_I8:
        return ((const int8_t *)values)[i];
    case ARRAY_I32:
        return ((const int32_t *)values)[i];
    case ARRAY_I64:
        return (double)((const int64_t *)values)[i];
    case ARRAY_U64:
        return (double)((const uint64_t *)values)[i];
    case ARRAY_F32:
        return (double)((const float *)values)[i];
    case ARRAY_F64:
        return ((const double *)values)[i];
    case ARRAY_TEXT:
        break;
    }
    return (double)NAN;
}

double diff_relative(double largest, double a, double b)
{
    if (a == b || (isnan(a) && isnan(b)) || isnan(largest))
        return largest;
    return isfinite(a) && isfinite(b) ? fmax(largest, fabs(a - b) / fmax(fabs(a), fabs(b)))
                                      : (double)NAN;
}

/* Value at a place in the common index of a row; NaN outside of the array. */
static double value_at(const struct pair *pair, int side, int64_t row, int64_t place)
{
    const struct array *array = pair->arrays[side];
    int64_t index = 0, step = 1;
    for (int i = array->rank - 1; i > 0; i--) {
        int64_t part = place % pair->size[i];
        if (part >= array->size[i])
            return (double)NAN;
        place /= pair->size[i];
        index += part * step;
        step *= array->size[i];
    }
    return number(array, pair->values[side], row * step + index);
}

/* The difference of two rows: 0 none. */
static double compare_row(const struct pair *pair, int64_t first, int64_t second)
{
    if (pair->arrays[0]->type == ARRAY_TEXT)
        return strcmp(((char **)pair->values[0])[first], ((char **)pair->values[1])[second]) == 0
                   ? 0
                   : (double)NAN;
    double difference = 0;
    int64_t count = 1;
    for (int i = 1; i < pair->arrays[0]->rank; i++)
        count *= pair->size[i];
    for (int64_t i = 0; i < count; i++)
        difference =
            diff_relative(difference, value_at(pair, 0, first, i), value_at(pair, 1, second, i));
    return difference;
}

/* Runs that have a result in both files. */
struct common {
    const char **runs;
    int64_t count;
};

static void compare_pair(struct lines *lines, const struct pair *pair, const struct roster *rosters,
                         const struct common *common)
{
    int64_t runs = 0;
    double largest = 0;
    for (int64_t i = 0; i < common->count; i++) {
        int64_t first = roster_row(&rosters[0], common->runs[i]);
        int64_t second = roster_row(&rosters[1], common->runs[i]);
        double difference = first < 0 || second < 0 ? 0 : compare_row(pair, first, second);
        if (difference == 0)
            continue;
        runs++;
        largest = isnan(largest) || isnan(difference) ? (double)NAN : fmax(largest, difference);
    }
    if (runs == 0)
        return;
    lines_text(lines, pair->arrays[0]->name);
    lines_number(lines, (double)runs);
    lines_number(lines, largest);
}

/* The list of runs that an array has its rows by. */
static void roster_name(char name[ARRAY_NAME], const struct array *array)
{
    snprintf(name, ARRAY_NAME, "run");
    if (array->of == ARRAY_OF_WEIGHTS)
        snprintf(name, ARRAY_NAME, "%.*s/run", (int)(8 + strcspn(array->name + 8, "/")),
                 array->name); /* weights/CLASS */
}

static enum status compare_array(struct lines *lines, const struct side *sides, int i, int j,
                                 const struct common *common, struct error *err)
{
    struct pair pair = {.arrays = {arrays_at(sides[0].arrays, i), arrays_at(sides[1].arrays, j)}};
    struct roster rosters[2] = {0};
    char name[ARRAY_NAME];
    if (pair.arrays[0]->type != pair.arrays[1]->type ||
        pair.arrays[0]->rank != pair.arrays[1]->rank)
        return OK;
    for (int d = 0; d < pair.arrays[0]->rank; d++)
        pair.size[d] = pair.arrays[0]->size[d] > pair.arrays[1]->size[d] ? pair.arrays[0]->size[d]
                                                                         : pair.arrays[1]->size[d];
    roster_name(name, pair.arrays[0]);
    enum status st = arrays_read(&pair.values[0], sides[0].arrays, i, err);
    if (st == OK)
        st = arrays_read(&pair.values[1], sides[1].arrays, j, err);
    for (int side = 0; side < 2 && st == OK; side++)
        st = roster_read(&rosters[side], sides[side].arrays, name, err);
    if (st == OK)
        compare_pair(lines, &pair, rosters, common);
    for (int side = 0; side < 2; side++) {
        arrays_free(pair.values[side], pair.arrays[side]);
        roster_dispose(&rosters[side]);
    }
    return st;
}

/* What says nothing of its own: names, and what follows from all the rest. */
static bool is_aside(const struct array *array)
{
    static const char *const names[] = {"run", "config", "status", "checksum", "weights_row"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(array->name, names[i]) == 0)
            return true;
    return array->of == ARRAY_OF_FILE || array->of == ARRAY_OF_LOG;
}

static enum status compare_columns(struct diff *diff, const struct side *sides,
                                   const struct common *common, struct error *err)
{
    enum status st = OK;
    for (int i = 0; i < arrays_count(sides[0].arrays) && st == OK; i++) {
        const struct array *array = arrays_at(sides[0].arrays, i);
        int j = arrays_find(sides[1].arrays, array->name);
        if (!is_aside(array) && j >= 0)
            st = compare_array(&diff->columns, sides, i, j, common, err);
    }
    for (int side = 0; side < 2 && st == OK; side++)
        for (int i = 0; i < arrays_count(sides[side].arrays); i++) {
            const struct array *array = arrays_at(sides[side].arrays, i);
            if (array->of != ARRAY_OF_RUNS || arrays_find(sides[!side].arrays, array->name) >= 0)
                continue;
            lines_text(&diff->only, array->name);
            lines_text(&diff->only, side ? "second" : "first");
        }
    return st;
}

/* ---- runs */

static bool has_result(const char *status)
{
    return strcmp(status, "done") == 0 || strcmp(status, "diverged") == 0;
}

/* The status of each run; ERR_FILE when there is not one for each. */
static enum status read_statuses(char ***statuses, const struct array **array,
                                 const struct roster *roster, const struct side *side,
                                 struct error *err)
{
    int place = arrays_find(side->arrays, "status");
    *array = place < 0 ? NULL : arrays_at(side->arrays, place);
    if (!*array || (*array)->type != ARRAY_TEXT || array_elements(*array) != roster->count)
        return error_set(err, ERR_FILE, "a file is damaged: its runs have no status each");
    return arrays_read((void **)statuses, side->arrays, place, err);
}

static enum status compare_runs(struct diff *diff, struct common *common, struct roster *rosters,
                                const struct side *sides, struct error *err)
{
    char **statuses[2] = {0};
    const struct array *arrays[2] = {0};
    enum status st = OK;
    for (int side = 0; side < 2 && st == OK; side++) {
        st = roster_read(&rosters[side], sides[side].arrays, "run", err);
        if (st == OK)
            st = read_statuses(&statuses[side], &arrays[side], &rosters[side], &sides[side], err);
    }
    common->runs = memory_zeroed((size_t)rosters[0].count + 1, sizeof *common->runs);
    for (int64_t i = 0; st == OK && i < rosters[0].count; i++) {
        const struct place *place = &rosters[0].places[i];
        int64_t other = roster_row(&rosters[1], place->run);
        if (other < 0)
            continue;
        const char *first = statuses[0][place->row], *second = statuses[1][other];
        diff->both++;
        diff->ended += strcmp(first, second) != 0;
        if (has_result(first) && has_result(second))
            common->runs[common->count++] = place->run;
    }
    for (int side = 0; side < 2; side++) {
        diff->alone[side] = rosters[side].count - diff->both;
        if (statuses[side])
            arrays_free(statuses[side], arrays[side]);
    }
    return st;
}

static void begin(struct diff *diff)
{
    static const struct sheet_column settings[] = {
        {"setting", SHEET_TEXT}, {"first", SHEET_TEXT}, {"second", SHEET_TEXT}};
    static const struct sheet_column columns[] = {
        {"column", SHEET_TEXT}, {"runs", SHEET_SETTING}, {"difference", SHEET_RESULT}};
    static const struct sheet_column only[] = {{"column", SHEET_TEXT}, {"in", SHEET_TEXT}};
    lines_begin(&diff->settings, settings, 3);
    lines_begin(&diff->columns, columns, 3);
    lines_begin(&diff->only, only, 2);
}

enum status diff_files(struct diff *diff, const struct diff_side *names, struct error *err)
{
    struct side sides[2] = {0};
    struct roster rosters[2] = {0};
    struct common common = {0};
    enum status st = OK;
    *diff = (struct diff){.sides = names};
    begin(diff);
    for (int side = 0; side < 2 && st == OK; side++) {
        st = arrays_open(&sides[side].arrays, names[side].file, err);
        if (st == OK)
            st = settings_of_read(&sides[side].settings, sides[side].arrays, err);
    }
    if (st == OK)
        st = compare_runs(diff, &common, rosters, sides, err);
    if (st == OK) {
        compare_settings(&diff->settings, sides);
        st = compare_columns(diff, sides, &common, err);
    }
    free(common.runs);
    for (int side = 0; side < 2; side++) {
        roster_dispose(&rosters[side]);
        settings_of_dispose(&sides[side].settings);
        arrays_close(sides[side].arrays);
    }
    return st;
}
