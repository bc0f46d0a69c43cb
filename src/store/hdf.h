/* hdf.h - the few things that the store asks of HDF5, with one error for a whole sequence of calls.
 *
 * After the first failure every function does nothing and gives -1, so a sequence is checked once,
 * at its end. Objects that were opened are closed with their file (H5F_CLOSE_STRONG).
 */
#ifndef STORE_HDF_H
#define STORE_HDF_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "types.h"

struct hdf {
    const char *path;   /* of the file, for messages */
    enum status blame;  /* what a failure of the library means: ERR_IO or ERR_FILE */
    enum status status; /* of the sequence so far */
    struct error *err;
    hid_t file, text; /* text: variable-length UTF-8 */
};

/* A new file under `name`, opened with O_EXCL; messages say `path`. */
void hdf_create(struct hdf *hdf, const char *name, const char *path, struct error *err);
/* An existing file, read only; takes no lock on it. */
void hdf_open(struct hdf *hdf, const char *path, struct error *err);
/* Closes the file and everything in it; returns the status of the whole sequence. */
enum status hdf_close(struct hdf *hdf);

/* Of the whole file, what lies behind HDF5's end of it too; -1 when nobody can say. */
int64_t hdf_bytes(struct hdf *hdf);

/* From now on, and until hdf_forget or another sequence, a system call that fails inside the
 * library fails the sequence, whatever was asked for: a column that can not be read is not one that
 * is missing. hdf_create, hdf_open and hdf_close call them. */
void hdf_watch(struct hdf *hdf);
void hdf_forget(const struct hdf *hdf);

/* "PATH: can not WHAT: the library's reason", if nothing failed before; returns -1. */
hid_t hdf_fail(struct hdf *hdf, const char *what);
/* The same for a result that is negative; else the result. */
hid_t hdf_check(struct hdf *hdf, hid_t result, const char *what);

/* ---- making */
hid_t hdf_group(struct hdf *hdf, hid_t at, const char *name);
hid_t hdf_letters_type(struct hdf *hdf, int letters);     /* fixed length; close with H5Tclose */
hid_t hdf_type_make(struct hdf *hdf, enum hdf_type type); /* numbers; close with H5Tclose */
/* Contiguous, allocated at once and filled: NaN, -1 for signed integers, else 0; text has no fill
 * value (netCDF-C crashes on one). */
hid_t hdf_dataset(struct hdf *hdf, hid_t at, const char *name, enum hdf_type type, int rank,
                  const hsize_t *size);
/* A compound in the root; without a fill value, as it holds text. */
hid_t hdf_table(struct hdf *hdf, const char *name, hid_t type, int64_t rows);
/* Commits the enum `name` of int8 values 0 .. count-1 into the group. */
void hdf_status_type(struct hdf *hdf, hid_t group, const char *name, const char *const *names,
                     int count);
/* Rows first .. first+count-1; of HDF_TEXT `data` is an array of const char *. */
void hdf_write_rows(struct hdf *hdf, hid_t dataset, int64_t first, int64_t count, const void *data);
void hdf_attribute_text(struct hdf *hdf, hid_t at, const char *name, const char *value);
void hdf_attribute_texts(struct hdf *hdf, hid_t at, const char *name, const char *const *values,
                         int count);
void hdf_attribute(struct hdf *hdf, hid_t at, const char *name, enum hdf_type type,
                   const void *value);
void hdf_attribute_array(struct hdf *hdf, hid_t at, const char *name, enum hdf_type type,
                         const void *values, int count);

/* Dimension scales: `name` is what netCDF shows; then for every dimension of a dataset, or none. */
void hdf_set_scale(struct hdf *hdf, hid_t dataset, const char *name);
void hdf_attach_scale(struct hdf *hdf, hid_t dataset, hid_t scale, int dimension);

/* ---- looking. Texts come without control characters but tabs and line ends (text_clean). */
enum hdf_type hdf_type_of(struct hdf *hdf, hid_t dataset);
/* Sizes of a dataset of at most `most` dimensions; returns their number, -1 if there are more. */
int hdf_sizes(struct hdf *hdf, hid_t dataset, hsize_t *size, int most);
/* Whether the first dimension of the dataset has this scale. */
bool hdf_is_along(const struct hdf *hdf, hid_t dataset, hid_t scale);
/* Text of a variable-length attribute; the caller frees it. NULL when there is none (no failure).
 */
char *hdf_read_text(struct hdf *hdf, hid_t at, const char *name);
/* An integer attribute, `otherwise` when there is none (no failure). */
int64_t hdf_read_integer(struct hdf *hdf, hid_t at, const char *name, int64_t otherwise);
/* Rows of a variable-length text dataset; the caller frees each and the array. */
char **hdf_read_texts(struct hdf *hdf, hid_t dataset, int64_t first, int64_t count);

#endif
