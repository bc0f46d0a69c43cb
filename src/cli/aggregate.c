#include "aggregate.h"

#include <math.h>
#include <stdlib.h>

const char *aggregate_name(enum aggregate aggregate)
{
    static const char *const names[AGGREGATES] = {"mean", "ci95", "median", "std",
                                                  "min",  "max",  "count"};
    return names[aggregate];
}

/* Probability of -t..t: the finite sums of Abramowitz and Stegun 26.7.3 (odd) and 26.7.4 (even). */
static double within(double t, int freedom)
{
    double angle = atan2(t, sqrt(freedom)), cosine = cos(angle), sum = 0;
    double term = freedom % 2 ? cosine : 1;
    for (int i = freedom % 2 ? 1 : 0; i <= freedom - 2; i += 2) {
        sum += term;
        term *= cosine * cosine * (i + 1) / (i + 2);
    }
    return freedom % 2 ? M_2_PI * (angle + sin(angle) * sum) : sin(angle) * sum;
}

/* Where the normal distribution has 0.975, and the expansion about it in 1 / freedom, Abramowitz
 * and Stegun 26.7.5; its next term is below 2 z^9 / freedom^5: 1e-7 of z at 100, and smaller
 * beyond. */
static double expansion(double freedom)
{
    const double z = 1.959963984540054;
    const double z2 = z * z, z3 = z2 * z, z5 = z3 * z2, z7 = z5 * z2, z9 = z7 * z2;
    const double g1 = (z3 + z) / 4, g2 = (5 * z5 + 16 * z3 + 3 * z) / 96,
                 g3 = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384,
                 g4 = (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / 92160;
    return z + (g1 + (g2 + (g3 + g4 / freedom) / freedom) / freedom) / freedom;
}

double aggregate_student95(int freedom)
{
    double low = 0, high = 13; /* 12.706 for one degree of freedom */
    if (freedom > 100)
        return expansion(freedom);
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (within(middle, freedom) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* About the first, so that of equal values it is that value. */
static double mean(const double *values, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += values[i] - values[0];
    return values[0] + sum / count;
}

static double deviation(const double *values, int count)
{
    double centre = mean(values, count), sum = 0;
    for (int i = 0; i < count; i++)
        sum += (values[i] - centre) * (values[i] - centre);
    return count > 1 ? sqrt(sum / (count - 1)) : (double)NAN;
}

double aggregate(enum aggregate aggregate, double *values, int count)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (isfinite(values[i]))
            values[n++] = values[i];
    qsort(values, (size_t)n, sizeof *values, ascending);
    if (aggregate == AGGREGATE_COUNT)
        return n;
    if (n == 0)
        return (double)NAN;
    switch (aggregate) {
    case AGGREGATE_CI95:
        return n > 1 ? aggregate_student95(n - 1) * deviation(values, n) / sqrt(n) : (double)NAN;
    case AGGREGATE_MEDIAN:
        return (values[(n - 1) / 2] + values[n / 2]) / 2;
    case AGGREGATE_STD:
        return deviation(values, n);
    case AGGREGATE_MIN:
        return values[0];
    case AGGREGATE_MAX:
        return values[n - 1];
    default:
        return mean(values, n);
    }
}
