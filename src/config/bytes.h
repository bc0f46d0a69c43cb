/* bytes.h - whether bytes are text that may stand in a sweep file. */
#ifndef CONFIG_BYTES_H
#define CONFIG_BYTES_H

#include <stddef.h>

/* Where the first byte is that may not be there (line and column from 1, in characters), and why;
 * `why` is empty when all are fine. */
struct bytes_fault {
    int line, column;
    char why[96];
};

/* UTF-8 (no overlong form, no surrogate) without control characters (text_is_control) except tab
 * and line ends: so lines and columns mean the same to everyone. */
struct bytes_fault bytes_check(const char *text, size_t length);

#endif
