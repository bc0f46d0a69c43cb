/* canonical.h - texts of many configurations, one after the other, and identities. */
#ifndef SWEEP_CANONICAL_H
#define SWEEP_CANONICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "sweep/plan.h"

enum { CANONICAL_KEYS = 256, CANONICAL_LINE = KEY_NAME_SIZE + KEY_TEXT_SIZE + 2 };

/* The lines of the last configuration, sorted. A neighbour in a grid differs in a few keys: only
 * their lines are printed anew. */
struct canonical {
    enum plan_text kind;
    int seed;  /* key */
    int count; /* of keys of that kind */
    int keys[CANONICAL_KEYS];
    int lengths[CANONICAL_KEYS]; /* 0: the line is left out */
    char lines[CANONICAL_KEYS][CANONICAL_LINE];
    bool warm;
    struct run_config last, defaults;
};

void canonical_begin(struct canonical *canonical, enum plan_text kind);

/* Identity of config; see plan_identity_of. */
uint64_t canonical_identity(struct canonical *canonical, const struct run_config *config);

#endif
