/* trainer.h - inside a trainer; see train.h. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "train/optimiser.h"
#include "train/train.h"

/* The numbers of the state; weights, moments and curves follow it in the same block of memory. */
struct state {
    int64_t step;      /* updates made */
    int64_t evaluated; /* points of the curves so far */
    double first_loss; /* of the batch of step 0 */
    struct adam_powers powers;
};

struct trainer {
    struct train_setup setup;
    struct loss loss;

    unsigned char *block; /* [block_size]: the whole state, contiguous */
    size_t block_size;
    struct state *state;
    real *weights, *mean, *square; /* [parameters] */
    float *train_loss, *test_loss; /* [evaluations] */

    struct pass *pass;
    double *gradient; /* [parameters], of a batch */
    real *target;     /* [output_tokens][outputs][LANES] */
    real *doutputs;   /* [output_tokens][outputs][LANES] */
    real *scratch;    /* of task_draw */
};

#endif
