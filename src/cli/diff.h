/* diff.h - what differs between two files, or between two runs. */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include <limits.h>

#include "lines.h"
#include "options.h"

/* One of the two: "FILE.h5" or "FILE.h5:RUN". */
struct diff_side {
    char file[PATH_MAX];
    const char *run; /* NULL: all of the file */
};

/* What was found: sheets with a difference a row, all to be disposed of. */
struct diff {
    const struct diff_side *sides; /* [2] */
    struct lines settings;         /* key, first, second */
    struct lines columns;          /* of files: column, runs, difference; of runs: column, first,
                                      second, difference */
    struct lines only;             /* of files: column, the one that has it */
    /* of files: runs in both, in one alone, and of those in both that ended in another way */
    int64_t both, alone[2], ended;
};

/* The larger of `largest` and of |a - b| / max(|a|, |b|); NaN once only one of two has a number. */
double diff_relative(double largest, double a, double b);

/* Runs that both have are compared; a difference is that of diff_relative over all values of a
 * column in all runs with a result in both. On failure the diff has to be disposed of, too. */
enum status diff_files(struct diff *diff, const struct diff_side *sides,
                       struct error *err) MUST_CHECK;

/* One run of each file; of arrays the last value is shown, and the difference is that of all. */
enum status diff_runs(struct diff *diff, const struct diff_side *sides,
                      struct error *err) MUST_CHECK;
void diff_dispose(struct diff *diff);

#endif
