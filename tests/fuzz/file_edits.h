/* file_edits.h - changes that another program could make to a result file through HDF5: attributes,
 * columns, names and links of any kind, and any bytes in the rows. */
#ifndef FUZZ_FILE_EDITS_H
#define FUZZ_FILE_EDITS_H

#include <stddef.h>
#include <stdint.h>

enum { RUNS = 5, OBJECTS = 96, OBJECT_PATH = 96 };

/* A file of RUNS runs as it was made, and what can be changed of it. */
struct original {
    const char *path;
    unsigned char *bytes; /* owned */
    size_t size;
    char objects[OBJECTS][OBJECT_PATH]; /* in the order of their names */
    int count;
};

/* Takes the file at `path`, which is kept; ends the process on a failure. */
void original_load(struct original *original, const char *path);

/* Puts the file there anew, with as many edits (of EDIT bytes each) as there are. */
void original_write(const struct original *original, const uint8_t *edits, size_t length);

#endif
