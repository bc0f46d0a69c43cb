/* number.h - numbers as text, stricter than strtod. */
#ifndef CONFIG_NUMBER_H
#define CONFIG_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* A decimal number, all of `text`: [+-] digits [. digits] [e [+-] digits]. No white space, no hex,
 * no nan or inf, no leading zero (YAML 1.1 would read 010 as octal), nothing too large for a
 * double. -0 becomes 0. False, and *value as it was, for anything else. */
bool number_parse(double *value, const char *text);

/* An integer: digits, or another number without a fraction up to 2^53 ("1e4"). */
bool number_parse_integer(int64_t *value, const char *text);

#endif
