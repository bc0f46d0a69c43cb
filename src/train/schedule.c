#include "train/schedule.h"

/* (1 + cos(pi t)) / 2 for t in [0, 1], which is cos^2(pi t/2) = sin^2(pi (1-t)/2). So the argument
 * stays in [0, pi/4], where Taylor's next term is below 5e-17 of the sum. */
static double half_cosine(double t)
{
    static const double half_pi = 1.5707963267948966;
    static const double cosine[] = {1,
                                    -1. / 2,
                                    1. / 24,
                                    -1. / 720,
                                    1. / 40320,
                                    -1. / 3628800,
                                    1. / 479001600,
                                    -1. / 87178291200,
                                    1. / 20922789888000};
    static const double sine[] = {1,
                                  -1. / 6,
                                  1. / 120,
                                  -1. / 5040,
                                  1. / 362880,
                                  -1. / 39916800,
                                  1. / 6227020800,
                                  -1. / 1307674368000,
                                  1. / 355687428096000};
    bool late = t > .5;
    const double *series = late ? sine : cosine;
    double x = half_pi * (late ? 1 - t : t);
    double sum = 0;
    for (int i = 8; i >= 0; i--)
        sum = sum * (x * x) + series[i];
    if (late)
        sum *= x;
    return sum * sum;
}

int64_t schedule_end(const struct train_config *config)
{
    return config->decay_steps ? config->decay_steps : config->steps;
}

double schedule_rate(const struct train_config *config, int64_t step)
{
    if (step < config->warmup)
        return config->rate * ((double)step / (double)config->warmup);
    if (config->schedule == SCHEDULE_CONSTANT)
        return config->rate;
    int64_t end = schedule_end(config);
    if (step >= end)
        return config->final_rate;
    double t = (double)(step - config->warmup) / (double)(end - config->warmup);
    return config->final_rate + (config->rate - config->final_rate) * half_cosine(t);
}
