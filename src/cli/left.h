/* left.h - how much longer a sweep that is at work will take, and how sure that is. */
#ifndef CLI_LEFT_H
#define CLI_LEFT_H

#include "store/store.h"

/* Seconds, and where they lie with about 95 % probability. NaN: nobody can tell. */
struct left {
    double seconds, low, high;
};

/* One run: its work by the cost model, and what is known of its time. */
struct left_run {
    double cost;
    double seconds; /* that it took; NaN: it is not done */
    double elapsed; /* since it was started, of one that is at work; NaN: it is not */
    double share;   /* of its cost that is behind it then, 0..1; 0: nobody can tell */
};

/* Seconds for each unit of cost are those of k runs, S / C: those that are done, and what is behind
 * those at work. A run at work has elapsed (1 - share) / share left, or goes by S / C as those that
 * wait. What is left is spread over as many ranks as are at work now, but takes at least as long as
 * the longest run. The variance of what goes by S / C is that of single runs, s^2 sum c^2, and that
 * of the mean, s^2 (sum c)^2 / k, with s the deviation of seconds / cost. NaN with nothing at work,
 * or nothing behind. */
struct left left_of(const struct left_run *runs, int64_t count);

/* The same of a file. A sweep that can not be planned again gives NaN. */
struct left left_in_file(const struct reader *reader, const char *file);

#endif
