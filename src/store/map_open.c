#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "create.h"
#include "guard.h"
#include "hdf.h"
#include "rehearse.h"
#include "seal.h"

/* What the first bytes of an HDF5 file with superblock 0 say; other versions are not ours. */
enum { SIGNATURE = 8, SUPERBLOCK_VERSION = 8, END_OF_FILE = 40, SUPERBLOCK = 96 };

static enum status check_bytes(const char *path, int fd, struct error *err)
{
    static const unsigned char signature[SIGNATURE] = "\211HDF\r\n\032\n";
    unsigned char head[SUPERBLOCK] = {0};
    struct stat info;
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode))
        return error_set(err, ERR_FILE, "%s: is no file", path);
    ssize_t got = files_read_at(fd, head, sizeof head, 0);
    if (got < 0 || fstat(fd, &info) != 0)
        return error_set(err, files_blame(ERR_FILE, errno), "%s: can not read: %s", path,
                         strerror(errno));
    enum status status = seal_check(fd, path, err);
    if (status != OK)
        return status;
    int64_t end;
    memcpy(&end, head + END_OF_FILE, sizeof end);
    if (memcmp(head, signature, SIGNATURE) != 0)
        return error_set(err, ERR_FILE, "%s: is no result file (not HDF5)", path);
    if (head[SUPERBLOCK_VERSION] != 0)
        return error_set(err, ERR_FILE, "%s: is no result file of mesasweep", path);
    if (got < SUPERBLOCK || end > info.st_size)
        return error_set(err, ERR_FILE,
                         "%s: is cut off: %lld of %lld bytes are there; copy it again", path,
                         (long long)info.st_size, (long long)end);
    return OK;
}

static enum status check_file(const char *path, struct error *err)
{
    int fd = files_open(path, O_RDONLY | O_NONBLOCK); /* a pipe would wait for a writer */
    if (fd < 0)
        return error_set(err, files_blame(ERR_FILE, errno), "%s: can not open: %s", path,
                         strerror(errno));
    enum status status = check_bytes(path, fd, err);
    close(fd);
    return status;
}

enum status map_open(struct hdf *hdf, const char *path, enum map_reads reads, struct error *err)
{
    *hdf = (struct hdf){.path = path, .file = -1, .text = -1};
    hdf->status = check_file(path, err);
    if (hdf->status == OK && reads != MAP_AGAIN)
        hdf->status = rehearse(path, reads, err);
    if (hdf->status != OK)
        return hdf->status;
    if (reads != MAP_AGAIN)
        guard_begin(path);
    hdf_open(hdf, path, err);
    char *format = hdf_read_text(hdf, hdf->file, "format");
    bool ours = format && strcmp(format, "mesasweep") == 0;
    free(format);
    int64_t version = hdf_read_integer(hdf, hdf->file, "format_version", 0);
    if (hdf->status != OK)
        return hdf->status;
    if (!ours || version < 1)
        return hdf->status = error_set(err, ERR_FILE, "%s: is no result file of mesasweep", path);
    if (version > FORMAT_VERSION)
        return hdf->status = error_set(err, ERR_FILE,
                                       "%s: has format %lld, this program knows up to %d; use a "
                                       "newer mesasweep",
                                       path, (long long)version, FORMAT_VERSION);
    return OK;
}

struct plan_shard map_shard(struct hdf *hdf)
{
    return (struct plan_shard){(int)hdf_read_integer(hdf, hdf->file, "shard", 0),
                               (int)hdf_read_integer(hdf, hdf->file, "shards", 0)};
}

static int find_analysis(const char *name)
{
    int a = run_analyses() - 1;
    while (a >= 0 && strcmp(run_analysis_name(a), name) != 0)
        a--;
    return a;
}

enum status map_analyses(uint64_t *analyses, struct hdf *hdf)
{
    char *names = hdf_read_text(hdf, hdf->file, "analyses"), *rest = names;
    *analyses = 0;
    for (char *name; hdf->status == OK && (name = strsep(&rest, " "));) {
        int a = find_analysis(name);
        if (a >= 0)
            *analyses |= UINT64_C(1) << a;
        else if (*name)
            hdf->status = error_set(hdf->err, ERR_FILE,
                                    "%s: has the analysis '%s', which this program does not know; "
                                    "use a newer mesasweep",
                                    hdf->path, name);
    }
    free(names);
    return hdf->status;
}

enum status map_texts(struct hdf *hdf, const char *column, int64_t rows,
                      enum status (*use)(void *context, struct hdf *hdf, int64_t row,
                                         const char *text),
                      void *context)
{
    enum { CHUNK = 4096 };
    char path[300];
    snprintf(path, sizeof path, "results/%s", column);
    hid_t dataset = hdf_check(hdf, H5Dopen2(hdf->file, path, H5P_DEFAULT), "open a column");
    for (int64_t first = 0; first < rows && hdf->status == OK; first += CHUNK) {
        int64_t count = rows - first < CHUNK ? rows - first : CHUNK;
        char **texts = hdf_read_texts(hdf, dataset, first, count);
        for (int64_t i = 0; texts && i < count; i++) {
            if (hdf->status == OK)
                hdf->status = use(context, hdf, first + i, texts[i]);
            free(texts[i]);
        }
        free(texts);
    }
    return hdf->status;
}

enum status map_check_version(struct hdf *hdf)
{
    int64_t version = hdf_read_integer(hdf, hdf->file, "results_version", 0);
    if (version == RESULTS_VERSION || hdf->status != OK)
        return hdf->status;
    char *made = hdf_read_text(hdf, hdf->file, "version");
    hdf->status =
        error_set(hdf->err, ERR_FILE,
                  "%s: holds results of version %lld, this program computes version %d; "
                  "go on with mesasweep %s, or begin a new file with -o",
                  hdf->path, (long long)version, RESULTS_VERSION, made ? made : "of then");
    free(made);
    return hdf->status;
}
