/* files.h - folders of their own for tests that write files: made before a test, removed after. */
#ifndef TESTS_STORE_FILES_H
#define TESTS_STORE_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
    char path[128], file[160]; /* FOLDER, FOLDER/sweep.h5 */
};

static inline int folder_setup(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    const char *place = getenv("TMPDIR");
    snprintf(folder->path, sizeof folder->path, "%.90s/mesasweep-XXXXXX", place ? place : "/tmp");
    if (!mkdtemp(folder->path))
        return -1;
    snprintf(folder->file, sizeof folder->file, "%s/sweep.h5", folder->path);
    *state = folder;
    return 0;
}

/* Number of files in the folder; removes them when asked. */
static inline int folder_files(const struct folder *folder, int remove)
{
    int count = 0;
    DIR *list = opendir(folder->path);
    struct dirent *entry;
    while (list && (entry = readdir(list))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (remove)
            unlinkat(dirfd(list), entry->d_name, 0);
    }
    if (list)
        closedir(list);
    return count;
}

static inline int folder_teardown(void **state)
{
    struct folder *folder = *state;
    folder_files(folder, 1);
    rmdir(folder->path);
    free(folder);
    return 0;
}

#endif
