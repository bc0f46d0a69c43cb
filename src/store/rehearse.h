/* rehearse.h - a file is read in a process of its own first.
 *
 * HDF5 crashes on some files that are damaged, or made to crash it: the seal tells accidents, but
 * whoever makes a file can make its seal as well. So a child with limits of time and memory reads
 * what the caller will, through HDF5; when it dies, the file is damaged. What it finds it tells
 * nobody: the caller, who goes the same way, finds it again.
 */
#ifndef STORE_REHEARSE_H
#define STORE_REHEARSE_H

#include "map.h"

/* ERR_FILE when reading the file kills a process, or somebody else kills it, ERR_MEMORY when it is
 * refused memory. A rank of MPI must not fork: for it there is no rehearsal, but its launcher had
 * one. */
enum status rehearse(const char *path, enum map_reads reads, struct error *err) MUST_CHECK;

#endif
