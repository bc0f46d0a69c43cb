/* arena.h - one block of memory for one run.
 *
 * A layout function takes its arrays with arena_take. Called with an arena that only measures, it
 * gives the bytes that the run will need; called again with an arena of that size it gives the
 * arrays: the same function does both, so the two can not disagree. Kernels never allocate.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

enum { ARENA_ALIGNMENT = 64 };

struct arena {
    unsigned char *memory; /* NULL while measuring */
    size_t size, used;
};

/* An arena that only counts: arena_take returns NULL and `used` grows. */
struct arena arena_measure(void);

/* Zeroed, private, anonymous memory with huge pages where the system has them.
 * ERR_MEMORY when it is refused; nothing is held then. */
enum status arena_create(struct arena *arena, size_t size, struct error *err) MUST_CHECK;

void arena_destroy(struct arena *arena);

/* `count` elements of `size` bytes, aligned to 64 bytes, zero at first. NULL while measuring.
 * Taking more than was measured is a bug (assert). */
void *arena_take(struct arena *arena, size_t count, size_t size);

/* The typed form: `real *x = ARENA_TAKE(arena, real, n);` */
#define ARENA_TAKE(arena, type, count) ((type *)arena_take(arena, (size_t)(count), sizeof(type)))

#endif
