#include "config/yaml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "bytes.h"

/* ---- memory: nodes and texts live and die with their document */

struct yaml_chunk {
    struct yaml_chunk *next;
    size_t size, used;
    max_align_t bytes[];
};

static void *take(struct yaml *yaml, size_t bytes)
{
    enum { CHUNK = 16384 };
    bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct yaml_chunk *chunk = yaml->chunks;
    if (!chunk || chunk->size - chunk->used < bytes) {
        size_t size = bytes > CHUNK ? bytes : CHUNK;
        chunk = malloc(sizeof *chunk + size);
        if (!chunk)
            return NULL;
        *chunk = (struct yaml_chunk){yaml->chunks, size, 0};
        yaml->chunks = chunk;
    }
    void *taken = (char *)chunk->bytes + chunk->used;
    chunk->used += bytes;
    return memset(taken, 0, bytes);
}

static char *take_text(struct yaml *yaml, const char *text, size_t length)
{
    char *copy = take(yaml, length + 1);
    return copy ? memcpy(copy, text, length) : NULL;
}

static enum status no_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "no memory for the sweep file");
}

void yaml_dispose(struct yaml *yaml)
{
    while (yaml->chunks) {
        struct yaml_chunk *next = yaml->chunks->next;
        free(yaml->chunks);
        yaml->chunks = next;
    }
    *yaml = (struct yaml){0};
}

/* ---- messages */

enum status yaml_place(const struct yaml *yaml, const struct yaml_node *node, enum status status,
                       struct error *err)
{
    if (yaml->value)
        return error_in(err, status, "%s", yaml->name);
    return error_in(err, status, "%s:%d:%d", yaml->name, node->line, node->column);
}

enum status yaml_refuse(const struct yaml *yaml, const struct yaml_node *node, struct error *err,
                        const char *format, ...)
{
    char message[sizeof err->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    error_set(err, ERR_CONFIG, "%s", message);
    return yaml_place(yaml, node, ERR_CONFIG, err);
}

/* ---- from libyaml's events to nodes */

struct reading {
    struct yaml *yaml;
    yaml_parser_t parser;
    int depth;
};

static struct yaml_node place_of(const yaml_event_t *event)
{
    return (struct yaml_node){.line = (int)event->start_mark.line + 1,
                              .column = (int)event->start_mark.column + 1};
}

static enum status next_event(yaml_event_t *event, struct reading *reading, struct error *err)
{
    const yaml_parser_t *parser = &reading->parser;
    if (yaml_parser_parse(&reading->parser, event))
        return OK;
    struct yaml_node at = {.line = (int)parser->problem_mark.line + 1,
                           .column = (int)parser->problem_mark.column + 1};
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(err);
    return yaml_refuse(reading->yaml, &at, err, "no YAML: %s%s%s",
                       parser->problem ? parser->problem : "it can not be read",
                       parser->context ? " " : "", parser->context ? parser->context : "");
}

/* Anchors, aliases and tags; what is left is a scalar or the begin of a list or map. */
static enum status refuse_decoration(const struct reading *reading, const yaml_event_t *event,
                                     struct error *err)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    char shown[TEXT_SHOWN];
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        anchor = event->data.alias.anchor;
        break;
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    default:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    struct yaml_node at = place_of(event);
    if (anchor)
        return yaml_refuse(reading->yaml, &at, err,
                           "'%s%s': anchors and aliases are not allowed, a text that begins with "
                           "& or * needs quotes",
                           event->type == YAML_ALIAS_EVENT ? "*" : "&",
                           text_show(shown, (const char *)anchor));
    if (tag)
        return yaml_refuse(reading->yaml, &at, err,
                           "'%s': tags are not allowed, the key decides the type",
                           text_show(shown, (const char *)tag));
    return OK;
}

static enum status read_scalar(struct yaml_node *node, struct reading *reading,
                               const yaml_event_t *event, struct error *err)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct bytes_fault fault = bytes_check(text, length); /* what escapes like "\0" have made */
    if (fault.why[0])
        return yaml_refuse(reading->yaml, node, err, "an escape makes %s", fault.why);
    node->kind = YAML_SCALAR;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = take_text(reading->yaml, text, length);
    return node->text ? OK : no_memory(err);
}

static enum status check_key(const struct yaml *yaml, const struct yaml_node *map,
                             const struct yaml_node *key, struct error *err)
{
    char shown[TEXT_SHOWN];
    if (key->kind != YAML_SCALAR || key->text[0] == '\0')
        return yaml_refuse(yaml, key, err, "a key that is no word, allowed are names of keys");
    if (map->count == YAML_MAP_KEYS)
        return yaml_refuse(yaml, key, err, "a map of more than %d keys", YAML_MAP_KEYS);
    const struct yaml_node *same = yaml_find(map, key->text);
    if (same)
        return yaml_refuse(yaml, key, err, "%s: given twice, first in line %d",
                           text_show(shown, key->text), same->key->line);
    return OK;
}

static enum status read_node(struct yaml_node **out, struct reading *reading,
                             const yaml_event_t *event, struct error *err);

/* The next entry of a list or map: a node, or NULL at the end. */
static enum status next_entry(struct yaml_node **entry, struct reading *reading, struct error *err)
{
    yaml_event_t event;
    enum status st = next_event(&event, reading, err);
    if (st != OK)
        return st;
    *entry = NULL;
    if (event.type != YAML_SEQUENCE_END_EVENT && event.type != YAML_MAPPING_END_EVENT)
        st = read_node(entry, reading, &event, err);
    yaml_event_delete(&event);
    return st;
}

