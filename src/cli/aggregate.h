/* aggregate.h - one number in place of several: their mean, its confidence, their spread. */
#ifndef CLI_AGGREGATE_H
#define CLI_AGGREGATE_H

enum aggregate {
    AGGREGATE_MEAN,
    AGGREGATE_CI95,   /* half the width of the 95 % interval of the mean, by Student's t */
    AGGREGATE_MEDIAN, /* of an even number the mean of the two in the middle */
    AGGREGATE_STD,    /* of a sample: divided by count - 1 */
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE_COUNT,
    AGGREGATES,
};

/* "mean", ..., "count" */
const char *aggregate_name(enum aggregate aggregate);

/* Of the finite ones among `values` [count], which are put into order. NaN when there are too few:
 * none, or for ci95 and std one. */
double aggregate(enum aggregate aggregate, double *values, int count);

/* t such that a variable of Student's distribution with `freedom` degrees lies in -t..t with
 * probability 0.95; relative error below 1e-8. */
double aggregate_student95(int freedom);

#endif
