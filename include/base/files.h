/* files.h - new files in folders where others may write, too, such as /tmp; reading and writing to
 * the end.
 *
 * A name that somebody else has made there, as a link or as a pipe, is never written through.
 * Permissions are those of the umask. What a signal interrupts is asked for again, what was moved
 * in part goes on. Failures are -1 and errno.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A new file, open for writing; -1 with errno, EEXIST when the name is taken. */
int files_new(const char *path);

/* The same in the place of what has the name; that is removed, not changed. */
int files_anew(const char *path);

/* A folder of that name, made unless it is there. -1 with errno, ENOTDIR when the name is that of
 * something else, be it a link to a folder. */
int files_folder(const char *path);

/* Another call that a signal may interrupt. */
#define UNINTERRUPTED(result, call)                                                                \
    do                                                                                             \
        (result) = (call);                                                                         \
    while ((result) < 0 && errno == EINTR)

/* Whose fault it is that a file can not be opened or read: `users` where its name or its
 * permissions are wrong, ERR_IO where the system can not. */
enum status files_blame(enum status users, int reason);

/* Whether the name is taken, or may be: why it can not be looked at is told by who opens it. */
bool files_there(const char *path);

/* open with O_CLOEXEC; a new file gets the permissions that the user's umask leaves. */
int files_open(const char *path, int flags);

/* The bytes that were read: fewer only at the end of the file. */
ssize_t files_read_at(int fd, void *to, size_t bytes, int64_t at);

/* All of them, or -1. */
int files_write_at(int fd, const void *from, size_t bytes, int64_t at);

/* fsync */
int files_sync(int fd);

#endif
