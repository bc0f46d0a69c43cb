#include "show.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void show_bytes(char *text, size_t size, double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    int unit = 0;
    while (bytes >= 999.5 && unit < 5) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, size, unit > 0 && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void show_seconds(char *text, size_t size, double seconds)
{
    static const struct {
        double below, divide;
        int digits;
        const char *unit;
    } rows[] = {
        {9.95, 1, 1, "s"},
        {120, 1, 0, "s"},
        {7200, 60, 0, "min"},
        {172800, 3600, 1, "hours"},
        {INFINITY, 86400, 1, "days"},
    };
    size_t i = 0;
    while (seconds >= rows[i].below && i < sizeof rows / sizeof rows[0] - 1)
        i++;
    snprintf(text, size, "%.*f %s", rows[i].digits, seconds / rows[i].divide, rows[i].unit);
}

void show_number(char *text, size_t size, double value)
{
    if (!isfinite(value))
        snprintf(text, size, "-");
    else if (value == floor(value) && fabs(value) < 1e15)
        snprintf(text, size, "%.0f", value);
    else
        snprintf(text, size, "%.5g", value);
}

void show_result(char *text, size_t size, double value)
{
    if (!isfinite(value) || value == floor(value)) {
        show_number(text, size, value);
        return;
    }
    snprintf(text, size, "%#.5g", value);
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == '.')
        text[length - 1] = '\0';
}

/* The mean of the finite values first .. end-1; NaN: there is none. */
static double mean(const double *values, int first, int end)
{
    double sum = 0;
    int count = 0;
    for (int i = first; i < end; i++)
        if (isfinite(values[i])) {
            sum += values[i];
            count++;
        }
    return count ? sum / count : (double)NAN;
}

void show_curve(char text[SPARK_SIZE], const double *values, int count)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double points[SPARK_WIDTH], low = INFINITY, high = -INFINITY;
    int width = count < SPARK_WIDTH ? count : SPARK_WIDTH;
    for (int i = 0; i < width; i++) {
        points[i] = mean(values, (int)((int64_t)i * count / width),
                         (int)((int64_t)(i + 1) * count / width));
        low = fmin(low, points[i]);
        high = fmax(high, points[i]);
    }
    text[0] = '\0';
    for (int i = 0; i < width; i++) {
        double share =
            low > 0 ? log(points[i] / low) / log(high / low) : (points[i] - low) / (high - low);
        int bar = isfinite(share) ? (int)(share * 7.999) : 0;
        strcat(text, isfinite(points[i]) ? bars[bar] : " ");
    }
}

struct cells {
    int columns;
    size_t count, capacity;
    char **text;
};

struct cells *cells_create(int columns)
{
    struct cells *cells = memory_zeroed(1, sizeof *cells);
    assert(columns > 0);
    cells->columns = columns;
    return cells;
}

void cells_destroy(struct cells *cells)
{
    for (size_t i = 0; cells && i < cells->count; i++)
        free(cells->text[i]);
    if (cells)
        free(cells->text);
    free(cells);
}

void cells_add(struct cells *cells, const char *text)
{
    if (cells->count == cells->capacity) {
        cells->capacity = cells->capacity ? 2 * cells->capacity : 256;
        cells->text = memory_grow(cells->text, cells->capacity * sizeof *cells->text);
    }
    cells->text[cells->count] = memory_text(text);
    cells->count++;
}

/* Characters on the screen: continuation bytes of UTF-8 take no place. */
static int width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void cells_print(const struct cells *cells, const char *align, const char *indent, FILE *to)
{
    size_t columns = (size_t)cells->columns;
    int *widest = memory_zeroed(columns, sizeof *widest);
    for (size_t i = 0; i < cells->count; i++) {
        int w = width(cells->text[i]);
        if (w > widest[i % columns])
            widest[i % columns] = w;
    }
    for (size_t i = 0; i < cells->count; i++) {
        size_t column = i % columns;
        bool last = column == columns - 1;
        int pad = widest[column] - width(cells->text[i]);
        fputs(column == 0 ? indent : "  ", to);
        if (align[column] == 'r')
            fprintf(to, "%*s%s", pad, "", cells->text[i]);
        else
            fprintf(to, "%s%*s", cells->text[i], last ? 0 : pad, "");
        if (last)
            putc('\n', to);
    }
    free(widest);
}
