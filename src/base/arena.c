#include "base/arena.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct arena arena_measure(void)
{
    return (struct arena){NULL, 0, 0};
}

enum status arena_create(struct arena *arena, size_t size, struct error *err)
{
    size = size ? size : ARENA_ALIGNMENT;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return error_set(err, ERR_MEMORY, "%zu bytes for a run: %s", size, strerror(errno));
    madvise(memory, size, MADV_HUGEPAGE); /* a wish: page faults dominate short runs without it */
    *arena = (struct arena){memory, size, 0};
    return OK;
}

void arena_destroy(struct arena *arena)
{
    if (arena->memory)
        munmap(arena->memory, arena->size);
    *arena = arena_measure();
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = (count * size + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    size_t at = arena->used;
    arena->used += bytes;
    if (!arena->memory)
        return NULL;
    assert(arena->used <= arena->size);
    return arena->memory + at;
}
