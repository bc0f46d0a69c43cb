/* near.h - comparison of doubles; cmocka's assert_float_equal rounds its arguments to float. */
#ifndef TESTS_THEORY_NEAR_H
#define TESTS_THEORY_NEAR_H

#include <math.h>

#include "test.h"

/* |a - b| <= tolerance; NaN is near nothing. */
#define assert_near(a, b, tolerance) near_check((a), (b), (tolerance), #a, __FILE__, __LINE__)

static inline void near_check(double a, double b, double tolerance, const char *what,
                              const char *file, int line)
{
    if (fabs(a - b) <= tolerance)
        return;
    print_error("%s: %.17g is not %.17g (%.3g apart, %.3g allowed)\n", what, a, b, fabs(a - b),
                tolerance);
    _fail(file, line);
}

#endif
