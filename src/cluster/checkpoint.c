#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hash.h"

/* Behind the bytes of the run. */
struct spent {
    double seconds;
    uint64_t checksum;
};

static struct spent spent_of(double seconds)
{
    return (struct spent){seconds, hash_xxh64(&seconds, sizeof seconds, 0)};
}

bool checkpoint_begin(struct checkpoint *c, const char *folder, const struct message_item *item,
                      double now)
{
    if (strlen(folder) >= sizeof c->folder)
        return false;
    strcpy(c->folder, folder);
    snprintf(c->path, sizeof c->path, "%s/%016" PRIx64, c->folder, item->identity);
    snprintf(c->temporary, sizeof c->temporary, "%s" CHECKPOINT_NEW, c->path);
    c->interval = item->checkpoint;
    c->began = c->saved = now;
    c->share = -1;
    c->earlier = 0;
    return true;
}

bool checkpoint_due(struct checkpoint *c, double share, bool stopping, double now)
{
    if (c->share < 0)
        c->share = share;
    bool due = now - c->saved >= CHECKPOINT_AT_A_DRAIN;
    if (!stopping) /* all of it takes (now - began) / (share - c->share) seconds */
        due =
            now - c->saved >= c->interval && now - c->began > 2 * c->interval * (share - c->share);
    if (due)
        c->saved = now;
    return due;
}

/* In the log of the run; returns errno. */
static int complain(const struct checkpoint *c, const char *what)
{
    int reason = errno;
    fprintf(stderr, "checkpoint: %s: %s: %s\n", c->path, what, strerror(reason));
    return reason;
}

/* Takes what is behind the bytes of the run, if it is there; returns the bytes of the run. */
static size_t take_spent(struct checkpoint *c, int fd, size_t length)
{
    struct spent spent;
    if (length < sizeof spent)
        return length;
    ssize_t got = files_read_at(fd, &spent, sizeof spent, (int64_t)(length - sizeof spent));
    if (got != (ssize_t)sizeof spent || spent.checksum != spent_of(spent.seconds).checksum)
        return length;
    c->earlier = isfinite(spent.seconds) ? fmax(spent.seconds, 0) : 0;
    return length - sizeof spent;
}

size_t checkpoint_read(struct checkpoint *c, unsigned char *bytes, int *reason, size_t size)
{
    struct stat about = {.st_size = 0};
    ssize_t got = 0;
    int fd = files_open(c->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0)
        got = fstat(fd, &about);
    if (fd >= 0 && got == 0 && S_ISREG(about.st_mode))
        got = files_read_at(fd, bytes, size, 0);
    bool bad = (fd < 0 && errno != ENOENT && errno != ENOTDIR) || got < 0;
    *reason = bad ? complain(c, "can not read") : 0;
    size_t length = got <= 0 ? 0 : (size_t)got == size ? (size_t)about.st_size : (size_t)got;
    if (length > 0)
        length = take_spent(c, fd, length);
    if (fd >= 0)
        close(fd);
    return length;
}

/* A new file under the temporary name, which an attempt that was killed may have left. */
static int create(const struct checkpoint *c)
{
    int fd = -1;
    for (int i = 0; fd < 0 && i < 3;
         i++) { /* the coordinator removes the folder when it is empty */
        if (files_folder(c->folder))
            break;
        fd = files_anew(c->temporary);
        if (fd < 0 && errno != ENOENT)
            break;
    }
    return fd;
}

int checkpoint_write(const struct checkpoint *c, const unsigned char *bytes, size_t size)
{
    int fd = create(c);
    struct spent spent = spent_of(c->earlier + c->saved - c->began);
    bool good = fd >= 0 && files_write_at(fd, bytes, size, 0) == 0 &&
                files_write_at(fd, &spent, sizeof spent, (int64_t)size) == 0 && files_sync(fd) == 0;
    good = good && rename(c->temporary, c->path) == 0;
    int reason = good ? 0 : complain(c, "can not write");
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !good)
        unlink(c->temporary);
    return reason;
}

void checkpoint_remove(struct checkpoint *c, const char *why)
{
    fprintf(stderr, "%s; removed, the run starts anew\n", why);
    unlink(c->path);
    c->earlier = 0;
}