static enum status read_entries(struct yaml_node *node, struct reading *reading, struct error *err)
{
    struct yaml_node **end = &node->first;
    for (;;) {
        struct yaml_node *key = NULL, *entry = NULL;
        enum status st = next_entry(&entry, reading, err);
        if (st != OK || !entry)
            return st;
        if (node->kind == YAML_MAP) {
            key = entry;
            st = check_key(reading->yaml, node, key, err);
            if (st == OK)
                st = next_entry(&entry, reading, err);
            if (st != OK)
                return st;
        }
        entry->key = key;
        *end = entry;
        end = &entry->next;
        node->count++;
    }
}

/* One node with all that it holds; recursion ends at YAML_DEPTH. The event is the node's first. */
static enum status read_node(struct yaml_node **out, struct reading *reading,
                             const yaml_event_t *event, struct error *err)
{
    enum status st = refuse_decoration(reading, event, err);
    if (st != OK)
        return st;
    struct yaml_node *node = take(reading->yaml, sizeof *node);
    if (!node)
        return no_memory(err);
    *node = place_of(event);
    *out = node;
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(node, reading, event, err);
    node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
    if (reading->depth == YAML_DEPTH)
        return yaml_refuse(reading->yaml, node, err, "nesting deeper than %d", YAML_DEPTH);
    reading->depth++;
    st = read_entries(node, reading, err);
    reading->depth--;
    return st;
}

/* The stream: one document without directives, one node in it. */
static enum status read_stream(struct reading *reading, struct error *err)
{
    enum status st = OK;
    int documents = 0;
    for (bool over = false; st == OK && !over;) {
        yaml_event_t event;
        st = next_event(&event, reading, err);
        if (st != OK)
            return st;
        struct yaml_node at = place_of(&event);
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_STREAM_END_EVENT:
            over = true;
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (++documents > 1)
                st = yaml_refuse(reading->yaml, &at, err, "a second document, one is allowed");
            else if (event.data.document_start.version_directive ||
                     event.data.document_start.tag_directives.start !=
                         event.data.document_start.tag_directives.end)
                st = yaml_refuse(reading->yaml, &at, err, "directives (%%YAML) are not allowed");
            break;
        default:
            st = read_node(&reading->yaml->root, reading, &event, err);
        }
        yaml_event_delete(&event);
    }
    return st;
}

static enum status read_events(struct yaml *yaml, const char *text, size_t length,
                               struct error *err)
{
    struct reading reading = {.yaml = yaml};
    if (!yaml_parser_initialize(&reading.parser))
        return no_memory(err);
    yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reading.parser, (const unsigned char *)text, length);
    enum status st = read_stream(&reading, err);
    yaml_parser_delete(&reading.parser);
    return st;
}

/* An empty document with its name, after a look at the bytes. */
static enum status begin(struct yaml *yaml, const char *name, const char *text, size_t length,
                         struct error *err)
{
    struct yaml_node at = {.line = 1, .column = 1};
    yaml->name = take_text(yaml, name, strlen(name));
    if (!yaml->name)
        return no_memory(err);
    if (length > YAML_BYTES)
        return yaml_refuse(yaml, &at, err, "%zu bytes, at most %d are allowed", length, YAML_BYTES);
    struct bytes_fault fault = bytes_check(text, length);
    at.line = fault.line;
    at.column = fault.column;
    return fault.why[0] ? yaml_refuse(yaml, &at, err, "%s", fault.why) : OK;
}

enum status yaml_read(struct yaml *yaml, const char *name, const char *text, size_t length,
                      struct error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 with it */
    const struct yaml_node top = {.line = 1, .column = 1};
    if (length >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0) {
        text += strlen(mark);
        length -= strlen(mark);
    }
    struct yaml read = {0};
    enum status st = begin(&read, name, text, length, err);
    if (st == OK)
        st = read_events(&read, text, length, err);
    if (st == OK && !read.root)
        st = yaml_refuse(&read, &top, err, "nothing in it, allowed is a map of sections");
    else if (st == OK && read.root->kind != YAML_MAP)
        st = yaml_refuse(&read, read.root, err, "not a map, allowed is a map of sections");
    if (st != OK)
        yaml_dispose(&read);
    else
        *yaml = read;
    return st;
}

enum status yaml_read_value(struct yaml *yaml, const char *name, const char *text, size_t length,
                            struct error *err)
{
    struct yaml read = {.value = true};
    enum status st = begin(&read, name, text, length, err);
    if (st == OK && length > 0 && (text[0] == '[' || text[0] == '{')) {
        st = read_events(&read, text, length, err);
    } else if (st == OK) {
        read.root = take(&read, sizeof *read.root);
        char *copy = take_text(&read, text, length);
        if (read.root && copy)
            *read.root = (struct yaml_node){.kind = YAML_SCALAR, .text = copy, .plain = true};
        else
            st = no_memory(err);
    }
    if (st != OK)
        yaml_dispose(&read);
    else
        *yaml = read;
    return st;
}

const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
    for (const struct yaml_node *entry = map->first; entry; entry = entry->next)
        if (strcmp(entry->key->text, key) == 0)
            return entry;
    return NULL;
}
