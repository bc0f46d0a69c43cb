/* edit.h - any bytes as edits of something whole that our own code made.
 *
 * So there are no seeds to keep up to date, and what is behind a checksum is reached: the target
 * makes it anew after the edits. */
#ifndef FUZZ_EDIT_H
#define FUZZ_EDIT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The next number of a sequence that is always the same: 0 .. most. */
static inline uint64_t edit_random(uint64_t *random, uint64_t most)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (*random >> 33) % (most + 1);
}

/* One edit: what, where (three bytes), how (four). */
enum { EDIT = 8, EDIT_GROWS = 4096 };

struct edited {
    unsigned char *data; /* exactly `size` bytes, so that the sanitizer sees the end; owned */
    size_t size;
};

static inline size_t edit_less(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Exchanges [a, a+length) and [b, b+length) of the whole, byte by byte: they may overlap. */
static inline void edit_swap(struct edited *whole, size_t a, size_t b, size_t length)
{
    for (size_t i = 0; i < length && a + i < whole->size && b + i < whole->size; i++) {
        unsigned char byte = whole->data[a + i];
        whole->data[a + i] = whole->data[b + i];
        whole->data[b + i] = byte;
    }
}

static inline void edit_resize(struct edited *whole, size_t size, unsigned char byte)
{
    unsigned char *data = realloc(whole->data, size + 1);
    if (!data)
        return;
    if (size > whole->size)
        memset(data + whole->size, byte, size - whole->size);
    whole->data = data;
    whole->size = size;
}

/* One edit of what is not empty. The numbers are little-endian, as everything that is read. */
static inline void edit_once(struct edited *whole, const uint8_t edit[EDIT])
{
    int32_t value;
    memcpy(&value, edit + 4, sizeof value);
    int64_t wide = value;
    size_t from = (uint32_t)value % whole->size;
    size_t at = ((size_t)edit[1] | (size_t)edit[2] << 8 | (size_t)edit[3] << 16) % whole->size;
    size_t rest = whole->size - at, length = (size_t)1 << (edit[0] >> 4);
    switch (edit[0] & 7) {
    case 0:
        whole->data[at] ^= (unsigned char)(1 << (value & 7));
        break;
    case 1: /* a number of 1 to 8 bytes */
        memcpy(whole->data + at, &wide, edit_less(rest, edit_less(length, sizeof wide)));
        break;
    case 2:
        memset(whole->data + at, value, edit_less(rest, length));
        break;
    case 3:
        memmove(whole->data + at, whole->data + from,
                edit_less(edit_less(rest, whole->size - from), length));
        break;
    case 4:
        edit_swap(whole, at, from, length);
        break;
    case 5:
        edit_resize(whole, at, 0);
        break;
    case 6:
        edit_resize(whole, whole->size + (uint32_t)value % EDIT_GROWS, edit[1]);
        break;
    default: /* a number of 8 bytes at its natural place */
        memcpy(whole->data + at / 8 * 8, &wide, edit_less(whole->size - at / 8 * 8, sizeof wide));
        break;
    }
}

/* A copy of the whole with these edits; the caller frees its data. */
static inline struct edited edited(const void *whole, size_t size, const uint8_t *edits,
                                   size_t length)
{
    struct edited copy = {malloc(size + 1), size};
    if (!copy.data)
        abort();
    memcpy(copy.data, whole, size);
    for (; length >= EDIT && copy.size > 0; edits += EDIT, length -= EDIT)
        edit_once(&copy, edits);
    unsigned char *exact = malloc(copy.size);
    if (copy.size > 0 && exact)
        memcpy(exact, copy.data, copy.size);
    free(copy.data);
    return (struct edited){exact, copy.size};
}

#endif
