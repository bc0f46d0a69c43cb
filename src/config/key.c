#include "config/key.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/number.h"

/* A value of any type while it is being read. */
union value {
    int i;
    int64_t l;
    double r;
    bool b;
    struct key_text t;
};

static bool has_range(const struct key *key)
{
    return key->min != 0 || key->max != 0;
}

/* "1..32" */
static const char *print_range(char *text, size_t size, const struct key *key)
{
    char low[32], high[32];
    number_print(key->min, low, sizeof low);
    number_print(key->max, high, sizeof high);
    snprintf(text, size, "%s..%s", low, high);
    return text;
}

/* "'two' is not a number, allowed is an integer 1..32" */
static enum status refuse_number(const struct key *key, const char *text, const char *problem,
                                 struct error *err)
{
    char range[80] = "", shown[TEXT_SHOWN];
    if (has_range(key))
        print_range(range, sizeof range, key);
    return error_set(err, ERR_CONFIG, "'%s' is not %s, allowed is %s%s%s", text_show(shown, text),
                     problem, key->type == KEY_REAL ? "a number" : "an integer",
                     range[0] ? " " : "", range);
}

static enum status parse_number(union value *value, const struct key *key, const char *text,
                                struct error *err)
{
    char range[80], shown[TEXT_SHOWN];
    double number = 0;
    int64_t integer = 0;
    if (!number_parse(&number, text))
        return refuse_number(key, text, "a number", err);
    if (key->type != KEY_REAL && number != floor(number))
        return refuse_number(key, text, "an integer", err);
    if (has_range(key) && (number < key->min || number > key->max))
        return error_set(err, ERR_CONFIG, "%s is outside %s", text_show(shown, text),
                         print_range(range, sizeof range, key));
    if (key->type == KEY_REAL) {
        value->r = number;
        return OK;
    }
    bool fits = number_parse_integer(&integer, text);
    if (!fits || (key->type == KEY_INT && (integer < INT_MIN || integer > INT_MAX)))
        return error_set(err, ERR_CONFIG, "%s is too large for an integer", text_show(shown, text));
    if (key->type == KEY_INT)
        value->i = (int)integer;
    else
        value->l = integer;
    return OK;
}

static enum status parse_bool(union value *value, const struct key *key, const char *text,
                              struct error *err)
{
    (void)key;
    char shown[TEXT_SHOWN];
    value->b = strcmp(text, "true") == 0;
    if (!value->b && strcmp(text, "false") != 0)
        return error_set(err, ERR_CONFIG, "'%s' is neither true nor false", text_show(shown, text));
    return OK;
}

static enum status parse_choice(union value *value, const struct key *key, const char *text,
                                struct error *err)
{
    char shown[TEXT_SHOWN];
    struct text list = {0};
    for (int i = 0; key->choices[i]; i++) {
        if (strcmp(key->choices[i], text) == 0) {
            text_dispose(&list);
            value->i = i;
            return OK;
        }
        text_print(&list, "%s%s", i ? ", " : "", key->choices[i]);
    }
    error_set(err, ERR_CONFIG, "'%s' is unknown, allowed are %s", text_show(shown, text),
              list.data ? list.data : "none");
    text_dispose(&list);
    return ERR_CONFIG;
}

/* One way to write a text, so that equal meanings have equal identities. */
static enum status check_plain(const char *text, struct error *err)
{
    char shown[TEXT_SHOWN];
    size_t length = strlen(text);
    text_show(shown, text);
    if (length >= KEY_TEXT_SIZE)
        return error_set(err, ERR_CONFIG, "'%s' has %zu bytes, at most %d are allowed", shown,
                         length, KEY_TEXT_SIZE - 1);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return error_set(err, ERR_CONFIG, "'%s' has a control character", shown);
    if (length && (text[0] == ' ' || text[length - 1] == ' ' || strstr(text, "  ")))
        return error_set(err, ERR_CONFIG, "'%s' has a space too many", shown);
    return OK;
}

static enum status parse_text(union value *value, const struct key *key, const char *text,
                              struct error *err)
{
    enum status st = check_plain(text, err);
    if (st == OK && key->check)
        st = key->check(text, err);
    if (st != OK)
        return st;
    value->t = (struct key_text){""};
    memcpy(value->t.text, text, strlen(text));
    return OK;
}

static int print_int(char *text, size_t size, const struct key *key, const void *at)
{
    (void)key;
    return snprintf(text, size, "%d", *(const int *)at);
}

static int print_long(char *text, size_t size, const struct key *key, const void *at)
{
    (void)key;
    return snprintf(text, size, "%lld", (long long)*(const int64_t *)at);
}

static int print_real(char *text, size_t size, const struct key *key, const void *at)
{
    (void)key;
    return number_print(*(const double *)at, text, size);
}

static int print_bool(char *text, size_t size, const struct key *key, const void *at)
{
    (void)key;
    return snprintf(text, size, "%s", *(const bool *)at ? "true" : "false");
}

