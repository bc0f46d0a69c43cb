/* dispatch_bench.h - how many runs a second go through coordinator, ranks, children and file when
 * the runs themselves are empty: a child only leaves a record of 4 KB. */
#ifndef CLI_DISPATCH_BENCH_H
#define CLI_DISPATCH_BENCH_H

#include "base/error.h"

struct dispatch_result {
    double runs_per_s;           /* into a file in memory, where a sync costs nothing */
    double runs_per_s_synced;    /* into a file in the current folder */
    double runs_per_s_unbundled; /* in memory, a child for each run */
    double coordinator_mb;       /* resident memory of rank 0 with 100,000 runs taken up */
};

/* Launches the program several times, as `mesasweep bench --dispatch` with words for
 * dispatch_rank. ranks 0: one for each processor. */
enum status dispatch_measure(struct dispatch_result *result, int ranks,
                             struct error *err) MUST_CHECK;

/* What each of those ranks does. ERR_USAGE when the words are not those of dispatch_measure. */
enum status dispatch_rank(int *code, char **words, int count, struct error *err) MUST_CHECK;

#endif
