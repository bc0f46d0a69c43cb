#include "values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/number.h"

/* What is being read, for messages. */
struct source {
    const struct yaml *yaml;
    const char *key;
    int64_t limit;
};

/* ---- single values */

static enum status no_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "no memory for the values of the sweep file");
}

static enum status reserve(struct values *values, int64_t count, struct error *err)
{
    values->data = calloc((size_t)count, schema_value_size(&run_schema, values->key));
    values->count = values->data ? count : 0;
    return values->data ? OK : no_memory(err);
}

static enum status set_text(struct values *values, int64_t i, const char *text, struct error *err)
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

static bool is_numeric(int key)
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
    bool text = !is_numeric(values->key) && schema_key(&run_schema, values->key)->type != KEY_BOOL;
    if (!node->plain && !text)
        return yaml_refuse(source->yaml, node, err,
                           "%s: '%s' is text because of its quotes, allowed is a plain value",
                           source->key, text_show(shown, node->text));
    enum status st = set_text(values, i, node->text, err);
    return st == OK ? OK : yaml_place(source->yaml, node, st, err);
}

static enum status read_list(struct values *values, const struct source *source,
                             const struct yaml_node *list, struct error *err)
{
    if (list->count == 0)
        return yaml_refuse(source->yaml, list, err, "%s: an empty list leaves no run", source->key);
    if (list->count > source->limit)
        return yaml_refuse(source->yaml, list, err, "%s: %d values, limit allows %lld", source->key,
                           list->count, (long long)source->limit);
    enum status st = reserve(values, list->count, err);
    int64_t i = 0;
    for (const struct yaml_node *entry = list->first; st == OK && entry; entry = entry->next, i++) {
        if (entry->kind != YAML_SCALAR)
            return yaml_refuse(source->yaml, entry, err,
                               "%s: a list or map inside a list, allowed are values", source->key);
        st = set_scalar(values, i, source, entry, err);
    }
    return st;
}

/* ---- forms: maps that stand for many numbers */

struct range {
    double a, b, step;
    int64_t count;
};

static enum status read_number(double *number, const struct source *source,
                               const struct yaml_node *node, struct error *err)
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

static enum status check_count(const struct source *source, const struct yaml_node *node,
                               double count, double least, struct error *err)
{
    if (count != floor(count) || count < least || count > (double)source->limit)
        return yaml_refuse(source->yaml, node, err,
                           "%s: %.12g values, allowed are %g..%lld (see limit)", source->key, count,
                           least, (long long)source->limit);
    return OK;
}

static enum status read_count(struct range *range, const struct source *source,
                              const struct yaml_node *map, double least, struct error *err)
{
    const struct yaml_node *node = yaml_find(map, "count");
    double count = 0;
    enum status st = read_number(&count, source, node, err);
    if (st == OK)
        st = check_count(source, node, count, least, err);
    range->count = st == OK ? (int64_t)count : 0;
    return st;
}

static enum status read_counted(struct range *range, const struct source *source,
                                const struct yaml_node *map, struct error *err)
{
    *range = (struct range){.step = 1};
    return read_count(range, source, map, 1, err);
}

/* from, from + step, ... up to `to`, which is included when it is met but for rounding. */
static enum status read_steps(struct range *range, const struct source *source,
                              const struct yaml_node *map, struct error *err)
{
    enum status st = read_number(&range->a, source, yaml_find(map, "from"), err);
    if (st == OK)
        st = read_number(&range->b, source, yaml_find(map, "to"), err);
    if (st == OK)
        st = read_number(&range->step, source, yaml_find(map, "step"), err);
    if (st != OK)
        return st;
    double steps = (range->b - range->a) / range->step;
    if (range->step == 0 || steps < 0)
        return yaml_refuse(source->yaml, map, err, "%s: step does not lead from %.12g to %.12g",
                           source->key, range->a, range->b);
    double count = floor(steps * (1 + 1e-12) + 1e-9) + 1;
    st = check_count(source, map, count, 1, err);
    range->count = st == OK ? (int64_t)count : 0;
    return st;
}

static enum status read_ends(struct range *range, const struct source *source,
                             const struct yaml_node *ends, struct error *err)
{
    if (ends->kind != YAML_LIST || ends->count != 2)
        return yaml_refuse(source->yaml, ends, err, "%s: %s needs two numbers [first, last]",
                           source->key, ends->key->text);
    enum status st = read_number(&range->a, source, ends->first, err);
    return st == OK ? read_number(&range->b, source, ends->first->next, err) : st;
}

static enum status read_linear(struct range *range, const struct source *source,
                               const struct yaml_node *map, struct error *err)
{
    enum status st = read_ends(range, source, yaml_find(map, "linear"), err);
    return st == OK ? read_count(range, source, map, 2, err) : st;
}

