/* kinds.h - runs of one kind are alike in all that decides whether they are allowed, what they
 * measure, and their size and cost: they differ in free keys (config/key.h) at most.
 *
 * Of a million runs there are a few kinds, so that whatever follows from the kind is found a few
 * times.
 */
#ifndef RUN_KINDS_H
#define RUN_KINDS_H

#include "run/config.h"

struct kinds;

enum status kinds_create(struct kinds **kinds, struct error *err) MUST_CHECK;
void kinds_destroy(struct kinds *kinds);

/* The kind of config, 0, 1, 2, ... in the order in which they are first seen; a kind that is new
 * has the number that kinds_count gave before. Two kinds may turn out to be alike, never one kind
 * to be two. (Kinds are told apart by 64 bits: for a million of them 3e-8.) ERR_MEMORY. */
enum status kinds_find(int *kind, struct kinds *kinds, const struct run_config *config,
                       struct error *err) MUST_CHECK;

int kinds_count(const struct kinds *kinds);

#endif
