#include "train/optimiser.h"

#include <tgmath.h> /* sqrt of a real */

static void clip_value(double *gradient, size_t n, double value)
{
    for (size_t i = 0; i < n; i++) {
        if (gradient[i] > value)
            gradient[i] = value;
        else if (gradient[i] < -value)
            gradient[i] = -value;
    }
}

/* In eight partial sums and a fixed tree: additions do not wait for each other. */
static double sum_of_squares(const double *x, size_t n)
{
    double part[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            part[j] += x[i + j] * x[i + j];
    for (; i < n; i++)
        part[i % 8] += x[i] * x[i];
    return ((part[0] + part[4]) + (part[2] + part[6])) +
           ((part[1] + part[5]) + (part[3] + part[7]));
}

double gradient_clip(double *gradient, size_t n, double value, double norm)
{
    if (value > 0)
        clip_value(gradient, n, value);
    double length = sqrt(sum_of_squares(gradient, n));
    if (norm > 0 && length > norm) {
        double factor = norm / length;
        for (size_t i = 0; i < n; i++)
            gradient[i] *= factor;
    }
    return length;
}

static void adam(real *restrict weights, real *restrict mean, real *restrict square,
                 struct adam_powers *powers, const double *restrict gradient, size_t n,
                 const struct train_config *config, real rate)
{
    powers->beta1 *= config->beta1;
    powers->beta2 *= config->beta2;
    real keep1 = (real)config->beta1, take1 = (real)(1 - config->beta1);
    real keep2 = (real)config->beta2, take2 = (real)(1 - config->beta2);
    real unbias1 = (real)(1 / (1 - powers->beta1)), unbias2 = (real)(1 / (1 - powers->beta2));
    real epsilon = (real)config->epsilon;

    for (size_t i = 0; i < n; i++) {
        real g = (real)gradient[i];
        real m = keep1 * mean[i] + take1 * g;
        real s = keep2 * square[i] + take2 * (g * g);
        mean[i] = m;
        square[i] = s;
        weights[i] -= rate * (m * unbias1 / (sqrt(s * unbias2) + epsilon));
    }
}

static void sgd(real *restrict weights, const double *restrict gradient, size_t n, real rate)
{
    for (size_t i = 0; i < n; i++)
        weights[i] -= rate * (real)gradient[i];
}

void optimiser_decay(real *weights, size_t n, double decay, double rate)
{
    real share = (real)(rate * decay);
    for (size_t i = 0; i < n; i++)
        weights[i] -= share * weights[i];
}

void optimiser_step(real *weights, real *mean, real *square, struct adam_powers *powers,
                    const double *gradient, size_t n, const struct train_config *config,
                    double rate)
{
    if (config->optimiser == OPTIMISER_ADAM)
        adam(weights, mean, square, powers, gradient, n, config, (real)rate);
    else
        sgd(weights, gradient, n, (real)rate);
}
