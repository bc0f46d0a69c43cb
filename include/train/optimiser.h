/* optimiser.h - gradient clipping, Adam, AdamW and SGD.
 *
 * Plain multiplications and additions, no fused ones and no libm beyond the square root, so the
 * bits do not depend on compiler, CPU or C library.
 */
#ifndef TRAIN_OPTIMISER_H
#define TRAIN_OPTIMISER_H

#include <stddef.h>

#include "math/real.h"
#include "train/config.h"

/* First every entry is limited to [-value, value], then the whole is scaled to norm `norm` if its
 * norm is larger; 0: that limit is none. Returns the norm between the two. A gradient that is not
 * finite stays so. */
double gradient_clip(double *gradient, size_t n, double value, double norm);

/* What Adam remembers beside its moments: beta1^t and beta2^t after t updates, as running products.
 * Both start at 1. */
struct adam_powers {
    double beta1, beta2;
};

/* Decoupled weight decay (AdamW), before the update: w <- w - rate decay w. */
void optimiser_decay(real *weights, size_t n, double decay, double rate);

/* One update of weights[n] (read and written) with rate `rate`.
 * adam: mean <- beta1 mean + (1 - beta1) g,  square <- beta2 square + (1 - beta2) g^2,
 *       w <- w - rate m / (sqrt(s) + epsilon), m = mean / (1 - beta1^t), s alike
 * sgd:  w <- w - rate g; moments and powers are neither read nor written.
 * g is gradient[n] rounded to real; mean, square [n] are 0 before the first update. */
void optimiser_step(real *weights, real *mean, real *square, struct adam_powers *powers,
                    const double *gradient, size_t n, const struct train_config *config,
                    double rate);

#endif
