/* text.h - text that grows, and small questions about text. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Start with {0}. `data` is NULL until something was added, then always ended by a NUL that
 * `length` does not count. A refused allocation ends the process (memory.h). */
struct text {
    char *data; /* owned; free or text_dispose */
    size_t length, size;
};

void text_add(struct text *text, const char *data, size_t length);
void text_print(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_dispose(struct text *text);

/* Number of single-character insertions, deletions and replacements that turn `a` into `b`;
 * `most` + 1 when there are more, or when a text is longer than 63 bytes. */
int text_distance(const char *a, const char *b, int most);

/* Bytes of the UTF-8 character at `at`, where `left` > 0 bytes are, and its code; 0: there is none
 * (longer forms than needed and surrogates are none). */
size_t text_character(uint32_t *code, const char *at, size_t left);

/* Whether a character acts on what shows it instead of being shown: control characters (C0, DEL,
 * C1), the line ends of Unicode, marks that turn or isolate the direction of text, the byte order
 * mark and what is no character. */
bool text_is_control(uint32_t code);

/* Makes `bytes` bytes that somebody else wrote fit for a terminal, in place: '?' for every control
 * character that is not one of `kept` (such as "\n\t"), and for every byte that is no UTF-8.
 * Returns how many bytes there are then, never more; adds no NUL. */
size_t text_clean(char *text, size_t bytes, const char *kept);

/* The same of a text that ends with a NUL, of which nothing is kept; returns it. */
char *text_line(char *text);

/* `input` fit for one line of a message: at most TEXT_SHOWN - 1 bytes, as text_line, the end of a
 * long one as "..." (never in the middle of a UTF-8 character). Returns `shown`. */
enum { TEXT_SHOWN = 64 };
const char *text_show(char shown[TEXT_SHOWN], const char *input);

#endif
