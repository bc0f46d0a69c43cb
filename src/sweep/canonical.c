#include "canonical.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

/* The order of the lines "a=..." and "b=...". */
static int compare_lines(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (*a ? *a : '=') - (*b ? *b : '=');
}

/* The keys in the order of their lines; those of one role, or all. */
static int sort_keys(int keys[CANONICAL_KEYS], enum key_role most)
{
    int count = 0, all = schema_keys(&run_schema);
    assert(all <= CANONICAL_KEYS);
    for (int k = 0; k < all; k++) {
        const struct key *key = schema_key(&run_schema, k);
        int at = count;
        if (key->role > most)
            continue;
        for (; at > 0 && compare_lines(schema_key(&run_schema, keys[at - 1])->name, key->name) > 0;
             at--)
            keys[at] = keys[at - 1];
        keys[at] = k;
        count++;
    }
    return count;
}

/* "key=value\n", or nothing when the value goes without saying. */
static int print_line(char line[CANONICAL_LINE], const struct canonical *canonical,
                      const struct run_config *config, int k)
{
    const struct key *key = schema_key(&run_schema, k);
    char value[KEY_TEXT_SIZE];
    if (canonical->kind == PLAN_TEXT_CHANGED &&
        schema_equal(&run_schema, config, &canonical->defaults, k))
        return 0;
    schema_print(&run_schema, config, k, value, sizeof value);
    if (canonical->kind == PLAN_TEXT_CANONICAL && strcmp(value, key->neutral) == 0)
        return 0;
    return snprintf(line, CANONICAL_LINE, "%s=%s\n", key->name, value);
}

void canonical_begin(struct canonical *canonical, enum plan_text kind)
{
    canonical->kind = kind;
    canonical->warm = false;
    canonical->seed = schema_find(&run_schema, "seed");
    canonical->count =
        sort_keys(canonical->keys, kind == PLAN_TEXT_CANONICAL ? ROLE_SCIENCE : ROLE_EXECUTION);
    schema_defaults(&run_schema, &canonical->defaults);
}

static void update(struct canonical *canonical, const struct run_config *config)
{
    bool near = canonical->warm && run_same_but_seed(config, &canonical->last);
    for (int i = 0; i < canonical->count; i++) {
        int k = canonical->keys[i];
        if (near && k != canonical->seed)
            continue;
        if (!canonical->warm || !schema_equal(&run_schema, &canonical->last, config, k))
            canonical->lengths[i] = print_line(canonical->lines[i], canonical, config, k);
    }
    canonical->last = *config;
    canonical->warm = true;
}

static size_t join(char *text, const struct canonical *canonical)
{
    size_t length = 0;
    for (int i = 0; i < canonical->count; i++) {
        if (canonical->lengths[i] == 0)
            continue;
        memcpy(text + length, canonical->lines[i], (size_t)canonical->lengths[i]);
        length += (size_t)canonical->lengths[i];
    }
    return length;
}

uint64_t canonical_identity(struct canonical *canonical, const struct run_config *config)
{
    char text[CANONICAL_KEYS * CANONICAL_LINE];
    unsigned char digest[HASH_SHA256_BYTES];
    uint64_t identity = 0;
    update(canonical, config);
    hash_sha256(digest, text, join(text, canonical));
    for (int i = 0; i < 8; i++)
        identity = identity << 8 | digest[i];
    return identity;
}

uint64_t plan_identity_of(const struct run_config *config)
{
    struct canonical canonical;
    canonical_begin(&canonical, PLAN_TEXT_CANONICAL);
    return canonical_identity(&canonical, config);
}

/* What snprintf does with a whole text. */
static int copy_out(char *text, size_t size, const char *from, size_t length)
{
    if (size > 0) {
        size_t kept = length < size ? length : size - 1;
        memcpy(text, from, kept);
        text[kept] = '\0';
    }
    return (int)length;
}

int plan_canonical(const struct run_config *config, char *text, size_t size)
{
    struct canonical canonical;
    char whole[CANONICAL_KEYS * CANONICAL_LINE];
    canonical_begin(&canonical, PLAN_TEXT_CANONICAL);
    update(&canonical, config);
    return copy_out(text, size, whole, join(whole, &canonical));
}

struct plan_printer {
    struct canonical canonical;
};

enum status plan_printer_create(struct plan_printer **printer, enum plan_text kind,
                                struct error *err)
{
    struct plan_printer *made = malloc(sizeof *made);
    if (!made)
        return error_set(err, ERR_MEMORY, "no memory for the text of configurations");
    canonical_begin(&made->canonical, kind);
    *printer = made;
    return OK;
}

void plan_printer_destroy(struct plan_printer *printer)
{
    free(printer);
}

int plan_printer_text(struct plan_printer *printer, const struct run_config *config, char *text,
                      size_t size)
{
    char whole[CANONICAL_KEYS * CANONICAL_LINE];
    update(&printer->canonical, config);
    return copy_out(text, size, whole, join(whole, &printer->canonical));
}

int plan_config_text(const struct run_config *config, char *text, size_t size)
{
    struct plan_printer printer;
    canonical_begin(&printer.canonical, PLAN_TEXT_CHANGED);
    return plan_printer_text(&printer, config, text, size);
}

/* Sets what each "key=value" line of the text says. */
static enum status read_lines(struct run_config *config, const char *text, struct error *err)
{
    char shown[TEXT_SHOWN];
    while (*text) {
        char line[CANONICAL_LINE];
        size_t length = strcspn(text, "\n");
        if (length >= sizeof line)
            return error_set(err, ERR_CONFIG, "a line of %zu bytes in a configuration", length);
        memcpy(line, text, length);
        line[length] = '\0';
        char *equals = strchr(line, '=');
        if (!equals)
            return error_set(err, ERR_CONFIG, "'%s' is no key=value", text_show(shown, line));
        *equals = '\0';
        int k = schema_find(&run_schema, line);
        if (k < 0)
            return error_set(err, ERR_CONFIG, "%s: unknown key", text_show(shown, line));
        enum status st = schema_set(&run_schema, config, k, equals + 1, err);
        if (st != OK)
            return st;
        text += length + (text[length] == '\n');
    }
    return OK;
}

enum status plan_config_from(struct run_config *config, const char *text, struct error *err)
{
    struct run_config read;
    schema_defaults(&run_schema, &read);
    enum status st = read_lines(&read, text, err);
    if (st == OK)
        *config = read;
    return st;
}

enum status plan_config_of(struct run_config *config, const char *canonical, struct error *err)
{
    struct run_config read;
    enum status st = OK;
    schema_defaults(&run_schema, &read);
    for (int k = 0; k < schema_keys(&run_schema) && st == OK; k++)
        if (schema_key(&run_schema, k)->role == ROLE_SCIENCE)
            st = schema_set(&run_schema, &read, k, schema_key(&run_schema, k)->neutral, err);
    if (st == OK)
        st = read_lines(&read, canonical, err);
    if (st == OK)
        *config = read;
    return st;
}
