#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

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

size_t checkpoint_read(unsigned char *bytes, size_t size, const struct checkpoint *c)
{
    struct stat about;
    size_t got = 0;
    int fd = open(c->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t count = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? 1 : 0;
    while (count > 0 && got < size) {
        count = read(fd, bytes + got, size - got);
        got += count > 0 ? (size_t)count : 0;
    }
    close(fd);
    return got == size ? (size_t)about.st_size : got;
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

static bool write_all(int fd, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0 && errno != EINTR)
            return false;
        bytes += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    return fsync(fd) == 0;
}

void checkpoint_write(const struct checkpoint *c, const unsigned char *bytes, size_t size)
{
    int fd = create(c);
    bool good = fd >= 0 && write_all(fd, bytes, size);
    good = good && rename(c->temporary, c->path) == 0;
    if (!good)
        fprintf(stderr, "checkpoint: %s: %s\n", c->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !good)
        unlink(c->temporary);
}

void checkpoint_remove(const struct checkpoint *c, const char *why)
{
    fprintf(stderr, "%s; removed, the run starts anew\n", why);
    unlink(c->path);
}
