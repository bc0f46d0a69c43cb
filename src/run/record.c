#include "run/record.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static size_t padded(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

size_t record_part_bytes(size_t bytes)
{
    return sizeof(struct part) + padded(bytes);
}

void record_put(struct record *record, enum part_kind kind, int index, const int32_t shape[3],
                const void *data, size_t bytes)
{
    assert(bytes <= INT32_MAX && record->used + record_part_bytes(bytes) <= record->size);
    struct part head = {.kind = (int32_t)kind,
                        .index = (int32_t)index,
                        .shape = {shape[0], shape[1], shape[2]},
                        .bytes = (int32_t)bytes};
    unsigned char *at = record->memory + record->used;
    memcpy(at, &head, sizeof head);
    memcpy(at + sizeof head, data, bytes);
    memset(at + sizeof head + bytes, 0, padded(bytes) - bytes);
    record->used += record_part_bytes(bytes);
}

const struct part *record_next(const unsigned char *memory, size_t used, size_t *at)
{
    if (used - *at < sizeof(struct part))
        return NULL;
    const struct part *part = (const struct part *)(memory + *at);
    bool known = part->kind == PART_COLUMN || part->kind == PART_TENSOR;
    if (!known || part->index < 0 || part->bytes < 0 ||
        used - *at < record_part_bytes((size_t)part->bytes))
        return NULL;
    *at += record_part_bytes((size_t)part->bytes);
    return part;
}

const void *part_data(const struct part *part)
{
    return part + 1;
}
