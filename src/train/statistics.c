#include "train/statistics.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return !!isnan(x) - !!isnan(y);
    return (x > y) - (x < y);
}

static double mean(const double *losses, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += losses[i];
    return sum / n;
}

static double error_of_mean(double squares, int n)
{
    return n > 1 ? sqrt(squares / (n - 1) / n) : NAN;
}

struct loss_statistics loss_statistics(double *losses, int n)
{
    qsort(losses, (size_t)n, sizeof losses[0], ascending);
    struct loss_statistics s = {
        .mean = mean(losses, n),
        .median = .5 * (losses[(n - 1) / 2] + losses[n / 2]),
        .trimmed = mean(losses, n - n / 1000),
    };
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += (losses[i] - s.mean) * (losses[i] - s.mean);
    s.error = error_of_mean(squares, n);
    return s;
}

void running_error_add(struct running_error *running, double loss)
{
    double difference = loss - running->mean;
    running->mean += difference / ++running->count;
    running->squares += difference * (loss - running->mean);
}

double running_error_of_mean(const struct running_error *running)
{
    return error_of_mean(running->squares, running->count);
}
