/* arrays_inside.h - arrays of a file that need no rehearsal. */
#ifndef STORE_ARRAYS_INSIDE_H
#define STORE_ARRAYS_INSIDE_H

#include "map.h"
#include "store/arrays.h"

enum status arrays_open_with(struct arrays **arrays, const char *path, enum map_reads reads,
                             struct error *err) MUST_CHECK;

#endif
