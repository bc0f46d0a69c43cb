/* seal.h - a checksum over everything in a result file but its rows.
 *
 * After its creation nothing but rows is written, so heads, names, shapes and texts can be guarded
 * as a whole: HDF5 itself may crash on damage there. The seal lies behind the end that HDF5 knows,
 * where no reader looks: the regions of the rows, the XXH64 of all other bytes, and the XXH64 of
 * the seal. A program that opens the file for writing (h5py with "r+") cuts it off; such a file is
 * read without it.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "base/error.h"

/* Appends the seal to the finished file `name`; messages say `path`. */
enum status seal_write(const char *name, const char *path, struct error *err) MUST_CHECK;

/* ERR_FILE when a byte outside the rows is not what it was. */
enum status seal_check(int fd, const char *path, struct error *err) MUST_CHECK;

#endif
