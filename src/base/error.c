#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return status;
}

enum status error_in(struct error *err, enum status status, const char *format, ...)
{
    if (!err)
        return status;
    struct error inner = *err;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof err->text)
        snprintf(err->text + length, sizeof err->text - (size_t)length, ": %s", inner.text);
    return status;
}

int error_exit_code(enum status status)
{
    if (status == OK)
        return 0;
    return status <= ERR_FILE ? 2 : 1;
}
