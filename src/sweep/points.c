/* Runs from a file: one JSON object of keys a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "parts.h"

/* A walk over the lines of the file. */
struct lines {
    const char *name; /* of the file */
    const char *at;
    const char *line; /* without blanks around it; NULL when all were seen */
    size_t length;
    int number;
};

/* The next line that is not blank. */
static bool next_line(struct lines *lines)
{
    while (*lines->at) {
        size_t length = strcspn(lines->at, "\n");
        lines->line = lines->at;
        lines->number++;
        lines->at += length + (lines->at[length] == '\n');
        while (length > 0 && strchr(" \t\r", lines->line[length - 1]))
            length--;
        for (; length > 0 && strchr(" \t", *lines->line); length--)
            lines->line++;
        lines->length = length;
        if (length > 0)
            return true;
    }
    return false;
}

/* All lines as one axis; where a line does not name a key it has its value in `base`. */
struct table {
    struct settings columns;
    struct run_config base;
    int64_t count;
};

static enum status find_column(struct values **column, struct table *table, int key,
                               struct error *err)
{
    *column = settings_find(&table->columns, key);
    if (*column)
        return OK;
    size_t size = schema_value_size(&run_schema, key);
    const char *base = (const char *)&table->base + schema_offset(&run_schema, key);
    struct values made = {.key = key, .count = table->count};
    made.data = malloc((size_t)table->count * size);
    enum status st = made.data ? OK : error_set(err, ERR_MEMORY, "no memory for points");
    for (int64_t i = 0; st == OK && i < table->count; i++)
        memcpy(made.data + (size_t)i * size, base, size);
    if (st == OK)
        st = settings_add(&table->columns, &made, err);
    if (st != OK)
        values_dispose(&made);
    else
        *column = settings_find(&table->columns, key);
    return st;
}

static enum status put_point(struct table *table, int64_t i, const struct settings *point,
                             struct error *err)
{
    enum status st = OK;
    for (int s = 0; s < point->count && st == OK; s++) {
        struct values *column;
        const struct values *value = &point->items[s];
        size_t size = schema_value_size(&run_schema, value->key);
        st = find_column(&column, table, value->key, err);
        if (st == OK)
            memcpy(column->data + (size_t)i * size, value->data, size);
    }
    return st;
}

static enum status read_line(struct table *table, int64_t i, const struct lines *lines,
                             struct error *err)
{
    const struct values_rule one = {.allowed = ONE_VALUE, .limit = 1};
    char place[4200];
    struct yaml yaml;
    struct settings point = {0};
    snprintf(place, sizeof place, "%s:%d", lines->name, lines->number);
    if (lines->line[0] != '{')
        return error_set(err, ERR_CONFIG,
                         "%s: no run, allowed is an object of keys as in {\"model.depth\": 2}",
                         place);
    enum status st = yaml_read_value(&yaml, place, lines->line, lines->length, err);
    if (st != OK)
        return st;
    st = settings_read(&point, &yaml, yaml.root, &one, err);
    if (st == OK)
        st = put_point(table, i, &point, err);
    settings_dispose(&point);
    yaml_dispose(&yaml);
    return st;
}

/* ---- the file */

/* As seen from the folder of the sweep file. */
static enum status find_file(char *path, size_t size, const struct plan *plan, const char *name,
                             struct error *err)
{
    const char *slash = name[0] == '/' ? NULL : strrchr(plan->path, '/');
    int length =
        snprintf(path, size, "%.*s%s", slash ? (int)(slash + 1 - plan->path) : 0, plan->path, name);
    if (length >= 0 && (size_t)length < size)
        return OK;
    return error_set(err, ERR_CONFIG, "the name of the file is too long");
}

static enum status load(struct plan *plan, const char *path, struct error *err)
{
    char *text;
    size_t length;
    enum status st = read_file(&text, &length, path, POINTS_BYTES, err);
    if (st != OK)
        return st == ERR_USAGE ? ERR_CONFIG : st;
    if (length > POINTS_BYTES || memchr(text, '\0', length)) {
        st = error_set(err, ERR_CONFIG, "%s: %s", path,
                       length > POINTS_BYTES ? "more than 64 MB, make several sweeps of it"
                                             : "has a NUL byte, allowed is text");
        free(text);
        return st;
    }
    text[length] = '\0';
    char *fitting = realloc(text, length + 1);
    free(plan->points);
    plan->points = fitting ? fitting : text;
    return OK;
}

static enum status read_lines(struct table *table, const struct plan *plan, const char *path,
                              struct error *err)
{
    struct lines counted = {.at = plan->points}, lines = {.name = path, .at = plan->points};
    while (next_line(&counted))
        table->count++;
    if (table->count == 0)
        return error_set(err, ERR_CONFIG,
                         "%s: has no line, allowed are runs as in "
                         "{\"model.depth\": 2}",
                         path);
    if (table->count > plan->limit)
        return error_set(err, ERR_CONFIG, "%s: %lld lines, limit allows %lld", path,
                         (long long)table->count, (long long)plan->limit);
    enum status st = OK;
    for (int64_t i = 0; st == OK && next_line(&lines); i++)
        st = read_line(table, i, &lines, err);
    return st;
}

enum status points_read(struct plan *plan, const struct yaml *yaml, const struct yaml_node *node,
                        struct error *err)
{
    char path[4096];
    struct table table = {.count = 0};
    enum status st = find_file(path, sizeof path, plan, node->text, err);
    if (st == OK && !plan->stored)
        st = load(plan, path, err);
    if (st != OK)
        return yaml_place(yaml, node, error_in(err, st, "points"), err);
    schema_defaults(&run_schema, &table.base);
    settings_apply(&table.base, &plan->set, 0, NULL);
    st = read_lines(&table, plan, path, err);
    struct block *block = st == OK ? blocks_add(plan) : NULL;
    if (st == OK && !block)
        st = error_set(err, ERR_MEMORY, "no memory for points");
    for (int c = 0; c < table.columns.count; c++) {
        table.columns.items[c].line = node->line;
        table.columns.items[c].column = node->column;
    }
    if (st == OK && table.columns.count > 0) /* without any key all lines are the same run */
        st = block_add_axis(block, &table.columns, err);
    settings_dispose(&table.columns);
    return st;
}
