#include "bytes.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct bytes_fault bytes_check(const char *text, size_t length)
{
    struct bytes_fault at = {1, 1, ""};
    uint32_t code = 0, before = 0;
    for (size_t i = 0; i < length; before = code) {
        size_t size = text_character(&code, text + i, length - i);
        if (size == 0)
            snprintf(at.why, sizeof at.why, "a byte that is no UTF-8, allowed is UTF-8 text");
        else if (code == 0)
            snprintf(at.why, sizeof at.why, "a NUL byte, allowed is text");
        else if (text_is_control(code) && !strchr("\t\n\r", text[i]))
            snprintf(at.why, sizeof at.why,
                     "control character U+%04X, allowed are tabs and line ends", code);
        if (at.why[0])
            return at;
        i += size;
        at.column++;
        if (code == '\n' || code == '\r') {
            at.line += code == '\r' || before != '\r';
            at.column = 1;
        }
    }
    return at;
}
