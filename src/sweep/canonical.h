/* canonical.h - texts of many configurations, one after the other, and identities. */
#ifndef SWEEP_CANONICAL_H
#define SWEEP_CANONICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "run/config.h"

enum { CANONICAL_KEYS = 256, CANONICAL_LINE = KEY_NAME_SIZE + KEY_TEXT_SIZE + 2 };

enum canonical_kind {
    CANONICAL_SCIENCE, /* science keys that are not neutral */
    CANONICAL_CHANGED, /* all keys that are not at their default */
};

/* The lines of the last configuration, sorted. A neighbour in a grid differs in a few keys: only
 * their lines are printed anew. */
struct canonical {
    enum canonical_kind kind;
    int count; /* of keys of that kind */
    int keys[CANONICAL_KEYS];
    int lengths[CANONICAL_KEYS]; /* 0: the line is left out */
    char lines[CANONICAL_KEYS][CANONICAL_LINE];
    bool warm;
    struct run_config last, defaults;
};

void canonical_begin(struct canonical *canonical, enum canonical_kind kind);

/* Identity of config; see plan_identity_of. */
uint64_t canonical_identity(struct canonical *canonical, const struct run_config *config);

#endif
