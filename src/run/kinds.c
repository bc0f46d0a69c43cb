#include "run/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { FIRST_SLOTS = 64, FREE_KEYS = 64 };

struct slot {
    uint64_t hash; /* of a configuration without its free keys */
    int kind;      /* + 1; 0: the slot is empty */
};

struct kinds {
    struct slot *slots; /* owned; open addressing, at most half of them taken */
    size_t mask;
    int count;
    struct {
        size_t offset, size;
    } free[FREE_KEYS];
    int free_count;
};

static enum status no_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "no memory for the kinds of runs");
}

enum status kinds_create(struct kinds **out, struct error *err)
{
    struct kinds *kinds = calloc(1, sizeof *kinds);
    if (kinds)
        kinds->slots = calloc(FIRST_SLOTS, sizeof *kinds->slots);
    if (!kinds || !kinds->slots) {
        kinds_destroy(kinds);
        return no_memory(err);
    }
    kinds->mask = FIRST_SLOTS - 1;
    int keys = schema_keys(&run_schema);
    for (int k = 0; k < keys && kinds->free_count < FREE_KEYS; k++) {
        if (!schema_key(&run_schema, k)->free)
            continue;
        kinds->free[kinds->free_count].offset = schema_offset(&run_schema, k);
        kinds->free[kinds->free_count++].size = schema_value_size(&run_schema, k);
    }
    *out = kinds;
    return OK;
}

void kinds_destroy(struct kinds *kinds)
{
    if (kinds)
        free(kinds->slots);
    free(kinds);
}

static struct slot *find(const struct kinds *kinds, uint64_t hash)
{
    size_t at = (size_t)hash & kinds->mask;
    while (kinds->slots[at].kind != 0 && kinds->slots[at].hash != hash)
        at = (at + 1) & kinds->mask;
    return &kinds->slots[at];
}

static enum status grow(struct kinds *kinds, struct error *err)
{
    struct kinds larger = *kinds;
    larger.mask = 2 * kinds->mask + 1;
    larger.slots = calloc(larger.mask + 1, sizeof *larger.slots);
    if (!larger.slots)
        return no_memory(err);
    for (size_t i = 0; i <= kinds->mask; i++)
        if (kinds->slots[i].kind != 0)
            *find(&larger, kinds->slots[i].hash) = kinds->slots[i];
    free(kinds->slots);
    *kinds = larger;
    return OK;
}

enum status kinds_find(int *kind, struct kinds *kinds, const struct run_config *config,
                       struct error *err)
{
    unsigned char bytes[sizeof *config]; /* with its padding: what differs there is another kind */
    memcpy(bytes, config, sizeof bytes);
    for (int i = 0; i < kinds->free_count; i++)
        memset(bytes + kinds->free[i].offset, 0, kinds->free[i].size);
    uint64_t hash = hash_xxh64(bytes, sizeof bytes, 0);
    struct slot *slot = find(kinds, hash);
    if (slot->kind == 0 && 2 * (size_t)kinds->count > kinds->mask) {
        enum status st = grow(kinds, err);
        if (st != OK)
            return st;
        slot = find(kinds, hash);
    }
    if (slot->kind == 0)
        *slot = (struct slot){hash, ++kinds->count};
    *kind = slot->kind - 1;
    return OK;
}

int kinds_count(const struct kinds *kinds)
{
    return kinds->count;
}
