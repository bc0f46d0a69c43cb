/* Sinusoidal positions. The C library's sin, cos and pow may differ between machines in the last
 * bit, which training would carry on; these use the basic operations alone. Errors stay below
 * 1e-14 (1 + angle): a test compares them with the C library's. */
#include <math.h>

#include "pass.h"

int positions_width(const struct model *model)
{
    switch ((enum model_positions)model->config.positions) {
    case POSITIONS_NONE:
        return 0;
    case POSITIONS_ADDED:
        return model->D;
    case POSITIONS_CONCATENATED:
    case POSITIONS_QUERY_KEY:
        return model->config.position_size;
    }
    return 0;
}

static const double PI_HIGH = 3.14159265358979311600, PI_LOW = 1.22464679914735317723e-16;
static const double LN2 = 0.69314718055994530942;

/* x > 0: x = m 2^e with m in [.5, 1), ln m = 2 artanh((m - 1) / (m + 1)). */
static double logarithm(double x)
{
    int e;
    double m = frexp(x, &e), z = (m - 1) / (m + 1), power = z, sum = 0;
    for (int n = 1; n < 60; n += 2) {
        sum += power / n;
        power *= z * z;
    }
    return 2 * sum + e * LN2;
}

static double exponential(double x)
{
    double n = floor(x / LN2), rest = x - n * LN2, term = 1, sum = 0;
    for (int i = 1; i < 30; i++) {
        sum += term;
        term *= rest / i;
    }
    return ldexp(sum, (int)n);
}

/* sin(x) for x >= 0, its Taylor series after taking out multiples of pi. */
static double sine(double x)
{
    double n = floor(x / PI_HIGH + 0.5), rest = x - n * PI_HIGH - n * PI_LOW, term = rest, sum = 0;
    for (int i = 2; i < 30; i += 2) {
        sum += term;
        term *= -rest * rest / (i * (i + 1));
    }
    return fmod(n, 2) == 0 ? sum : -sum;
}

void positions_write(real *positions, const struct model *model, const struct kernels *kernels)
{
    int P = positions_width(model);
    double log_base = logarithm(model->config.position_base);
    for (int t = 0; t < model->shape.tokens; t++)
        for (int i = 0; i < P; i++) {
            double angle = t * exponential(-log_base * (i - i % 2) / P);
            double value = sine(i % 2 == 0 ? angle : angle + PI_HIGH / 2);
            kernels->fill(positions + ((ptrdiff_t)t * P + i) * LANES, (real)value, 1);
        }
}
