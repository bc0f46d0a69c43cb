#include "json.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/key.h"

void json_text(FILE *to, const char *text)
{
    putc('"', to);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < 0x20)
            fprintf(to, "\\u%04x", c);
        else
            putc(c, to);
    }
    putc('"', to);
}

void json_number(FILE *to, double value)
{
    char text[KEY_TEXT_SIZE];
    if (!isfinite(value)) {
        fputs("null", to);
        return;
    }
    number_print(value, text, sizeof text);
    fputs(text, to);
}

void json_value(FILE *to, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    bool number = end != text && !*end && isfinite(value) && !strpbrk(text, "xX") &&
                  !isspace((unsigned char)text[0]);
    if (number)
        json_number(to, value);
    else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        fputs(text, to);
    else
        json_text(to, text);
}
