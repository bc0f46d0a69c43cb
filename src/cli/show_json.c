#include <string.h>

#include "json.h"
#include "rows.h"
#include "show_run.h"

static void print_key(const char *separator, const char *name)
{
    fputs(separator, stdout);
    json_text(stdout, name);
    fputs(": ", stdout);
}

/* "key=value" lines as members; the text is cut in place. */
static void print_config(char *config)
{
    const char *separator = "\n ";
    const char *key, *value;
    while (store_detail_setting(&config, &key, &value)) {
        print_key(separator, key);
        json_value(stdout, value);
        separator = ", ";
    }
}

/* Lists in lists, as deep as the array. Returns the values behind those that were printed. */
static const double *print_values(const struct detail_array *array, int axis, const double *values)
{
    if (axis == array->rank) {
        json_number(stdout, *values);
        return values + 1;
    }
    putchar('[');
    for (int i = 0; i < array->size[axis]; i++) {
        fputs(i ? ", " : "", stdout);
        values = print_values(array, axis + 1, values);
    }
    putchar(']');
    return values;
}

static void print_shape(const struct detail_array *array)
{
    putchar('[');
    for (int i = 0; i < array->rank; i++)
        printf("%s%d", i ? ", " : "", array->size[i]);
    putchar(']');
}

static void print_column(const char *separator, const struct detail_array *array)
{
    print_key(separator, array->name);
    fputs("{\"shape\": ", stdout);
    print_shape(array);
    if (array->unit)
        json_member(stdout, "unit", array->unit);
    if (array->about)
        json_member(stdout, "about", array->about);
    fputs(", \"value\": ", stdout);
    print_values(array, 0, array->values);
    putchar('}');
}

/* What the log has of the row. */
static void print_log(const struct reader *reader, int64_t row)
{
    const char *separator = "\n ";
    for (int c = 0; c < reader_columns(reader); c++) {
        const struct reader_column *column = reader_column(reader, c);
        if (column->origin != READ_LOG)
            continue;
        print_key(separator, column->name);
        if (column->text)
            json_text(stdout, reader_text(reader, c, row));
        else
            json_number(stdout, reader_number(reader, c, row));
        separator = ", ";
    }
}

void show_run_json(const struct reader *reader, const char *file, int64_t row,
                   struct detail *detail)
{
    char identity[17];
    rows_identity(identity, reader, row);
    json_begin(stdout, "show");
    json_member(stdout, "file", file);
    json_member(stdout, "name", reader_name(reader));
    json_member(stdout, "run", identity);
    json_member(stdout, "status", row_status_name(reader_status(reader, row)));
    fputs(", \"log\": {", stdout);
    print_log(reader, row);
    fputs("}, \"config\": {", stdout);
    print_config(detail->config);
    fputs("}, \"results\": {", stdout);
    for (int c = 0; c < detail->column_count; c++)
        print_column(c ? ",\n " : "\n ", &detail->columns[c]);
    fputs("}, \"tensors\": {", stdout);
    for (int t = 0; t < detail->tensor_count; t++) {
        print_key(t ? ", " : "\n ", detail->tensors[t].name);
        print_shape(&detail->tensors[t]);
    }
    fputs("}}\n", stdout);
}
