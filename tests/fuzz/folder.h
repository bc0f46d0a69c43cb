/* folder.h - where a fuzzer writes its file again and again: in memory if there is such a place. */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOLDER = 128 };

/* A new folder: in memory, or in $TMPDIR, or in /tmp; false: in none of them. */
static inline bool folder_make(char path[FOLDER])
{
    const char *const places[] = {"/dev/shm", getenv("TMPDIR"), "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, FOLDER, "%.90s/mesasweep-XXXXXX", places[i] ? places[i] : "/tmp");
        if (mkdtemp(path))
            return true;
    }
    return false;
}

#endif
