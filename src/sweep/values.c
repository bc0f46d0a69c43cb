#include "values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/number.h"
#include "reading.h"

/* ---- single values */

static enum status no_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "no memory for the values of the sweep file");
}

enum status values_reserve(struct values *values, int64_t count, struct error *err)
{
    values->data = calloc((size_t)count, schema_value_size(&run_schema, values->key));
    values->count = values->data ? count : 0;
    return values->data ? OK : no_memory(err);
}

enum status values_set_text(struct values *values, int64_t i, const char *text, struct error *err)
{
    struct run_config scratch;
    enum status st = schema_set(&run_schema, &scratch, values->key, text, err);
    if (st == OK) {
        size_t size = schema_value_size(&run_schema, values->key);
        const char *at = (const char *)&scratch + schema_offset(&run_schema, values->key);
        memcpy(values->data + (size_t)i * size, at, size);
    }
    return st;
}

static double rounded(double value)
{
    char text[32];
    if (value == floor(value))
        return value;
    snprintf(text, sizeof text, "%.12g", value);
    return strtod(text, NULL);
}

enum status values_set_number(struct values *values, int64_t i, double number, struct error *err)
{
    char text[KEY_TEXT_SIZE];
    number_print(rounded(number), text, sizeof text);
    return values_set_text(values, i, text, err);
}

bool values_are_numbers(int key)
{
    enum key_type type = schema_key(&run_schema, key)->type;
    return type == KEY_INT || type == KEY_LONG || type == KEY_REAL;
}

static enum status set_scalar(struct values *values, int64_t i, const struct source *source,
                              const struct yaml_node *node, struct error *err)
{
    char shown[TEXT_SHOWN];
    if (node->plain && node->text[0] == '\0')
        return yaml_refuse(source->yaml, node, err, "%s: has no value", source->key);
    bool text =
        !values_are_numbers(values->key) && schema_key(&run_schema, values->key)->type != KEY_BOOL;
    if (!node->plain && !text)
        return yaml_refuse(source->yaml, node, err,
                           "%s: '%s' is text because of its quotes, allowed is a plain value",
                           source->key, text_show(shown, node->text));
    enum status st = values_set_text(values, i, node->text, err);
    return st == OK ? OK : yaml_place(source->yaml, node, st, err);
}

enum status values_read_list(struct values *values, const struct source *source,
                             const struct yaml_node *list, struct error *err)
{
    if (list->count == 0)
        return yaml_refuse(source->yaml, list, err, "%s: an empty list leaves no run", source->key);
    if (list->count > source->rule.limit)
        return yaml_refuse(source->yaml, list, err, "%s: %d values, limit allows %lld", source->key,
                           list->count, (long long)source->rule.limit);
    enum status st = values_reserve(values, list->count, err);
    int64_t i = 0;
    for (const struct yaml_node *entry = list->first; st == OK && entry; entry = entry->next, i++) {
        if (entry->kind != YAML_SCALAR)
            return yaml_refuse(source->yaml, entry, err,
                               "%s: a list or map inside a list, allowed are values", source->key);
        st = set_scalar(values, i, source, entry, err);
    }
    return st;
}

/* ---- numbers */

enum status source_number(double *number, const struct source *source, const struct yaml_node *node,
                          struct error *err)
{
    char shown[TEXT_SHOWN];
    if (node->kind != YAML_SCALAR)
        return yaml_refuse(source->yaml, node, err, "%s: a list or map where a number is allowed",
                           source->key);
    if (!node->plain || !number_parse(number, node->text))
        return yaml_refuse(source->yaml, node, err, "%s: '%s' is not a number", source->key,
                           text_show(shown, node->text));
    return OK;
}

enum status source_ends(double ends[2], const struct source *source, const struct yaml_node *list,
                        struct error *err)
{
    if (list->kind != YAML_LIST || list->count != 2)
        return yaml_refuse(source->yaml, list, err, "%s: %s needs two numbers [first, last]",
                           source->key, list->key->text);
    enum status st = source_number(&ends[0], source, list->first, err);
    return st == OK ? source_number(&ends[1], source, list->first->next, err) : st;
}

/* ---- texts: {at: [500, 1000]} stands for "at 500 1000" */

static bool is_phrase(int key, const struct yaml_node *node)
{
    return schema_key(&run_schema, key)->type == KEY_TEXT && node->kind == YAML_MAP &&
           node->count == 1 && node->first->kind == YAML_LIST;
}

static enum status read_phrase(struct values *values, const struct source *source,
                               const struct yaml_node *map, struct error *err)
{
    struct text phrase = {0};
    enum status st = values_reserve(values, 1, err);
    text_print(&phrase, "%s", map->first->key->text);
    for (const struct yaml_node *word = map->first->first; word && st == OK; word = word->next) {
        double number;
        st = source_number(&number, source, word, err);
        text_print(&phrase, " %s", st == OK ? word->text : "");
    }
    if (st == OK && (st = values_set_text(values, 0, phrase.data, err)) != OK)
        yaml_place(source->yaml, map, st, err);
    text_dispose(&phrase);
    return st;
}

/* ---- public */

enum status values_read(struct values *values, int key, const struct yaml *yaml,
                        const struct yaml_node *node, const struct values_rule *rule,
                        struct error *err)
{
    struct source source = {yaml, schema_key(&run_schema, key)->name, *rule};
    struct values read = {.key = key, .line = node->line, .column = node->column};
    enum status st;
    bool phrase = is_phrase(key, node);
    if (rule->allowed == DRAWN_VALUES)
        st = values_read_drawn(&read, &source, node, err);
    else if (node->kind != YAML_SCALAR && !phrase && rule->allowed == ONE_VALUE)
        return yaml_refuse(yaml, node, err,
                           "%s: one value is allowed here, an axis belongs under grid", source.key);
    else if (node->kind == YAML_LIST)
        st = values_read_list(&read, &source, node, err);
    else if (phrase)
        st = read_phrase(&read, &source, node, err);
    else if (node->kind == YAML_MAP)
        st = values_read_form(&read, &source, node, err);
    else if ((st = values_reserve(&read, 1, err)) == OK)
        st = set_scalar(&read, 0, &source, node, err);
    if (st != OK)
        values_dispose(&read);
    else
        *values = read;
    return st;
}

enum status values_copy(struct values *copy, const struct values *values, struct error *err)
{
    struct values made = *values;
    enum status st = values_reserve(&made, values->count, err);
    if (st != OK)
        return st;
    memcpy(made.data, values->data,
           (size_t)values->count * schema_value_size(&run_schema, values->key));
    *copy = made;
    return OK;
}

void values_dispose(struct values *values)
{
    free(values->data);
    *values = (struct values){0};
}

void values_put(struct run_config *config, const struct values *values, int64_t i)
{
    size_t size = schema_value_size(&run_schema, values->key);
    char *at = (char *)config + schema_offset(&run_schema, values->key);
    memcpy(at, values->data + (size_t)i * size, size);
}

bool values_match(const struct run_config *config, const struct values *values)
{
    size_t size = schema_value_size(&run_schema, values->key);
    const char *at = (const char *)config + schema_offset(&run_schema, values->key);
    for (int64_t i = 0; i < values->count; i++)
        if (memcmp(at, values->data + (size_t)i * size, size) == 0)
            return true;
    return false;
}
