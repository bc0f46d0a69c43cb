#include "logs.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/text.h"

enum status logs_keep(const char *file, uint64_t identity, const struct message_failed *failed,
                      const char *host, int rank, const char *log, size_t bytes, struct error *err)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s.logs", file);
    if (length < 0 || (size_t)length + 18 > sizeof path)
        return error_set(err, ERR_IO, "%s.logs: the name is too long", file);
    if (files_folder(path))
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    snprintf(path + length, sizeof path - (size_t)length, "/%016" PRIx64, identity);
    double seconds = fmax(failed->times.finished - failed->times.started, 0); /* of this attempt */
    struct text text = {0};
    text_print(&text, "attempt %d on %s, rank %d, after %.3f s: %s\n", failed->attempt, host, rank,
               seconds, failed->text);
    text_add(&text, log, bytes);
    text.length = text_clean(text.data, text.length, "\n\t");
    int fd = files_anew(path);
    bool good = fd >= 0 && files_write_at(fd, text.data, text.length, 0) == 0;
    enum status st = good ? OK : error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    text_dispose(&text);
    return st;
}
