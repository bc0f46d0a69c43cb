#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Whatever the arguments hold, a message is one line that does nothing to a terminal. */
enum status(error_set)(struct error *err, enum status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    text_line(err->text);
    return status;
}

/* As much of `text` as fits. */
static void append(struct error *err, const char *text)
{
    size_t used = strlen(err->text);
    size_t length = strnlen(text, sizeof err->text - used - 1);
    memcpy(err->text + used, text, length);
    err->text[used + length] = '\0';
}

enum status(error_in)(struct error *err, enum status status, const char *format, ...)
{
    if (!err)
        return status;
    struct error inner = *err;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    append(err, ": ");
    append(err, inner.text);
    text_line(err->text);
    return status;
}

int error_exit_code(enum status status)
{
    if (status == OK)
        return 0;
    return status <= ERR_FILE ? 2 : 1;
}
