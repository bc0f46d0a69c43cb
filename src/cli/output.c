#include "output.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

enum status output_open(struct output *output, const char *path, struct error *err)
{
    *output = (struct output){.to = stdout, .path = path};
    if (!path)
        return OK;
    int length = snprintf(output->temporary, PATH_MAX, "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || length >= PATH_MAX)
        return error_set(err, ERR_USAGE, "%.40s...: the name is too long", path);
    int fd = files_anew(output->temporary);
    output->to = fd < 0 ? NULL : fdopen(fd, "w");
    if (!output->to)
        return error_set(err, ERR_USAGE, "%s: can not be made: %s", path, strerror(errno));
    return OK;
}

enum status output_close(struct output *output, enum status st, struct error *err)
{
    if (!output->path)
        return st; /* a fault of standard output is noticed at its end */
    errno = 0;
    bool good = fflush(output->to) == 0 && !ferror(output->to) && fsync(fileno(output->to)) == 0;
    if (st == OK && !good)
        st = error_set(err, ERR_IO, "%s: can not be written: %s", output->path,
                       strerror(errno ? errno : EIO));
    fclose(output->to);
    if (st == OK && rename(output->temporary, output->path) != 0)
        st = error_set(err, ERR_IO, "%s: can not be made: %s", output->path, strerror(errno));
    if (st != OK)
        unlink(output->temporary);
    return st;
}

enum status output_new(const char *path, const struct text *text, struct error *err)
{
    int fd = files_new(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file && errno == EEXIST)
        return error_set(err, ERR_USAGE, "%s: is there already; name another, or remove this one",
                         path);
    if (!file)
        return error_set(err, ERR_USAGE, "%s: can not be made: %s", path, strerror(errno));
    fwrite(text->data, 1, text->length, file);
    bool good = fflush(file) == 0 && !ferror(file);
    int error = errno;
    fclose(file);
    if (good)
        return OK;
    unlink(path);
    return error_set(err, ERR_IO, "%s: can not be written: %s", path, strerror(error));
}
