#include "train/loss.h"

#include <stddef.h>

static double weight(const struct loss *loss, int token)
{
    return loss->weights ? loss->weights[token] : 1.0 / loss->tokens;
}

void loss_value(double losses[LANES], const real *outputs, const real *target,
                const struct loss *loss)
{
    for (int b = 0; b < LANES; b++)
        losses[b] = 0;
    for (int i = 0; i < loss->tokens; i++) {
        double half = .5 * weight(loss, i);
        for (int o = 0; o < loss->outputs; o++) {
            size_t at = ((size_t)i * (size_t)loss->outputs + (size_t)o) * LANES;
            for (int b = 0; b < LANES; b++) {
                double error = outputs[at + (size_t)b] - target[at + (size_t)b];
                losses[b] += half * (error * error);
            }
        }
    }
}

void loss_gradient(real *doutputs, const real *outputs, const real *target, const struct loss *loss,
                   int batch, int lanes)
{
    for (int i = 0; i < loss->tokens; i++) {
        real share = (real)(weight(loss, i) / batch);
        for (int o = 0; o < loss->outputs; o++) {
            size_t at = ((size_t)i * (size_t)loss->outputs + (size_t)o) * LANES;
            for (int b = 0; b < LANES; b++)
                doutputs[at + (size_t)b] =
                    share * (outputs[at + (size_t)b] - target[at + (size_t)b]);
            for (int b = lanes; b < LANES; b++)
                doutputs[at + (size_t)b] = 0;
        }
    }
}
