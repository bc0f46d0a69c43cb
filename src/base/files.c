#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum status files_blame(enum status users, int reason)
{
    static const int theirs[] = {ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, ELOOP, ENAMETOOLONG};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        if (reason == theirs[i])
            return users;
    return ERR_IO;
}

bool files_there(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int files_open(const char *path, int flags)
{
    int fd;
    UNINTERRUPTED(fd, open(path, flags | O_CLOEXEC, 0666));
    return fd;
}

ssize_t files_read_at(int fd, void *to, size_t bytes, int64_t at)
{
    size_t done = 0;
    ssize_t got = 1;
    while (done < bytes && got > 0) {
        UNINTERRUPTED(got, pread(fd, (char *)to + done, bytes - done, at + (off_t)done));
        done += got > 0 ? (size_t)got : 0;
    }
    return got < 0 ? -1 : (ssize_t)done;
}

int files_write_at(int fd, const void *from, size_t bytes, int64_t at)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t put;
        UNINTERRUPTED(put, pwrite(fd, (const char *)from + done, bytes - done, at + (off_t)done));
        if (put == 0)
            errno = ENOSPC;
        if (put <= 0)
            return -1;
        done += (size_t)put;
    }
    return 0;
}

int files_sync(int fd)
{
    int result;
    UNINTERRUPTED(result, fsync(fd));
    return result;
}

int files_new(const char *path)
{
    return files_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
}

int files_anew(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return -1;
    return files_new(path);
}

int files_folder(const char *path)
{
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return 0;
    if (errno != EEXIST || lstat(path, &info) != 0)
        return -1;
    errno = ENOTDIR;
    return S_ISDIR(info.st_mode) ? 0 : -1;
}
