/* image.h - the bytes of one row of the file, composed in memory from a record before they are
 * written: [numbers of /results][columns of /log][tensors of the run's class].
 *
 * The record has the run's own sizes; a column of the file may be longer on each axis. What a run
 * does not have is NaN, -1 or empty.
 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include "map.h"
#include "store/store.h"

/* Which row: of the run, and in its class of weights. */
struct place {
    int64_t run, weights_row;
    const struct map_class *class; /* NULL: the run keeps no weights */
};

size_t image_bytes(const struct map *map, const struct map_class *class);
void image_blank(unsigned char *image, const struct map *map, const struct map_class *class);

/* Scatters the parts of a record into a blank image. columns [column_count]: place in map->results
 * of each column of the record's numbering, -1: the file has none. ERR_FILE when the record is
 * malformed. */
enum status image_record(unsigned char *image, const struct map *map, const struct map_class *class,
                         const int *columns, int column_count, const unsigned char *record,
                         size_t bytes, struct error *err) MUST_CHECK;

void image_log(unsigned char *image, const struct map *map, const struct row_log *log);

/* The figures of the summary: [map->summary.figure_count]. */
void image_figures(double *figures, const unsigned char *image, const struct map *map);

/* Checksum of a row: XXH64 of the identity; then, the hash so far as the seed, of the row of each
 * number column of /results in the order of their creation (status, checksum, analysed and columns
 * of analyses that are not in `analysed` left out), of each tensor, and of the status. */
struct row_key {
    uint64_t identity, analysed;
    enum row_status status;
};
uint64_t image_checksum(const unsigned char *image, const struct map *map,
                        const struct map_class *class, const struct row_key *key);

/* Whether the checksum of a row with these analyses covers the column. */
static inline bool image_covers(const struct map_column *column, uint64_t analysed)
{
    return column->covered && (!column->analysis || (column->analysis & analysed));
}

/* Columns of another file by name, for each column of this one that is not given: NULL where it has
 * none of that type and rank. */
struct image_match {
    const struct map_column **results, **log; /* owned; what they point to is borrowed */
};
void image_match(struct image_match *match, const struct map *to, const struct map *from);
void image_match_dispose(struct image_match *match);

/* Copies a row of another file, where the axes of both go. False when its weights do not fit. */
bool image_carry(unsigned char *to, const struct map *map, const struct map_class *class,
                 const unsigned char *from, const struct map *other,
                 const struct map_class *other_class, const struct image_match *match);

/* -1 and errno on failure */
/* The first column, or tensor, in which two images of one row differ: columns of LEVEL_BLAS by more
 * than 1e-6 of the larger, others by a bit. Columns of other analyses than these are left out.
 * NULL: none. */
const char *image_difference(const unsigned char *a, const unsigned char *b, const struct map *map,
                             const struct map_class *class, uint64_t analyses);

int image_read(unsigned char *image, int fd, const struct map *map, const struct place *place);
int image_write(int fd, const unsigned char *image, const struct map *map,
                const struct place *place);
/* The same of neighbours: place is that of the first, each other is one row behind. */
int image_write_rows(int fd, const unsigned char *const *images, int count, const struct map *map,
                     const struct place *place);
/* Only the columns of these analyses. */
int image_write_analyses(int fd, const unsigned char *image, const struct map *map, int64_t run,
                         uint64_t analyses);
int image_write_log(int fd, const unsigned char *image, const struct map *map, int64_t run);

#endif
