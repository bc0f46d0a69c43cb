#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/files.h"

/* "a/b.h5" -> "a", "b.h5" -> "." ; returns the name within the folder. */
static const char *split(char folder[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        strcpy(folder, ".");
        return path;
    }
    int length = slash == path ? 1 : (int)(slash - path);
    snprintf(folder, PATH_MAX, "%.*s", length, path);
    return slash + 1;
}

int64_t folder_free(const char *path)
{
    char folder[PATH_MAX];
    split(folder, path);
    int64_t bytes = INT64_MAX;
    struct statvfs system;
    if (statvfs(folder, &system) == 0 && system.f_blocks > 0)
        bytes = (int64_t)system.f_bavail * (int64_t)system.f_frsize;
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur < (rlim_t)bytes)
        bytes = (int64_t)limit.rlim_cur;
    return bytes;
}

static void own_host(char host[HOST_NAME_MAX + 1])
{
    memset(host, 0, HOST_NAME_MAX + 1);
    if (gethostname(host, HOST_NAME_MAX) != 0 || !host[0])
        strcpy(host, "host");
}

void folder_tidy(const char *path)
{
    char folder[PATH_MAX], prefix[PATH_MAX], host[HOST_NAME_MAX + 1];
    const char *name = split(folder, path);
    own_host(host);
    int length = snprintf(prefix, sizeof prefix, "%s.new-%s-", name, host);
    DIR *list = length > 0 && (size_t)length < sizeof prefix ? opendir(folder) : NULL;
    if (!list)
        return;
    struct dirent *entry;
    while ((entry = readdir(list))) {
        if (strncmp(entry->d_name, prefix, (size_t)length) != 0)
            continue;
        char *end;
        long pid = strtol(entry->d_name + length, &end, 10);
        if (pid > 0 && !*end && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            unlinkat(dirfd(list), entry->d_name, 0);
    }
    closedir(list);
}

enum status folder_temporary(char *text, size_t size, const char *path, struct error *err)
{
    char host[HOST_NAME_MAX + 1];
    own_host(host);
    folder_tidy(path);
    int length = snprintf(text, size, "%s.new-%s-%ld", path, host, (long)getpid());
    if (length < 0 || (size_t)length >= size)
        return error_set(err, ERR_IO, "%s: the name is too long", path);
    unlink(text); /* of an earlier process with our number */
    return OK;
}

enum status folder_reserve(const char *temporary, const char *path, int64_t bytes,
                           struct error *err)
{
    enum status status = OK;
    int result = 0, fd = files_open(temporary, O_WRONLY | O_NOFOLLOW);
    if (fd >= 0)
        UNINTERRUPTED(result, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes));
    bool full = result < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
    if (full)
        status = error_set(err, ERR_IO, "%s: can not reserve %.1f MB: %s", path,
                           (double)bytes / 1e6, strerror(errno));
    if (fd >= 0)
        close(fd);
    return status;
}

/* To disk, without what was reserved beyond its end. */
static int sync_file(const char *path)
{
    struct stat info;
    int result, fd = files_open(path, O_WRONLY | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    result = fstat(fd, &info);
    if (result == 0)
        UNINTERRUPTED(result, ftruncate(fd, info.st_size));
    if (result == 0)
        result = files_sync(fd);
    int reason = errno;
    close(fd);
    errno = reason;
    return result;
}

static int sync_folder(const char *path)
{
    int fd = files_open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return -1;
    int result = files_sync(fd), reason = errno;
    close(fd);
    errno = reason;
    return result;
}

/* rename that does not replace, on file systems that have no such thing, too */
static int move(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (link(from, to) == 0)
        return unlink(from);
    if (errno == EEXIST)
        return -1;
    return rename(from, to);
}

static enum status publish(const char *temporary, const char *path,
                           int (*name)(const char *from, const char *to), struct error *err)
{
    if (sync_file(temporary) != 0)
        return error_set(err, ERR_IO, "%s: can not write it to disk: %s", path, strerror(errno));
    if (name(temporary, path) != 0)
        return error_set(err, ERR_IO, "%s: can not give the file its name: %s", path,
                         strerror(errno));
    char folder[PATH_MAX];
    split(folder, path);
    if (sync_folder(folder) != 0 && errno != EINVAL) /* some systems can not */
        return error_set(err, ERR_IO, "%s: can not write its folder to disk: %s", path,
                         strerror(errno));
    return OK;
}

enum status folder_publish(const char *temporary, const char *path, struct error *err)
{
    return publish(temporary, path, move, err);
}

enum status folder_replace(const char *temporary, const char *path, struct error *err)
{
    return publish(temporary, path, rename, err);
}
