/* create.h - the whole file from a layout: complete and on disk under its name, or nothing. */
#ifndef STORE_CREATE_H
#define STORE_CREATE_H

#include "layout.h"

/* Of the format described in src/README.md; raised when an older program would read it wrongly. */
enum { FORMAT_VERSION = 1 };

enum status create_file(const char *path, const struct layout *layout,
                        const struct store_provenance *provenance, struct error *err) MUST_CHECK;

/* The same without its seal and under a temporary name [PATH_MAX], for rows to be written into it:
 * then seal_write, and folder_publish or folder_replace. */
enum status create_temporary(char *temporary, const char *path, const struct layout *layout,
                             const struct store_provenance *provenance,
                             struct error *err) MUST_CHECK;

struct hdf;

/* Fills the open file. */
void create_contents(struct hdf *hdf, const struct layout *layout,
                     const struct store_provenance *provenance);

#endif
