#include "bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Length of the UTF-8 character at `at`, 0 if there is none; its code. */
static size_t decode(uint32_t *code, const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least; /* shorter forms exist below it */
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
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

static bool is_control(uint32_t code)
{
    bool c0 = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
    bool c1 = code >= 0x7f && code <= 0x9f;
    return c0 || c1 || code == 0x2028 || code == 0x2029 || code == 0xfeff || code == 0xfffe ||
           code == 0xffff;
}

struct bytes_fault bytes_check(const char *text, size_t length)
{
    struct bytes_fault at = {1, 1, ""};
    uint32_t code = 0, before = 0;
    for (size_t i = 0; i < length; before = code) {
        size_t size = decode(&code, (const unsigned char *)text + i, length - i);
        if (size == 0)
            snprintf(at.why, sizeof at.why, "a byte that is no UTF-8, allowed is UTF-8 text");
        else if (code == 0)
            snprintf(at.why, sizeof at.why, "a NUL byte, allowed is text");
        else if (is_control(code))
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
