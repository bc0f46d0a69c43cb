#include "npz.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Fields of the archive are little-endian, whatever their place. */
static void put(struct text *text, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_add(text, &(char){(char)(value >> 8 * i & 0xff)}, 1);
}

static void send(struct npz *npz, const void *data, size_t bytes)
{
    fwrite(data, 1, bytes, npz->to);
    npz->offset += bytes;
}

static void send_text(struct npz *npz, struct text *text)
{
    send(npz, text->data, text->length);
    text_dispose(text);
}

/* CRC-32 of ISO 3309, reflected, as ZIP has it. */
static uint32_t crc(const struct npz *npz, uint32_t sum, const void *data, size_t bytes)
{
    const unsigned char *at = data;
    sum = ~sum;
    for (size_t i = 0; i < bytes; i++)
        sum = npz->table[(sum ^ at[i]) & 0xff] ^ sum >> 8;
    return ~sum;
}

void npz_begin(struct npz *npz, FILE *to)
{
    *npz = (struct npz){.to = to};
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t sum = i;
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? 0xEDB88320u ^ sum >> 1 : sum >> 1;
        npz->table[i] = sum;
    }
}

/* What the head of a member and its line in the directory have in common, from the version that is
 * needed to the length of the extra field: 4.5, as sizes are in the 64-bit extension; UTF-8 names,
 * stored; the first of January 1980, so that equal arrays make equal files. */
static void put_common(struct text *text, uint32_t sum, size_t name, int extra)
{
    put(text, 45, 2);
    put(text, 1 << 11, 2);
    put(text, 0, 2);
    put(text, 0, 2);
    put(text, 1 << 5 | 1, 2);
    put(text, sum, 4);
    put(text, UINT32_MAX, 4);
    put(text, UINT32_MAX, 4);
    put(text, name, 2);
    put(text, (uint64_t)extra, 2);
}

static void add_member(struct npz *npz, const char *name, const struct text *head,
                       const void *values, size_t bytes)
{
    char member[300];
    size_t length = (size_t)snprintf(member, sizeof member, "%.280s.npy", name);
    uint64_t size = head->length + bytes, start = npz->offset;
    uint32_t sum = crc(npz, crc(npz, 0, head->data, head->length), values, bytes);
    struct text text = {0};
    put(&text, 0x04034b50, 4);
    put_common(&text, sum, length, 20);
    text_add(&text, member, length);
    put(&text, 1, 2);
    put(&text, 16, 2);
    put(&text, size, 8);
    put(&text, size, 8);
    send_text(npz, &text);
    send(npz, head->data, head->length);
    send(npz, values, bytes);

    struct text *line = &npz->directory;
    put(line, 0x02014b50, 4);
    put(line, 3 << 8 | 45, 2); /* made on Unix */
    put_common(line, sum, length, 28);
    put(line, 0, 2 + 2 + 2);
    put(line, 0100644u << 16, 4);
    put(line, UINT32_MAX, 4);
    text_add(line, member, length);
    put(line, 1, 2);
    put(line, 24, 2);
    put(line, size, 8);
    put(line, size, 8);
    put(line, start, 8);
    npz->count++;
}

/* The head of a .npy of version 1: its length is a multiple of 64. */
static void npy_head(struct text *head, const char *descr, int rank, const int64_t *size)
{
    struct text about = {0};
    text_print(&about, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int i = 0; i < rank; i++)
        text_print(&about, "%lld,", (long long)size[i]);
    text_print(&about, "), }");
    while ((10 + about.length + 1) % 64 != 0)
        text_add(&about, " ", 1);
    text_add(&about, "\n", 1);
    text_add(head, "\x93NUMPY\x01\x00", 8);
    put(head, about.length, 2);
    text_add(head, about.data, about.length);
    text_dispose(&about);
}

static size_t elements(int rank, const int64_t *size)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)size[i];
    return count;
}

void npz_add(struct npz *npz, const char *name, const char *descr, int bytes, int rank,
             const int64_t *size, const void *values)
{
    struct text head = {0};
    npy_head(&head, descr, rank, size);
    add_member(npz, name, &head, values, elements(rank, size) * (size_t)bytes);
    text_dispose(&head);
}

/* Code points of a text to `to`, which may be NULL; returns how many. Bytes that are no UTF-8
 * become U+FFFD. */
static size_t decode(uint32_t *to, const char *text)
{
    size_t count = 0;
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        int more = *at < 0x80   ? 0
                   : *at < 0xC2 ? -1
                   : *at < 0xE0 ? 1
                   : *at < 0xF0 ? 2
                   : *at < 0xF5 ? 3
                                : -1;
        uint32_t point = more < 0 ? 0xFFFD : more == 0 ? *at : (uint32_t)*at & (0x3Fu >> more);
        at++;
        for (int i = 0; i < more && point != 0xFFFD; i++)
            point = (*at & 0xC0) == 0x80 ? point << 6 | (*at++ & 0x3F) : 0xFFFD;
        if (to)
            to[count] = point;
        count++;
    }
    return count;
}

void npz_add_texts(struct npz *npz, const char *name, int rank, const int64_t *size,
                   char *const *texts)
{
    size_t count = elements(rank, size), longest = 1;
    char descr[32];
    for (size_t i = 0; i < count; i++) {
        size_t length = decode(NULL, texts[i]);
        longest = length > longest ? length : longest;
    }
    uint32_t *points = memory_zeroed(count * longest + 1, sizeof *points);
    for (size_t i = 0; i < count; i++)
        decode(points + i * longest, texts[i]);
    snprintf(descr, sizeof descr, "<U%zu", longest);
    npz_add(npz, name, descr, (int)(longest * sizeof *points), rank, size, points);
    free(points);
}

void npz_end(struct npz *npz)
{
    uint64_t start = npz->offset, bytes = npz->directory.length;
    struct text text = {0};
    if (npz->count > 0)
        send_text(npz, &npz->directory);
    uint64_t end = npz->offset;
    put(&text, 0x06064b50, 4); /* the end of the directory with 64 bits, */
    put(&text, 44, 8);
    put(&text, 3 << 8 | 45, 2);
    put(&text, 45, 2);
    put(&text, 0, 4 + 4);
    put(&text, npz->count, 8);
    put(&text, npz->count, 8);
    put(&text, bytes, 8);
    put(&text, start, 8);
    put(&text, 0x07064b50, 4); /* where that is, */
    put(&text, 0, 4);
    put(&text, end, 8);
    put(&text, 1, 4);
    put(&text, 0x06054b50, 4); /* and the end that every reader looks for */
    put(&text, 0, 2 + 2);
    put(&text, UINT16_MAX, 2);
    put(&text, UINT16_MAX, 2);
    put(&text, UINT32_MAX, 4);
    put(&text, UINT32_MAX, 4);
    put(&text, 0, 2);
    send_text(npz, &text);
}
