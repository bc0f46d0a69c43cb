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

/* Mean and standard error of losses that come one after the other and are not kept, by Welford's
 * update: no cancellation. Begins with zeros. */
struct running_error {
    int count;
    double mean, squares; /* squares: sum of (loss - mean)^2 */
};

void running_error_add(struct running_error *running, double loss);
double running_error_of_mean(const struct running_error *running); /* NaN for fewer than two */

#endif
