#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/memory.h"
#include "hdf.h"
#include "map.h"

/* In the file: the regions, then this. */
struct foot {
    uint64_t regions, end; /* number of regions; bytes that HDF5 knows, where the seal begins */
    uint64_t rest;         /* hash of the bytes outside the regions */
    uint64_t seal;         /* hash of the regions and of the three numbers above */
    char magic[8];
};

struct region {
    int64_t offset, bytes;
};

static const char MAGIC[8] = "mesaseal";

struct regions {
    struct region *rows;
    size_t count;
};

/* ---- hashes: 0, DAMAGED, or the errno of a system call that failed */

enum { DAMAGED = -1 };

static int hash_range(uint64_t *hash, int fd, int64_t from, int64_t to)
{
    enum { PIECE = 1 << 20 };
    unsigned char *buffer = memory_get(PIECE);
    int good = 0;
    while (from < to && good == 0) {
        size_t bytes = to - from < PIECE ? (size_t)(to - from) : PIECE;
        ssize_t got = files_read_at(fd, buffer, bytes, from);
        good = got < 0 ? errno : (size_t)got < bytes ? DAMAGED : 0;
        if (good == 0)
            *hash = hash_xxh64(buffer, bytes, *hash);
        from += (int64_t)bytes;
    }
    free(buffer);
    return good;
}

/* Everything up to `end` outside the regions, which must be in order. */
static int hash_rest(uint64_t *hash, int fd, const struct regions *regions, int64_t end)
{
    int64_t at = 0;
    *hash = 0;
    for (size_t i = 0; i < regions->count; i++) {
        const struct region *region = &regions->rows[i];
        if (region->offset < at || region->bytes < 0 || region->bytes > end - region->offset)
            return DAMAGED;
        int good = hash_range(hash, fd, at, region->offset);
        if (good != 0)
            return good;
        at = region->offset + region->bytes;
    }
    return hash_range(hash, fd, at, end);
}

static uint64_t hash_seal(const struct regions *regions, const struct foot *foot)
{
    uint64_t hash = hash_xxh64(regions->rows, regions->count * sizeof *regions->rows, 0);
    return hash_xxh64(foot, offsetof(struct foot, seal), hash);
}

/* ---- making */

static void add_group(struct regions *regions, const struct map_group *group)
{
    for (int c = 0; c < group->count; c++) {
        const struct map_column *column = &group->columns[c];
        if (column->type != HDF_TEXT) /* text is known at creation */
            regions->rows[regions->count++] =
                (struct region){column->offset, group->rows * (int64_t)column->row};
    }
}

static int by_offset(const void *a, const void *b)
{
    const struct region *first = a, *second = b;
    return first->offset < second->offset ? -1 : first->offset > second->offset;
}

static struct regions list_regions(const struct map *map)
{
    size_t most = (size_t)map->results.count + (size_t)map->log.count + 1;
    for (int c = 0; c < map->class_count; c++)
        most += (size_t)map->classes[c].tensors.count;
    struct regions regions = {memory_zeroed(most, sizeof *regions.rows), 0};
    add_group(&regions, &map->results);
    add_group(&regions, &map->log);
    for (int c = 0; c < map->class_count; c++)
        add_group(&regions, &map->classes[c].tensors);
    regions.rows[regions.count++] =
        (struct region){map->summary.offset, map->runs * (int64_t)map->summary.row};
    qsort(regions.rows, regions.count, sizeof *regions.rows, by_offset);
    return regions;
}

static int append(int fd, const struct regions *regions, int64_t end)
{
    struct foot foot = {.regions = regions->count, .end = (uint64_t)end};
    size_t bytes = regions->count * sizeof *regions->rows;
    memcpy(foot.magic, MAGIC, sizeof MAGIC);
    int good = hash_rest(&foot.rest, fd, regions, end);
    if (good != 0) {
        errno = good == DAMAGED ? EIO : good; /* what was just written is not there */
        return -1;
    }
    foot.seal = hash_seal(regions, &foot);
    if (files_write_at(fd, regions->rows, bytes, end) != 0)
        return -1;
    return files_write_at(fd, &foot, sizeof foot, end + (int64_t)bytes);
}

enum status seal_write(const char *name, const char *path, struct error *err)
{
    struct hdf hdf;
    struct map map;
    enum status status = map_open(&hdf, name, MAP_AGAIN, err);
    if (status == OK)
        status = map_fill(&map, &hdf);
    if (hdf_close(&hdf) != OK && status == OK) {
        map_dispose(&map);
        status = hdf.status;
    }
    if (status != OK)
        return error_in(err, ERR_IO, "%s: what was written can not be read back", path);
    struct regions regions = list_regions(&map);
    int fd = files_open(name, O_RDWR | O_NOFOLLOW);
    if (fd < 0 || append(fd, &regions, map.bytes) != 0)
        status = error_set(err, ERR_IO, "%s: can not write its seal: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(regions.rows);
    map_dispose(&map);
    return status;
}

/* ---- checking */

/* 0, DAMAGED or an errno, as the hashes */
static int verify(int fd, const struct foot *foot, int64_t size)
{
    uint64_t rest, most = (uint64_t)size / sizeof(struct region);
    if (foot->regions > most ||
        foot->end + foot->regions * sizeof(struct region) + sizeof *foot != (uint64_t)size)
        return DAMAGED;
    struct regions regions = {NULL, foot->regions};
    size_t bytes = regions.count * sizeof *regions.rows;
    regions.rows = memory_get(bytes + 1);
    ssize_t got = files_read_at(fd, regions.rows, bytes, (int64_t)foot->end);
    int good = got < 0 ? errno : (size_t)got < bytes ? DAMAGED : 0;
    if (good == 0 && hash_seal(&regions, foot) != foot->seal)
        good = DAMAGED;
    if (good == 0)
        good = hash_rest(&rest, fd, &regions, (int64_t)foot->end);
    if (good == 0 && rest != foot->rest)
        good = DAMAGED;
    free(regions.rows);
    return good;
}

enum status seal_check(int fd, const char *path, struct error *err)
{
    struct foot foot = {0};
    struct stat info;
    ssize_t got = fstat(fd, &info);
    if (got == 0 && info.st_size >= (off_t)sizeof foot)
        got = files_read_at(fd, &foot, sizeof foot, info.st_size - (off_t)sizeof foot);
    if (got >= 0 && memcmp(foot.magic, MAGIC, sizeof MAGIC) != 0)
        return OK; /* not sealed: whether it is ours is seen elsewhere */
    int good = got < 0 ? errno : verify(fd, &foot, info.st_size);
    if (good == 0)
        return OK;
    if (good != DAMAGED)
        return error_set(err, ERR_IO, "%s: can not read: %s", path, strerror(good));
    return error_set(err, ERR_FILE,
                     "%s: is damaged outside its rows, or was changed by another program; go back "
                     "to a copy, or begin a new file with -o",
                     path);
}
