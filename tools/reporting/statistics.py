"""Means over seeds with their intervals. NaN (a run without the figure) does not count."""

import warnings

import numpy

# Quantile .975 of Student's t with 1, 2, ... degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
           2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
           2.052, 2.048, 2.045, 2.042)
NORMAL = 1.960


def student(count):
    """Quantile for a mean of `count` values."""
    return STUDENT[count - 2] if count - 2 < len(STUDENT) else NORMAL


def mean(values):
    """Mean over the first axis."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no value at all: NaN
        return numpy.nanmean(values, axis=0)


def half_width(values):
    """Half the width of the 95 % confidence interval of `mean`; NaN for fewer than two values."""
    values = numpy.asarray(values, dtype=float)
    count = numpy.sum(~numpy.isnan(values), axis=0)
    quantile = numpy.vectorize(lambda n: student(n) if n > 1 else numpy.nan, otypes=[float])(count)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return quantile * numpy.nanstd(values, axis=0, ddof=1) / numpy.sqrt(count)
