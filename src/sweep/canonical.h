/* canonical.h - identities of many configurations, one after the other. */
#ifndef SWEEP_CANONICAL_H
#define SWEEP_CANONICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "run/config.h"

enum { CANONICAL_KEYS = 256, CANONICAL_LINE = KEY_NAME_SIZE + KEY_TEXT_SIZE + 2 };

/* The lines of the last configuration, sorted. A neighbour in a grid differs in a few keys: only
 * their lines are printed anew. */
struct canonical {
    int count; /* of science keys */
    int keys[CANONICAL_KEYS];
    int lengths[CANONICAL_KEYS]; /* 0 for a neutral value */
    char lines[CANONICAL_KEYS][CANONICAL_LINE];
    bool warm;
    struct run_config last;
};

void canonical_begin(struct canonical *canonical);

/* Identity of config; see plan_identity_of. */
uint64_t canonical_identity(struct canonical *canonical, const struct run_config *config);

#endif
