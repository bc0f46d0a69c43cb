/* key.h - configuration keys: one row a key, every reader walks the rows.
 *
 * A row knows its place in a plain struct, so parsing, ranges, defaults, help, canonical text,
 * result columns and the identity of a run all follow from it. Each layer owns the table of its
 * keys
 * (`src/model/keys.c` ...); `run/config.h` puts the tables together into one schema.
 */
#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A text may be the path of a file. */
enum { KEY_TEXT_SIZE = 256, KEY_NAME_SIZE = 64 };

/* A text value inside a configuration struct. */
struct key_text {
    char text[KEY_TEXT_SIZE];
};

enum key_type {
    KEY_INT,    /* int */
    KEY_LONG,   /* int64_t */
    KEY_REAL,   /* double, finite */
    KEY_BOOL,   /* true | false */
    KEY_CHOICE, /* int, index into `choices` */
    KEY_TEXT,   /* struct key_text; `check` decides what is allowed */
};

enum key_role {
    ROLE_SCIENCE,   /* part of a run's identity */
    ROLE_ANALYSIS,  /* what is measured of a finished model */
    ROLE_EXECUTION, /* how it is carried out: never changes a result */
};

struct key {
    const char *name; /* path in the sweep file, "model.depth"; globally unique */
    enum key_type type;
    size_t offset;        /* in the struct of its table */
    const char *fallback; /* default as text */
    const char *neutral;  /* frozen, canonical text: this value leaves the identity unchanged; never
                             edit it */
    double min, max;      /* inclusive; both 0: no range. Numbers only */
    const char *const *choices; /* KEY_CHOICE, NULL-terminated, in the order of its enum */
    /* KEY_TEXT, may be NULL: ERR_CONFIG with what is wrong and what is allowed, without the name of
     * the key ("'relu' is no kind of layer, allowed are softmax, linear"); the caller adds it */
    enum status (*check)(const char *text, struct error *err);
    enum key_role role;
    bool free; /* the value decides neither whether a run is allowed nor its columns, size and cost:
                  see run/kinds.h; a test varies it */
    const char
        *unit; /* "layers", "steps", "s", "B"; "1" for a pure number; NULL for choices and text */
    const char *help; /* one line, no full stop */
};

/* KEY(struct, member, .name = ...) takes type and offset from the member, so a row can not disagree
 * with the struct that it describes. A choice names its type: .type = KEY_CHOICE comes last and
 * wins. */
/* clang-format off */
#define KEY(record, member, ...)                                                  \
    {                                                                             \
        .offset = offsetof(record, member),                                       \
        .type = _Generic(((record *)0)->member, int: KEY_INT, int64_t: KEY_LONG,  \
                         double: KEY_REAL, bool: KEY_BOOL, struct key_text: KEY_TEXT), \
        __VA_ARGS__                                                               \
    }
#define KEY_CHOICE_OF(record, member, list, ...)                                  \
    {                                                                             \
        .offset = offsetof(record, member), .type = KEY_CHOICE, .choices = list, __VA_ARGS__ \
    }
/* clang-format on */

struct key_table {
    const char *section; /* "model": every name begins with it and a dot (or is it, as "seed") */
    const struct key *keys;
    int count;
    size_t size; /* bytes of the struct */
};

/* The tables of one program, each with the place of its struct in the whole configuration. */
struct schema {
    struct {
        const struct key_table *table;
        size_t offset;
    } tables[16];
    int count;
    size_t size;
};

/* Number of keys in all tables; key k of 0..count-1 in the order of the tables. */
int schema_keys(const struct schema *schema);
const struct key *schema_key(const struct schema *schema, int k);

/* Index of the key of that name, or -1. */
int schema_find(const struct schema *schema, const char *name);

/* The known name nearest to a wrong one (edit distance at most 3 and less than half of its length;
 * a name without a dot may also be at most 1 from the last part of a key), or NULL: for "did you
 * mean". */
const char *schema_suggest(const struct schema *schema, const char *name);

/* Every value of `config` becomes its default. A default that is not allowed is a bug (assert). */
void schema_defaults(const struct schema *schema, void *config);

/* Parses `text` into the value of key k: full match, finite, in range; text without control
 * characters and superfluous spaces, shorter than KEY_TEXT_SIZE. ERR_CONFIG "model.depth: 0 is
 * outside 1..32" and the like; then `config` is as it was. */
enum status schema_set(const struct schema *schema, void *config, int k, const char *text,
                       struct error *err) MUST_CHECK;

/* The canonical text of the value of key k: shortest text that parses back to the same value
 * (5, 0.001, 1e-05, true, softmax linear*). Returns its length, < size assumed (KEY_TEXT_SIZE
 * fits). */
int schema_print(const struct schema *schema, const void *config, int k, char *text, size_t size);

/* Where the value of key k lies in a configuration, and its bytes: values of one key can be kept
 * and put back by memcpy. Equal values have equal bytes (zero has one sign, texts are padded with
 * NUL).
 */
size_t schema_offset(const struct schema *schema, int k);
size_t schema_value_size(const struct schema *schema, int k);

/* Whether the value of key k in `a` equals that in `b`. */
bool schema_equal(const struct schema *schema, const void *a, const void *b, int k);

/* As numbers: KEY_INT, KEY_LONG, KEY_BOOL, KEY_REAL, and the index of KEY_CHOICE. */
double schema_number(const struct schema *schema, const void *config, int k);

/* Shortest decimal text that strtod reads back to the same double; returns its length. Python's
 * repr without a final ".0": 2000, 0.001, 1e-05, 1e+16. */
int number_print(double value, char *text, size_t size);

#endif
