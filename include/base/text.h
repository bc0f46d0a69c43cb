/* text.h - text that grows, and small questions about text. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Start with {0}. `data` is NULL until something was added, then always ended by a NUL that
 * `length` does not count. A refused allocation is remembered in `failed`, and what came after is
 * dropped: ask once, at the end. */
struct text {
    char *data; /* owned; free or text_dispose */
    size_t length, size;
    bool failed;
};

void text_add(struct text *text, const char *data, size_t length);
void text_print(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_dispose(struct text *text);

/* Number of single-character insertions, deletions and replacements that turn `a` into `b`;
 * `most` + 1 when there are more, or when a text is longer than 63 bytes. */
int text_distance(const char *a, const char *b, int most);

/* `input` fit for one line of a message: at most TEXT_SHOWN - 1 bytes, control characters as '?',
 * the end of a long one as "..." (never in the middle of a UTF-8 character). Returns `shown`. */
enum { TEXT_SHOWN = 64 };
const char *text_show(char shown[TEXT_SHOWN], const char *input);

#endif
