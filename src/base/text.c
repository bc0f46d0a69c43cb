#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and the NUL; false when refused. */
static bool reserve(struct text *text, size_t more)
{
    text->failed = text->failed || more > PTRDIFF_MAX / 2 - text->length;
    if (text->failed)
        return false;
    size_t need = text->length + more + 1;
    if (need <= text->size)
        return true;
    size_t size = need < 2 * text->size ? 2 * text->size : need;
    char *data = realloc(text->data, size);
    text->failed = !data;
    if (!data)
        return false;
    text->data = data;
    text->size = size;
    return true;
}

void text_add(struct text *text, const char *data, size_t length)
{
    if (!reserve(text, length))
        return;
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
    if (length >= 0 && reserve(text, (size_t)length)) {
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

const char *text_show(char shown[TEXT_SHOWN], const char *input)
{
    size_t length = strlen(input);
    bool cut = length >= TEXT_SHOWN;
    if (cut) {
        length = TEXT_SHOWN - 1 - strlen("...");
        while (length > 0 && ((unsigned char)input[length] & 0xc0) == 0x80)
            length--;
    }
    for (size_t i = 0; i < length; i++)
        shown[i] = (unsigned char)input[i] < ' ' || input[i] == 0x7f ? '?' : input[i];
    memcpy(shown + length, cut ? "..." : "", cut ? 4 : 1);
    return shown;
}
