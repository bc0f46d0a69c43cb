#include "json.h"

#include <math.h>
#include <string.h>

#include "config/key.h"
#include "config/number.h"

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
    double value;
    if (number_parse(&value, text))
        json_number(to, value);
    else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        fputs(text, to);
    else
        json_text(to, text);
}

void json_begin(FILE *to, const char *command)
{
    fprintf(to, "{\"form\": \"mesasweep %s\", \"version\": %d", command, JSON_VERSION);
}

void json_member(FILE *to, const char *name, const char *text)
{
    fputs(", ", to);
    json_text(to, name);
    fputs(": ", to);
    json_text(to, text);
}
