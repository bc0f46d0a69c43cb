/* contents.h - what is known of each run before it starts, written into the new file in chunks. */
#ifndef STORE_CONTENTS_H
#define STORE_CONTENTS_H

#include "hdf.h"
#include "layout.h"

/* Everything that `rows` [count] say, and the table /summary; ids [count] are the open datasets. */
void contents_write(struct hdf *hdf, const hid_t *ids, const struct dataset *rows, int count,
                    const struct layout *layout);

#endif
