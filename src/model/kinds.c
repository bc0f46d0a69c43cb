#include "kinds.h"

#include <string.h>

static const char *const names[KIND_COUNT] = {
    [KIND_LINEAR] = "linear",
    [KIND_SOFTMAX] = "softmax",
    [KIND_MIX] = "mix",
    [KIND_MESA] = "mesa",
};

const char *layer_kind_name(enum layer_kind kind)
{
    return names[kind];
}

static int find_kind(const char *word, size_t length)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (strlen(names[kind]) == length && memcmp(names[kind], word, length) == 0)
            return kind;
    return -1;
}

static enum status unknown_kind(const char *word, size_t length, struct error *err)
{
    return error_set(err, ERR_CONFIG, "'%.*s' is no kind of layer (linear, softmax, mix, mesa)",
                     (int)length, word);
}

enum status layer_list_parse(struct layer_list *list, const char *text, struct error *err)
{
    struct layer_list result = {.count = 0};
    for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
        if (result.repeats)
            return error_set(err, ERR_CONFIG, "'%s': only the last kind can repeat", text);
        if (result.count == MODEL_LAYERS_MAX)
            return error_set(err, ERR_CONFIG, "'%s': more than %d kinds", text, MODEL_LAYERS_MAX);
        size_t length = strcspn(at, " ");
        result.repeats = at[length - 1] == '*';
        size_t name = length - result.repeats;
        int kind = find_kind(at, name);
        if (kind < 0)
            return unknown_kind(at, name, err);
        result.kinds[result.count++] = kind;
        at += length;
    }
    if (result.count == 0)
        return error_set(err, ERR_CONFIG, "'%s': at least one kind of layer is needed", text);
    *list = result;
    return OK;
}
