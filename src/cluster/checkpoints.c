#include "checkpoints.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "checkpoint.h"
#include "cluster/cluster.h"

enum { DIGITS = 16 }; /* of an identity */

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Grows an array to hold one element more; false without memory. */
static bool make_room(void **array, size_t *size, size_t count, size_t element)
{
    if (count < *size)
        return true;
    size_t larger = 2 * count + 16;
    void *grown = realloc(*array, larger * element);
    if (!grown)
        return false;
    *array = grown;
    *size = larger;
    return true;
}

static enum status look(struct checkpoints *c, DIR *folder, struct error *err)
{
    const struct dirent *entry;
    size_t size = 0;
    while ((entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name, *rest = name + strspn(name, "0123456789abcdef");
        if (rest - name != DIGITS)
            continue; /* not ours */
        if (strcmp(rest, CHECKPOINT_NEW) == 0)
            unlinkat(dirfd(folder), name, 0);
        if (*rest)
            continue;
        void *found = c->found;
        if (!make_room(&found, &size, c->found_count, sizeof *c->found))
            return error_set(err, ERR_MEMORY, "no memory for the names of checkpoints");
        c->found = found;
        c->found[c->found_count++] = strtoull(name, NULL, 16);
    }
    if (c->found_count > 0)
        qsort(c->found, c->found_count, sizeof *c->found, by_value);
    return OK;
}

enum status checkpoints_open(struct checkpoints *c, const char *file, struct error *err)
{
    char path[PATH_MAX];
    if (!realpath(file, path))
        return error_set(err, ERR_IO, "%s: %s", file, strerror(errno));
    if (asprintf(&c->folder, "%s.checkpoints", path) < 0) {
        c->folder = NULL;
        return error_set(err, ERR_MEMORY, "no memory for a path");
    }
    DIR *folder = opendir(c->folder);
    if (!folder)
        return OK; /* there are none, or none that can be read */
    enum status st = look(c, folder, err);
    closedir(folder);
    if (c->found_count == 0)
        rmdir(c->folder); /* refused while something is left in it */
    return st;
}

uint64_t cluster_saved(const char *file)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s.checkpoints", file);
    DIR *folder = opendir(name);
    const struct dirent *entry;
    uint64_t sum = 0; /* in any order */
    while (folder && (entry = readdir(folder)) != NULL) {
        struct stat info;
        bool whole = strlen(entry->d_name) == DIGITS; /* not one that is being written, nor .. */
        if (!whole || fstatat(dirfd(folder), entry->d_name, &info, 0) != 0)
            continue;
        const uint64_t one[] = {info.st_ino, (uint64_t)info.st_mtim.tv_sec,
                                (uint64_t)info.st_mtim.tv_nsec};
        sum += hash_xxh64(one, sizeof one, 0);
    }
    if (folder)
        closedir(folder);
    return sum;
}

void checkpoints_dispose(struct checkpoints *c)
{
    free(c->folder);
    free(c->found);
    free(c->ended);
    *c = (struct checkpoints){0};
}

enum status checkpoints_over(struct checkpoints *c, uint64_t identity, bool ours, double at,
                             struct error *err)
{
    if (!ours && (c->found_count == 0 ||
                  !bsearch(&identity, c->found, c->found_count, sizeof identity, by_value)))
        return OK;
    void *ended = c->ended;
    if (!make_room(&ended, &c->ended_size, c->ended_count, sizeof *c->ended))
        return error_set(err, ERR_MEMORY, "no memory for the names of checkpoints");
    c->ended = ended;
    c->ended[c->ended_count++] = (struct ended){identity, at};
    return OK;
}

void checkpoints_remove(struct checkpoints *c, double until)
{
    size_t removed = 0;
    while (removed < c->ended_count && c->ended[removed].at <= until) {
        char path[PATH_MAX + DIGITS + 16];
        snprintf(path, sizeof path, "%s/%0*" PRIx64, c->folder, DIGITS,
                 c->ended[removed++].identity);
        unlink(path);
    }
    if (removed == 0)
        return;
    c->ended_count -= removed;
    memmove(c->ended, c->ended + removed, c->ended_count * sizeof *c->ended);
    rmdir(c->folder);
}
