#include "logs.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

size_t logs_strip(char *text, size_t bytes)
{
    size_t kept = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c >= ' ' && c != 0x7f) || c == '\n' || c == '\t')
            text[kept++] = text[i];
    }
    return kept;
}

enum status logs_keep(const char *file, uint64_t identity, const struct message_failed *failed,
                      const char *host, int rank, const char *log, size_t bytes, struct error *err)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s.logs", file);
    if (length < 0 || (size_t)length + 18 > sizeof path)
        return error_set(err, ERR_IO, "%s.logs: the name is too long", file);
    if (mkdir(path, 0777) && errno != EEXIST)
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    snprintf(path + length, sizeof path - (size_t)length, "/%016" PRIx64, identity);
    char *text = malloc(bytes ? bytes : 1);
    FILE *out = text ? fopen(path, "we") : NULL;
    if (!out) {
        enum status st = error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        free(text);
        return st;
    }
    memcpy(text, log, bytes);
    fprintf(out, "attempt %d on %s, rank %d, after %.3f s: %s\n", failed->attempt, host, rank,
            failed->seconds, failed->text);
    fwrite(text, 1, logs_strip(text, bytes), out);
    free(text);
    bool bad = ferror(out) != 0;
    bad |= fclose(out) != 0;
    return bad ? error_set(err, ERR_IO, "%s: %s", path, strerror(errno)) : OK;
}
