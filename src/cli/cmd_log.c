#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "json.h"
#include "one_run.h"
#include "rows.h"

enum { LOG_MOST = 1 << 20 }; /* bytes: more than a rank keeps */

static enum status read_all(struct text *text, FILE *log, const char *path, struct error *err)
{
    char part[4096];
    size_t bytes;
    while (text->length < LOG_MOST && (bytes = fread(part, 1, sizeof part, log)) > 0)
        text_add(text, part, bytes);
    if (ferror(log))
        return error_set(err, ERR_IO, "%s: can not read: %s", path, strerror(errno));
    if (text->data) {
        text->length = text_clean(text->data, text->length, "\n\t");
        text->data[text->length] = '\0';
    }
    return OK;
}

/* Prints the log of the last attempt of a run that failed. */
static enum status print_log(const struct reader *reader, const struct options *options,
                             int64_t row, struct error *err)
{
    char identity[17], path[PATH_MAX];
    const char *file = options->words[0];
    struct text text = {0};
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
    enum status st = read_all(&text, log, path, err);
    fclose(log);
    if (st == OK && options->json) {
        json_begin(stdout, "log");
        json_member(stdout, "file", file);
        json_member(stdout, "run", identity);
        json_member(stdout, "log", text.length ? text.data : "");
        fputs("}\n", stdout);
    } else if (st == OK) {
        fwrite(text.data, 1, text.length, stdout);
    }
    text_dispose(&text);
    return st;
}

enum status cmd_log(int *code, const struct command *self, int argc, char **argv, struct error *err)
{
    return one_run(code, self, print_log, argc, argv, err);
}
