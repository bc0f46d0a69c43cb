#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "one_run.h"
#include "rows.h"

/* Copies the log of the last attempt of a run that failed. */
static enum status print_log(const struct reader *reader, const char *file, int64_t row,
                             struct error *err)
{
    char identity[17], path[PATH_MAX], part[4096];
    rows_identity(identity, reader, row);
    int length = snprintf(path, sizeof path, "%s.logs/%s", file, identity);
    if (length < 0 || (size_t)length >= sizeof path)
        return error_set(err, ERR_USAGE, "%.40s...: the name is too long", file);
    FILE *log = fopen(path, "re");
    if (!log && (errno == ENOENT || errno == ENOTDIR))
        return error_set(err, ERR_USAGE,
                         "%s: run %s has no log (it is %s): only attempts that failed leave one",
                         file, identity, row_status_name(reader_status(reader, row)));
    if (!log)
        return error_set(err, ERR_IO, "%s: can not open: %s", path, strerror(errno));
    size_t bytes;
    while ((bytes = fread(part, 1, sizeof part, log)) > 0)
        fwrite(part, 1, bytes, stdout);
    enum status st = OK;
    if (ferror(log))
        st = error_set(err, ERR_IO, "%s: can not read: %s", path, strerror(errno));
    fclose(log);
    return st;
}

enum status cmd_log(int *code, const struct command *self, int argc, char **argv, struct error *err)
{
    return one_run(code, self, print_log, argc, argv, err);
}