static int print_choice(char *text, size_t size, const struct key *key, const void *at)
{
    return snprintf(text, size, "%s", key->choices[*(const int *)at]);
}

static int print_text(char *text, size_t size, const struct key *key, const void *at)
{
    (void)key;
    return snprintf(text, size, "%s", ((const struct key_text *)at)->text);
}

/* What differs between the types of keys. */
static const struct {
    size_t size;
    enum status (*parse)(union value *value, const struct key *key, const char *text,
                         struct error *err);
    int (*print)(char *text, size_t size, const struct key *key, const void *at);
} types[] = {
    [KEY_INT] = {sizeof(int), parse_number, print_int},
    [KEY_LONG] = {sizeof(int64_t), parse_number, print_long},
    [KEY_REAL] = {sizeof(double), parse_number, print_real},
    [KEY_BOOL] = {sizeof(bool), parse_bool, print_bool},
    [KEY_CHOICE] = {sizeof(int), parse_choice, print_choice},
    [KEY_TEXT] = {sizeof(struct key_text), parse_text, print_text},
};

/* The row of key k, and where its struct begins in the configuration. */
static const struct key *locate(size_t *offset, const struct schema *schema, int k)
{
    int t = 0;
    for (; k >= schema->tables[t].table->count; t++) {
        k -= schema->tables[t].table->count;
        assert(t + 1 < schema->count);
    }
    const struct key *key = &schema->tables[t].table->keys[k];
    *offset = schema->tables[t].offset + key->offset;
    return key;
}

int schema_keys(const struct schema *schema)
{
    int count = 0;
    for (int t = 0; t < schema->count; t++)
        count += schema->tables[t].table->count;
    return count;
}

const struct key *schema_key(const struct schema *schema, int k)
{
    size_t offset;
    return locate(&offset, schema, k);
}

int schema_find(const struct schema *schema, const char *name)
{
    int k = 0;
    for (int t = 0; t < schema->count; t++)
        for (int i = 0; i < schema->tables[t].table->count; i++, k++)
            if (strcmp(schema->tables[t].table->keys[i].name, name) == 0)
                return k;
    return -1;
}

const char *schema_suggest(const struct schema *schema, const char *name)
{
    int most = (int)(strlen(name) - 1) / 2, best = most < 3 ? most : 3;
    const char *nearest = NULL;
    bool whole = strchr(name, '.') != NULL, part = false;
    int keys = schema_keys(schema);
    for (int k = 0; k < keys; k++) {
        const char *known = schema_key(schema, k)->name, *dot = strrchr(known, '.');
        int distance = text_distance(name, known, best);
        bool by_part = !whole && dot && best >= 1 && text_distance(name, dot + 1, 1) <= 1;
        if (by_part)
            distance = text_distance(name, dot + 1, 1);
        if (distance <= best && (!nearest || distance < best || (part && !by_part))) {
            nearest = known;
            part = by_part; /* a whole name is nearer than a part that is as near */
            best = distance;
        }
    }
    return nearest;
}

void schema_defaults(const struct schema *schema, void *config)
{
    int keys = schema_keys(schema);
    memset(config, 0, schema->size);
    for (int k = 0; k < keys; k++) {
        enum status st = schema_set(schema, config, k, schema_key(schema, k)->fallback, NULL);
        assert(st == OK);
        (void)st;
    }
}

enum status schema_set(const struct schema *schema, void *config, int k, const char *text,
                       struct error *err)
{
    size_t offset;
    const struct key *key = locate(&offset, schema, k);
    union value value;
    enum status st = types[key->type].parse(&value, key, text, err);
    if (st != OK)
        return error_in(err, st, "%s", key->name);
    memcpy((char *)config + offset, &value, types[key->type].size);
    return OK;
}

int schema_print(const struct schema *schema, const void *config, int k, char *text, size_t size)
{
    size_t offset;
    const struct key *key = locate(&offset, schema, k);
    return types[key->type].print(text, size, key, (const char *)config + offset);
}

size_t schema_offset(const struct schema *schema, int k)
{
    size_t offset;
    locate(&offset, schema, k);
    return offset;
}

size_t schema_value_size(const struct schema *schema, int k)
{
    return types[schema_key(schema, k)->type].size;
}

bool schema_equal(const struct schema *schema, const void *a, const void *b, int k)
{
    size_t offset;
    const struct key *key = locate(&offset, schema, k);
    return memcmp((const char *)a + offset, (const char *)b + offset, types[key->type].size) == 0;
}

double schema_number(const struct schema *schema, const void *config, int k)
{
    size_t offset;
    const struct key *key = locate(&offset, schema, k);
    const void *at = (const char *)config + offset;
    assert(key->type != KEY_TEXT);
    switch (key->type) {
    case KEY_LONG:
        return (double)*(const int64_t *)at;
    case KEY_REAL:
        return *(const double *)at;
    case KEY_BOOL:
        return *(const bool *)at;
    default:
        return *(const int *)at;
    }
}
