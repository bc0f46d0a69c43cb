#include "transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "create.h"
#include "folder.h"
#include "seal.h"

struct copying {
    struct store *to;
    const struct origins *origins;
    struct image_match *matches; /* of each source */
    const struct layout *layout;
    int64_t listed;
};

/* What the row has of the new file's analyses: those of the old one, and those that have nothing to
 * say of such a run. */
static uint64_t analysed(const struct copying *copying, int64_t row, const struct origin *origin)
{
    const struct store *from = copying->origins->sources[origin->source];
    enum row_status was = origin_status(copying->origins, origin);
    struct run_config config;
    if (was != ROW_DONE)
        return was == ROW_DIVERGED ? copying->to->analyses : 0;
    layout_config(&config, copying->layout, row);
    return copying->to->analyses & (from->analysed[origin->row] | ~run_analyses_for(&config));
}

static unsigned char *read_origin(const struct store *from, int64_t row)
{
    struct place place = writer_place(from, row);
    unsigned char *image = memory_get(image_bytes(&from->map, place.class) + 1);
    if (image_read(image, from->fd, &from->map, &place) == 0)
        return image;
    free(image);
    return NULL;
}

/* Writes the row `image`, with its checksum when it is final. */
static int put_row(const struct copying *copying, int64_t row, const struct origin *origin,
                   const unsigned char *image)
{
    const struct store *to = copying->to;
    const struct map *map = &to->map;
    struct place place = writer_place(to, row);
    enum row_status was = origin_status(copying->origins, origin);
    enum row_status now = row < copying->listed ? was : ROW_RETIRED;
    struct proof proof = writer_prove(to, row, image, was, analysed(copying, row, origin));
    double *figures = memory_zeroed((size_t)map->summary.figure_count + 1, sizeof *figures);
    image_figures(figures, image, map);
    int good = image_write(to->fd, image, map, &place);
    if (good == 0)
        good = writer_put_status(to, row, now, writer_is_final(was) ? &proof : NULL, figures);
    free(figures);
    return good;
}

static enum status cannot(const struct store *store, const char *what, struct error *err)
{
    return error_set(err, ERR_IO, "%s: can not %s: %s", store->path, what, strerror(errno));
}

/* The row as it comes into the new file; NULL with an error. */
static unsigned char *carry(const struct copying *copying, int64_t row, const struct origin *origin,
                            struct error *err, enum status *status)
{
    const struct store *from = copying->origins->sources[origin->source], *to = copying->to;
    unsigned char *old = read_origin(from, origin->row), *new = writer_image(to, row);
    struct place place = writer_place(to, row), other = writer_place(from, origin->row);
    *status = OK;
    if (!old || !new)
        *status = cannot(old ? to : from, "read", err);
    else if (!image_carry(new, &to->map, origin->result ? place.class : NULL, old, &from->map,
                          origin->result ? other.class : NULL, &copying->matches[origin->source]))
        *status =
            error_set(err, ERR_FILE, "%s: run %016" PRIx64 " keeps other weights than elsewhere",
                      from->path, origin->identity);
    free(old);
    if (*status == OK)
        return new;
    free(new);
    return NULL;
}

/* Where the same result in another file differs; NULL: nowhere. */
static const char *difference(const struct copying *copying, int64_t row,
                              const struct origin *origin, const struct origin *other,
                              const unsigned char *const images[2])
{
    const struct origins *origins = copying->origins;
    const struct store *a = origins->sources[origin->source], *b = origins->sources[other->source];
    struct place place = writer_place(copying->to, row);
    uint64_t both = a->analysed[origin->row] & b->analysed[other->row];
    if (origin_status(origins, origin) != origin_status(origins, other))
        return "status";
    return image_difference(images[0], images[1], &copying->to->map, place.class, both);
}

/* Results of the same run in other files, which follow in the list, must be the same. */
static enum status compare_others(const struct copying *copying, int64_t row,
                                  const struct origin *origin, const unsigned char *image,
                                  struct error *err)
{
    const struct origins *origins = copying->origins;
    const struct origin *end = origins->rows + origins->count, *other = origin + 1;
    enum status status = OK;
    for (; status == OK && other < end && other->identity == origin->identity && other->result;
         other++) {
        unsigned char *rival = carry(copying, row, other, err, &status);
        const unsigned char *const images[] = {image, rival};
        const char *column = rival ? difference(copying, row, origin, other, images) : NULL;
        if (column)
            status = error_set(err, ERR_FILE,
                               "%s: run %016" PRIx64
                               " has another %s than in %s; leave one of the files out",
                               origins->sources[other->source]->path, origin->identity, column,
                               origins->sources[origin->source]->path);
        free(rival);
    }
    return status;
}

/* Of a row without a result only what people may want to know is copied, no weights. */
static enum status copy_row(const struct copying *copying, int64_t row, const struct origin *origin,
                            struct error *err)
{
    const struct store *from = copying->origins->sources[origin->source], *to = copying->to;
    enum status status = from->lock ? lock_beat(from->lock, err) : OK;
    if (status != OK)
        return status;
    unsigned char *new = carry(copying, row, origin, err, &status);
    if (status == OK && origin->result)
        status = compare_others(copying, row, origin, new, err);
    if (status == OK && put_row(copying, row, origin, new) != 0)
        status = cannot(to, "write", err);
    free(new);
    return status;
}

static enum status copy_rows(struct copying *copying, struct error *err)
{
    const struct origins *origins = copying->origins;
    enum status status = OK;
    copying->matches = memory_zeroed((size_t)origins->source_count + 1, sizeof *copying->matches);
    for (int i = 0; i < origins->source_count; i++)
        image_match(&copying->matches[i], &copying->to->map, &origins->sources[i]->map);
    for (int64_t row = 0; row < copying->to->map.runs && status == OK; row++) {
        const struct origin *origin = origins_find(origins, copying->to->identity[row]);
        if (origin)
            status = copy_row(copying, row, origin, err);
    }
    for (int i = 0; i < origins->source_count; i++)
        image_match_dispose(&copying->matches[i]);
    free(copying->matches);
    return status;
}

/* The file that is meant, not a link to it, which would be replaced. */
static void follow(char target[PATH_MAX], const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode) || !realpath(path, target))
        strncpy(target, path, PATH_MAX - 1);
}

enum status transfer(const char *path, const struct layout *layout, int64_t listed,
                     const struct origins *origins, const struct store_provenance *provenance,
                     enum publishing publishing, struct error *err)
{
    char temporary[PATH_MAX], target[PATH_MAX] = "";
    struct copying copying = {.origins = origins, .layout = layout, .listed = listed};
    follow(target, path);
    enum status status = create_temporary(temporary, target, layout, provenance, err);
    if (status != OK)
        return status;
    status = writer_open_file(&copying.to, temporary, OPEN_WRITE | OPEN_OWN, err);
    if (status == OK)
        status = copy_rows(&copying, err);
    store_close(copying.to);
    if (status == OK)
        status = seal_write(temporary, path, err);
    if (status == OK)
        status = publishing == PUBLISH_OVER ? folder_replace(temporary, target, err)
                                            : folder_publish(temporary, target, err);
    if (status != OK)
        unlink(temporary);
    return status;
}
