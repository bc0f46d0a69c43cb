/* train.h - trains one model: the loop, its evaluations, and saving and restoring its state.
 *
 * Step s (0, 1, ...) draws a fresh batch, takes its mean loss and, unless s is the last
 * (train.steps), the gradient and one update. An evaluation falls between updates: at step s it
 * sees the weights after s updates. train_loss is the loss of the batch of step s before its update
 * (so at s = train.steps that of one more batch, which trains nothing), test_loss the mean over the
 * evaluation set: both of the same weights.
 *
 * A trainer lives in one arena; nothing is allocated later. All that changes is in one block of
 * state, so that a trainer which is saved, restored and continued ends with the same bits.
 */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/model.h"
#include "task/task.h"
#include "train/config.h"
#include "train/loss.h"

/* All is borrowed for the life of the trainer. */
struct train_setup {
    const struct train_config *config;
    const struct evaluation_config *evaluation;
    const struct task *task;
    const struct model *model;
    const struct kernels *kernels; /* may be NULL while measuring */
    const double *token_weights;   /* of the loss, [output_tokens]; NULL: 1/tokens */
    int64_t seed;                  /* of weights and batches */
    const float *start; /* [parameters] initial weights, NaN: drawn; NULL: all are. Read once */
};

struct trainer;

/* Lays out a trainer in the arena (NULL while measuring), which must give zeros (a fresh one does).
 * Its weights are the initial ones, its step is 0. */
struct trainer *train_create(struct arena *arena, const struct train_setup *setup);

enum train_outcome {
    TRAIN_DONE,
    TRAIN_DIVERGED, /* a batch's loss was not finite, or above 1e6 times that of step 0 */
    TRAIN_STOPPED,  /* the host asked for it; train_run continues */
};

/* What the outside hears; any function may be NULL. */
struct train_host {
    void *context;
    /* After each evaluation. */
    void (*progress)(void *context, int evaluation, float train_loss, float test_loss);
    /* Asked after each update; true: train_run returns TRAIN_STOPPED. */
    bool (*stop)(void *context);
};

/* Goes on from where the trainer is to the end. */
enum train_outcome train_run(struct trainer *trainer, const struct train_host *host);

/* Step of the e-th evaluation: round(e steps / (evaluations - 1)), halves up. */
int64_t train_evaluation_step(const struct train_config *config, int e);

/* ---- what a trainer knows */

const real *train_weights(const struct trainer *trainer); /* [parameters] */
int64_t train_step(const struct trainer *trainer);        /* updates made */

/* Curves [evaluations]; NaN from train_evaluated() on. */
int train_evaluated(const struct trainer *trainer);
const float *train_loss_curve(const struct trainer *trainer);
const float *test_loss_curve(const struct trainer *trainer);

/* Mean loss of the present weights over the evaluation set, summed in the order of the tasks in
 * double. losses [evaluation.tasks], one a task, is written when not NULL. */
double train_evaluate(struct trainer *trainer, double *losses);

/* ---- checkpoints */

/* Bytes that train_save writes: the same for the whole training. */
size_t train_save_size(const struct trainer *trainer);

/* The state as bytes of this machine's byte order, with version and checksum. `tag` names the run
 * (and the version of its results): train_restore refuses another one. */
void train_save(unsigned char *bytes, const struct trainer *trainer, uint64_t tag);

/* ERR_FILE, with the trainer as it was, for bytes that are damaged or not of this run. */
enum status train_restore(struct trainer *trainer, const unsigned char *bytes, size_t size,
                          uint64_t tag, struct error *err) MUST_CHECK;

#endif
