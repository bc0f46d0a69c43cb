/* schedule.h - the learning rate of each step. */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include "train/config.h"

/* Rate of the update number `step` (0 is the first):
 *   step < warmup:  rate step / warmup
 *   constant:       rate
 *   cosine:         final + (rate - final) (1 + cos(pi t)) / 2, t = (step - warmup) / (end -
 * warmup) up to t = 1, then final; end = decay_steps, or steps when that is 0 (as optax's
 * warmup_cosine_decay_schedule). The cosine is a polynomial of our own, exact to 3e-16: its bits do
 * not depend on the C library. */
double schedule_rate(const struct train_config *config, int64_t step);

/* The step at which the cosine ends. */
int64_t schedule_end(const struct train_config *config);

#endif
