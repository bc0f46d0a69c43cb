/* folder.h - the folder of a file: its space, temporary names, and renames that survive power loss.
 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Bytes that a file at `path` may grow to: free space of the folder, or the process's limit on
 * files if that is less. INT64_MAX when the file system does not say. */
int64_t folder_free(const char *path);

/* Sets aside blocks for a file that will have about `bytes`, without changing its size; where the
 * file system can not, nothing. ERR_IO when there are not enough; messages say `path`. */
enum status folder_reserve(const char *temporary, const char *path, int64_t bytes,
                           struct error *err) MUST_CHECK;

/* Removes the temporary files of `path` that processes of this host left which are gone. */
void folder_tidy(const char *path);

/* Writes a temporary name for `path` into text[size], with the host and process in it, and tidies.
 */
enum status folder_temporary(char *text, size_t size, const char *path,
                             struct error *err) MUST_CHECK;

/* The finished file `temporary` becomes `path`, which must not exist: fsync, rename, fsync of the
 * folder. On failure `temporary` is still there, unless only the folder was not synced. */
enum status folder_publish(const char *temporary, const char *path, struct error *err) MUST_CHECK;

/* The same in place of the file that is there: at every moment `path` is one of the two. */
enum status folder_replace(const char *temporary, const char *path, struct error *err) MUST_CHECK;

#endif
