/* files.h - new files in folders where others may write, too, such as /tmp.
 *
 * A name that somebody else has made there, as a link or as a pipe, is never written through.
 * Permissions are those of the umask.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

/* A new file, open for writing; -1 with errno, EEXIST when the name is taken. */
int files_new(const char *path);

/* The same in the place of what has the name; that is removed, not changed. */
int files_anew(const char *path);

/* A folder of that name, made unless it is there. -1 with errno, ENOTDIR when the name is that of
 * something else, be it a link to a folder. */
int files_folder(const char *path);

#endif
