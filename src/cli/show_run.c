#include "show_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "show.h"

/* What is known of one run. */
struct subject {
    const char *file;
    const struct reader *reader;
    int64_t row;
    struct detail detail;
};

static int64_t elements(const struct detail_array *array)
{
    int64_t count = 1;
    for (int i = 0; i < array->rank; i++)
        count *= array->size[i];
    return count;
}

static int64_t known(const struct detail_array *array)
{
    int64_t count = 0;
    for (int64_t i = 0; i < elements(array); i++)
        count += isfinite(array->values[i]);
    return count;
}

static bool is_curve(const struct detail_array *array)
{
    for (int i = 0; i < run_columns(); i++)
        if (strcmp(run_column(i)->name, array->name) == 0)
            return run_column(i)->axes[0] == AXIS_EVALUATION && array->rank == 1;
    return false;
}

static void add_result(struct cells *cells, double value)
{
    char text[32];
    show_result(text, sizeof text, value);
    cells_add(cells, text);
}

static void add_shape(struct cells *cells, const struct detail_array *array)
{
    char text[64] = "1";
    size_t used = 0;
    for (int i = 0; i < array->rank; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", i ? " x " : "",
                                 array->size[i]);
    cells_add(cells, text);
}

/* The meaning, and the unit where there is one. */
static void add_about(struct cells *cells, const struct detail_array *array)
{
    char text[512];
    bool plain = !array->unit || strcmp(array->unit, "1") == 0;
    snprintf(text, sizeof text, plain ? "%s" : "%s (%s)", array->about ? array->about : "",
             plain ? "" : array->unit);
    cells_add(cells, text);
}

static void print_cells(struct cells *cells, const char *align, const char *heading, int count)
{
    if (count > 0) {
        printf("\n%s\n", heading);
        cells_print(cells, align, "  ", stdout);
    }
    cells_destroy(cells);
}

static void print_curves(const struct detail *detail)
{
    struct cells *cells = cells_create(5);
    int shown = 0;
    for (int c = 0; c < detail->column_count; c++) {
        const struct detail_array *array = &detail->columns[c];
        char curve[SPARK_SIZE];
        if (!is_curve(array) || known(array) == 0)
            continue;
        int count = array->size[0];
        while (!isfinite(array->values[count - 1]))
            count--; /* a run may have fewer evaluations than the file has room for */
        show_curve(curve, array->values, count);
        cells_add(cells, array->name);
        cells_add(cells, curve);
        add_result(cells, array->values[0]);
        add_result(cells, array->values[count - 1]);
        add_about(cells, array);
        shown++;
    }
    print_cells(cells, "llrrl",
                "curves (shape, first and last value; positive ones by their "
                "logarithm)",
                shown);
}

static void print_figures(const struct detail *detail)
{
    struct cells *cells = cells_create(3);
    int shown = 0;
    for (int c = 0; c < detail->column_count; c++) {
        const struct detail_array *array = &detail->columns[c];
        if (array->rank > 0 || known(array) == 0)
            continue;
        cells_add(cells, array->name);
        add_result(cells, array->values[0]);
        add_about(cells, array);
        shown++;
    }
    print_cells(cells, "lrl", "results", shown);
}

static void print_arrays(const struct detail *detail)
{
    struct cells *cells = cells_create(5);
    int shown = 0;
    for (int c = 0; c < detail->column_count; c++) {
        const struct detail_array *array = &detail->columns[c];
        if (array->rank == 0 || is_curve(array) || known(array) == 0)
            continue;
        double low = INFINITY, high = -INFINITY;
        for (int64_t i = 0; i < elements(array); i++) {
            low = fmin(low, array->values[i]);
            high = fmax(high, array->values[i]);
        }
        cells_add(cells, array->name);
        add_shape(cells, array);
        add_result(cells, low);
        add_result(cells, high);
        add_about(cells, array);
        shown++;
    }
    print_cells(cells, "llrrl", "arrays (shape, lowest and highest value)", shown);
}

static void print_tensors(const struct detail *detail)
{
    struct cells *cells = cells_create(3);
    for (int t = 0; t < detail->tensor_count; t++) {
        cells_add(cells, detail->tensors[t].name);
        add_shape(cells, &detail->tensors[t]);
        add_about(cells, &detail->tensors[t]);
    }
    print_cells(cells, "lll", "tensors", detail->tensor_count);
}

static void print_config(const struct detail *detail)
{
    struct cells *cells = cells_create(2);
    int shown = 0;
    char *rest = detail->config;
    const char *key, *value;
    while (store_detail_setting(&rest, &key, &value)) {
        cells_add(cells, key);
        cells_add(cells, value);
        shown++;
    }
    print_cells(cells, "ll", "configuration (other keys are neutral: 'mesasweep keys')", shown);
}

/* "tiny.h5: run 0123456789abcdef of tiny: failed, attempt 3 on node7: what went wrong" */
static void print_head(const struct subject *subject)
{
    const struct reader *reader = subject->reader;
    char identity[17], time[32];
    int attempt = rows_column(reader, "attempt"), host = rows_column(reader, "host");
    int seconds = rows_column(reader, "seconds"), error = rows_column(reader, "error");
    enum row_status status = reader_status(reader, subject->row);
    rows_identity(identity, reader, subject->row);
    printf("%s: run %s of %s: %s", subject->file, identity, reader_name(reader),
           row_status_name(status));
    if (attempt >= 0 && reader_number(reader, attempt, subject->row) > 0)
        printf(", attempt %.0f", reader_number(reader, attempt, subject->row));
    if (host >= 0 && reader_text(reader, host, subject->row)[0])
        printf(" on %s", reader_text(reader, host, subject->row));
    if (seconds >= 0 && isfinite(reader_number(reader, seconds, subject->row))) {
        show_seconds(time, sizeof time, reader_number(reader, seconds, subject->row));
        printf(", %s", time);
    }
    if (error >= 0 && reader_text(reader, error, subject->row)[0])
        printf(": %s", reader_text(reader, error, subject->row));
    putchar('\n');
}

static void print_text(const struct subject *subject)
{
    print_head(subject);
    print_config(&subject->detail);
    print_curves(&subject->detail);
    print_figures(&subject->detail);
    print_arrays(&subject->detail);
    print_tensors(&subject->detail);
}

enum status show_run(const struct reader *reader, const struct options *options, int64_t row,
                     struct error *err)
{
    struct subject subject = {.file = options->words[0], .reader = reader, .row = row};
    enum status st = store_detail(&subject.detail, subject.file, row, err);
    if (st != OK)
        return st;
    if (options->json)
        show_run_json(reader, subject.file, row, &subject.detail);
    else
        print_text(&subject);
    store_detail_dispose(&subject.detail);
    return OK;
}
