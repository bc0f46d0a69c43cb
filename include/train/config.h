/* config.h - the keys train.* and evaluation.*. Rows: src/train/keys.c. */
#ifndef TRAIN_CONFIG_H
#define TRAIN_CONFIG_H

#include "config/key.h"

enum train_optimiser { OPTIMISER_ADAM, OPTIMISER_SGD }; /* decay > 0 with adam: AdamW */
enum train_schedule { SCHEDULE_CONSTANT, SCHEDULE_COSINE };

struct train_config {
    int optimiser; /* enum train_optimiser */
    int64_t steps;
    int batch;           /* B */
    double rate;         /* peak learning rate */
    int schedule;        /* enum train_schedule */
    int64_t warmup;      /* steps from 0 to the peak rate */
    int64_t decay_steps; /* step at which the cosine ends; 0: train.steps */
    double final_rate;   /* rate at the end of the cosine */
    double beta1, beta2, epsilon;
    double decay;      /* decoupled weight decay (AdamW) */
    double clip_norm;  /* gradients clipped by global norm; 0: none */
    double clip_value; /* gradients clipped element by element; 0: none */
    int evaluations;   /* points of the curves; the first is step 0 */
};

struct evaluation_config {
    int tasks; /* size of the fixed evaluation set */
    int64_t seed;
    int64_t distillation; /* steps in which the analysis linearisation trains linear layers */
};

extern const struct key_table train_keys, evaluation_keys;

#endif
