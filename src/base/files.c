#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int files_new(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
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
