/* memory.h - small memory that a process can not do without.
 *
 * When it is refused the process ends, with one line and the exit code of ERR_MEMORY: nobody on the
 * way up could do better, and it leaves no more behind than a process that was killed, which all
 * that lies on a disk allows for. What a user's sizes make large is asked for from malloc itself,
 * and refused as an error with its remedy. Free with free(). */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdlib.h>
#include <string.h>

/* Ends the process: "mesasweep: no memory for N bytes". */
_Noreturn void memory_refused(size_t bytes);

/* `bytes` may be 0. Inline, as the others: each place that asks is one that a test refuses. */
static inline void *memory_get(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory)
        memory_refused(bytes);
    return memory;
}

/* [count] of `size` bytes, all 0. */
static inline void *memory_zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        memory_refused(count * size);
    return memory;
}

/* realloc to at least one byte. */
static inline void *memory_grow(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory)
        memory_refused(bytes);
    return memory;
}

/* A copy of at most so many bytes, with a NUL. */
static inline char *memory_text_part(const char *text, size_t most)
{
    char *copy = strndup(text, most);
    if (!copy)
        memory_refused(strnlen(text, most) + 1);
    return copy;
}

static inline char *memory_text(const char *text)
{
    return memory_text_part(text, strlen(text));
}

#endif
