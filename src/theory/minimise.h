/* minimise.h - minimum of a function of one variable without derivatives. */
#ifndef THEORY_MINIMISE_H
#define THEORY_MINIMISE_H

/* A function with what it needs. Values that are not finite count as +infinity. */
struct function {
    double (*value)(const void *context, double x);
    const void *context;
};

double function_at(const struct function *f, double x);

/* Three points with f(middle) <= f(low) and f(middle) <= f(high). */
struct bracket {
    double low, middle, high;
};

/* Steps downhill, each step twice the last, until the bracket encloses a minimum; at most 64 times.
 */
void bracket_enclose(struct bracket *bracket, const struct function *f);

/* Brent's method (parabolas, golden section where they fail): the place of a minimum in the
 * bracket, to 1e-7 of |x|, the square root of which error is far below what a loss shows. */
double minimise(const struct bracket *bracket, const struct function *f);

#endif
