/* guard.h - what the program says when HDF5 ends it.
 *
 * A child has read the file first (rehearse.h). But HDF5 reads beside its memory in some damaged
 * files, and what lies there is not the same in both: the child may live and this process die. From
 * guard_begin to guard_end a deadly signal is told as that of the child would have been, one line,
 * and the exit code of a damaged file. Of one file at a time, the last that was begun; not in a
 * rank of MPI, where Open MPI tells, and not under a sanitizer.
 */
#ifndef STORE_GUARD_H
#define STORE_GUARD_H

#include "base/error.h"

void guard_begin(const char *path);
void guard_end(void);

/* Signals by which a process ends when its code goes wrong. */
enum { GUARD_SIGNALS = 5 };
extern const int guard_signals[GUARD_SIGNALS];

/* What it means that reading the file ends by this signal. */
enum status guard_blame(struct error *err, const char *path, int signal);

#endif
