/* statistics.h - what is said about the losses of the tasks of a set. Deep models have heavy tails,
 * a handful of tasks can carry the mean; so the median and the trimmed mean stand beside it. */
#ifndef TRAIN_STATISTICS_H
#define TRAIN_STATISTICS_H

struct loss_statistics {
    double mean;
    double error;   /* standard error of the mean; NaN for one task */
    double median;  /* mean of the two in the middle when n is even */
    double trimmed; /* mean without the floor(n / 1000) largest: the worst .1 % */
};

/* losses[n], n >= 1, are sorted (NaN last). Sums go from the smallest up. */
struct loss_statistics loss_statistics(double *losses, int n);

#endif
