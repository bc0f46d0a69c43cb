#include "config/number.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/key.h"

/* The end of the digits at `text`. */
static const char *digits(const char *text)
{
    while (*text >= '0' && *text <= '9')
        text++;
    return text;
}

static const char *after_sign(const char *text)
{
    return text + (*text == '+' || *text == '-');
}

/* [+-] digits [. digits] [e [+-] digits], with at least one digit before the exponent. */
static bool is_decimal(const char *text)
{
    const char *start = after_sign(text), *at = digits(start);
    long before = at - start, after = 0;
    if (before > 1 && *start == '0')
        return false;
    if (*at == '.') {
        const char *end = digits(at + 1);
        after = end - (at + 1);
        at = end;
    }
    if (before + after == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        const char *exponent = after_sign(at + 1);
        at = digits(exponent);
        if (at == exponent)
            return false;
    }
    return *at == '\0';
}

bool number_parse(double *value, const char *text)
{
    if (!is_decimal(text))
        return false;
    double parsed = strtod(text, NULL);
    if (!isfinite(parsed))
        return false;
    *value = parsed == 0 ? 0 : parsed;
    return true;
}

bool number_parse_integer(int64_t *value, const char *text)
{
    if (!is_decimal(text))
        return false;
    if (*digits(after_sign(text)) == '\0') {
        errno = 0;
        long long parsed = strtoll(text, NULL, 10);
        if (errno != 0)
            return false;
        *value = parsed;
        return true;
    }
    double parsed = 0;
    if (!number_parse(&parsed, text) || parsed != floor(parsed) || fabs(parsed) > 0x1p53)
        return false;
    *value = (int64_t)parsed;
    return true;
}

/* The same text as Python's repr without a final ".0": fixed notation for 1e-4 <= |x| < 1e16. */
int number_print(double value, char *text, size_t size)
{
    char shortest[32];
    int precision = fabs(value) < DBL_MIN ? 1 : DBL_DIG; /* with so many, those of a shorter text
                                                            are followed by zeros */
    if (value == floor(value) && fabs(value) < 0x1p53)   /* its digits, as any shortest text has */
        return snprintf(text, size, "%" PRId64, (int64_t)value);
    for (; precision < 17; precision++) {
        snprintf(shortest, sizeof shortest, "%.*e", precision - 1, value);
        if (strtod(shortest, NULL) == value)
            break;
    }
    snprintf(shortest, sizeof shortest, "%.*e", precision - 1, value);
    const char *mark = shortest;
    while (*mark && *mark != 'e')
        mark++;
    int exponent = *mark ? atoi(mark + 1) : 0;
    for (; precision > 1 && mark[-1] == '0'; mark--)
        precision--;
    if (exponent >= precision && exponent < 16)
        precision = exponent + 1; /* 9100000000000000, not 9.1e+15 */
    if (exponent >= 16)
        return snprintf(text, size, "%.*e", precision - 1, value);
    return snprintf(text, size, "%.*g", precision, value);
}
