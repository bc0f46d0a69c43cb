#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Room for `more` bytes and the NUL. */
static void reserve(struct text *text, size_t more)
{
    if (more > PTRDIFF_MAX / 2 - text->length)
        memory_refused(more);
    size_t need = text->length + more + 1;
    if (need <= text->size)
        return;
    text->size = need < 2 * text->size ? 2 * text->size : need;
    text->data = memory_grow(text->data, text->size);
}

void text_add(struct text *text, const char *data, size_t length)
{
    reserve(text, length);
    memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_print(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        reserve(text, (size_t)length);
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void text_dispose(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

int text_distance(const char *a, const char *b, int most)
{
    enum { LONGEST = 63 };
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST || n > LONGEST)
        return most + 1;
    int row[LONGEST + 1]; /* row[j]: distance of the first i of a from the first j of b */
    for (size_t j = 0; j <= n; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= m; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[n] <= most ? row[n] : most + 1;
}

size_t text_character(uint32_t *code, const char *text, size_t left)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least; /* shorter forms exist below it */
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const unsigned char *at = (const unsigned char *)text;
    for (size_t more = 0; more < 4; more++) {
        if ((at[0] & forms[more].mask) != forms[more].lead)
            continue;
        if (more >= left)
            return 0;
        *code = at[0] & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return 0;
            *code = *code << 6 | (at[i] & 0x3f);
        }
        bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
        return *code < forms[more].least || surrogate || *code > 0x10ffff ? 0 : more + 1;
    }
    return 0;
}

bool text_is_control(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x2028, 0x202e},
                  {0x2066, 0x2069}, {0xfeff, 0xfeff}, {0xfffe, 0xffff}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

size_t text_clean(char *text, size_t bytes, const char *kept)
{
    size_t length = 0;
    for (size_t i = 0; i < bytes;) {
        uint32_t code = 0;
        size_t size = text_character(&code, text + i, bytes - i);
        bool stays = size > 0 && (!text_is_control(code) || (text[i] && strchr(kept, text[i])));
        if (stays)
            memmove(text + length, text + i, size);
        else
            text[length] = '?';
        length += stays ? size : 1;
        i += size ? size : 1;
    }
    return length;
}

char *text_line(char *text)
{
    text[text_clean(text, strlen(text), "")] = '\0';
    return text;
}

const char *text_show(char shown[TEXT_SHOWN], const char *input)
{
    size_t length = strnlen(input, TEXT_SHOWN);
    bool cut = length == TEXT_SHOWN;
    if (cut) {
        length = TEXT_SHOWN - 1 - strlen("...");
        while (length > 0 && ((unsigned char)input[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(shown, input, length);
    length = text_clean(shown, length, "");
    memcpy(shown + length, cut ? "..." : "", cut ? 4 : 1);
    return shown;
}