static enum status read_log(struct range *range, const struct source *source,
                            const struct yaml_node *map, struct error *err)
{
    const struct yaml_node *ends = yaml_find(map, "log");
    enum status st = read_ends(range, source, ends, err);
    if (st == OK && (range->a <= 0 || range->b <= 0))
        return yaml_refuse(source->yaml, ends, err, "%s: log needs two numbers above 0",
                           source->key);
    return st == OK ? read_count(range, source, map, 2, err) : st;
}

static double step_value(const struct range *range, int64_t i)
{
    return range->a + (double)i * range->step;
}

static double linear_value(const struct range *range, int64_t i)
{
    return range->a + (range->b - range->a) * ((double)i / (double)(range->count - 1));
}

static double log_value(const struct range *range, int64_t i)
{
    return range->a * pow(range->b / range->a, (double)i / (double)(range->count - 1));
}

static const struct form {
    const char *keys[4];
    enum status (*read)(struct range *range, const struct source *source,
                        const struct yaml_node *map, struct error *err);
    double (*value)(const struct range *range, int64_t i);
} forms[] = {
    {{"from", "to", "step"}, read_steps, step_value},
    {{"log", "count"}, read_log, log_value},
    {{"linear", "count"}, read_linear, linear_value},
    {{"count"}, read_counted, step_value},
};

static const struct form *find_form(const struct yaml_node *map)
{
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        int found = 0;
        while (forms[f].keys[found] && yaml_find(map, forms[f].keys[found]))
            found++;
        if (!forms[f].keys[found] && found == map->count)
            return &forms[f];
    }
    return NULL;
}

/* 12 significant digits: the last bits of pow and of sums never decide an identity. */
static double rounded(double value)
{
    char text[32];
    if (value == floor(value))
        return value;
    snprintf(text, sizeof text, "%.12g", value);
    return strtod(text, NULL);
}

static enum status read_form(struct values *values, const struct source *source,
                             const struct yaml_node *map, struct error *err)
{
    const struct form *form = find_form(map);
    if (!form)
        return yaml_refuse(source->yaml, map, err,
                           "%s: a map that is no form, allowed are [list], {from, to, step}, "
                           "{log: [a, b], count}, {linear: [a, b], count}, {count}",
                           source->key);
    if (!is_numeric(values->key))
        return yaml_refuse(source->yaml, map, err,
                           "%s: forms make numbers, allowed are a value or a [list]", source->key);
    struct range range = {0};
    enum status st = form->read(&range, source, map, err);
    if (st == OK)
        st = reserve(values, range.count, err);
    for (int64_t i = 0; st == OK && i < range.count; i++) {
        char text[KEY_TEXT_SIZE];
        number_print(rounded(form->value(&range, i)), text, sizeof text);
        st = set_text(values, i, text, err);
        if (st != OK)
            yaml_place(source->yaml, map, st, err);
    }
    return st;
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
    enum status st = reserve(values, 1, err);
    text_print(&phrase, "%s", map->first->key->text);
    for (const struct yaml_node *word = map->first->first; word && st == OK; word = word->next) {
        double number;
        st = read_number(&number, source, word, err);
        text_print(&phrase, " %s", st == OK ? word->text : "");
    }
    if (st == OK && phrase.failed)
        st = no_memory(err);
    if (st == OK && (st = set_text(values, 0, phrase.data, err)) != OK)
        yaml_place(source->yaml, map, st, err);
    text_dispose(&phrase);
    return st;
}

/* ---- public */

enum status values_read(struct values *values, int key, const struct yaml *yaml,
                        const struct yaml_node *node, enum values_allowed allowed, int64_t limit,
                        struct error *err)
{
    struct source source = {yaml, schema_key(&run_schema, key)->name, limit};
    struct values read = {.key = key, .line = node->line, .column = node->column};
    enum status st;
    bool phrase = is_phrase(key, node);
    if (node->kind != YAML_SCALAR && !phrase && allowed == ONE_VALUE)
        return yaml_refuse(yaml, node, err,
                           "%s: one value is allowed here, an axis belongs under grid", source.key);
    if (node->kind == YAML_LIST)
        st = read_list(&read, &source, node, err);
    else if (phrase)
        st = read_phrase(&read, &source, node, err);
    else if (node->kind == YAML_MAP)
        st = read_form(&read, &source, node, err);
    else if ((st = reserve(&read, 1, err)) == OK)
        st = set_scalar(&read, 0, &source, node, err);
    if (st != OK)
        values_dispose(&read);
    else
        *values = read;
    return st;
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
