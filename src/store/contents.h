/* contents.h - what is known of each run before it starts, written into the new file in chunks. */
#ifndef STORE_CONTENTS_H
#define STORE_CONTENTS_H

#include "layout.h"

/* A key's canonical text as a number of its type in the file. */
void contents_parse(void *value, enum hdf_type type, const char *text);

/* Everything that `rows` [count] say; ids [count] are their open datasets. */
void contents_write(struct hdf *hdf, const hid_t *ids, const struct dataset *rows, int count,
                    const struct layout *layout);

/* The table /summary, complete. */
void contents_summary(struct hdf *hdf, const struct layout *layout);

#endif
