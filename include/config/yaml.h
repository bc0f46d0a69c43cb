/* yaml.h - a YAML document as a small tree, read so strictly that every value means one thing.
 *
 * Refused with one line "file:line:column: ...": more than 1 MB, NUL and other control characters
 * (also as escapes), bad UTF-8, anchors, aliases, tags, directives, a second document, duplicate
 * keys, keys that are no plain words, nesting deeper than 32, maps of more than 1000 keys. Scalars
 * stay text: what is a number is decided by the key (config/key.h), never by the look of the value.
 */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { YAML_BYTES = 1 << 20, YAML_DEPTH = 32, YAML_MAP_KEYS = 1000 };

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    int line, column;        /* of its first character, from 1 */
    const char *text;        /* of a scalar, no NUL inside; else NULL */
    bool plain;              /* a scalar without quotes, not a block */
    struct yaml_node *key;   /* of an entry of a map, a scalar; else NULL */
    struct yaml_node *first; /* entries of a list or map */
    struct yaml_node *next;  /* entry of the same list or map */
    int count;               /* of entries */
};

/* A document, and what messages call it. */
struct yaml {
    const char *name;       /* owned */
    bool value;             /* made by yaml_read_value: messages have no line and column */
    struct yaml_node *root; /* owned, with all nodes and texts */
    struct yaml_chunk *chunks;
};

/* Reads a document whose root is a map. `name` is the path for messages. */
enum status yaml_read(struct yaml *yaml, const char *name, const char *text, size_t length,
                      struct error *err) MUST_CHECK;

/* Reads one value as given on a command line: a text that begins with [ or { is YAML, any other is
 * a plain scalar as it stands. */
enum status yaml_read_value(struct yaml *yaml, const char *name, const char *text, size_t length,
                            struct error *err) MUST_CHECK;

void yaml_dispose(struct yaml *yaml);

/* The entry of that key in a map, or NULL. */
const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);

/* ERR_CONFIG with "file:line:column: " of the node before the message. */
enum status yaml_refuse(const struct yaml *yaml, const struct yaml_node *node, struct error *err,
                        const char *format, ...) PRINTF_LIKE(4, 5);

/* The same before a message that is there already. */
enum status yaml_place(const struct yaml *yaml, const struct yaml_node *node, enum status status,
                       struct error *err);

#endif
