/* config.h - the keys task.* and tokens.*: where data come from. Rows: src/task/keys.c. */
#ifndef TASK_CONFIG_H
#define TASK_CONFIG_H

#include "config/key.h"

enum task_kind {
    TASK_LINEAR_REGRESSION,
    TASK_LINEAR_DYNAMICS,
    TASK_SINE,
    TASK_FEW_SHOT,
    TASK_FIXED_DYNAMICS,
    TASK_CONTRACTING_DYNAMICS,
    TASK_PARTIALLY_OBSERVED,
    TASK_NONLINEAR_DYNAMICS
};
enum task_inputs {
    INPUTS_UNIFORM,
    INPUTS_EXPONENTIAL,
    INPUTS_NORMAL,
    INPUTS_LAPLACE,
    INPUTS_MIXED /* of each task one of the three before */
};
enum tokens_kind { TOKENS_JOINT, TOKENS_SEPARATE, TOKENS_CONSTRUCTED, TOKENS_RAW };

enum tokens_readout {
    READOUT_CLEAN,    /* channels of y of the tokens */
    READOUT_PUBLISHED /* the last channels of the stream, whatever they are */
};

struct task_config {
    int kind;            /* enum task_kind */
    int dimension;       /* d */
    int context;         /* N, context pairs; of a sequence T, its inputs */
    int outputs;         /* O, size of y */
    double input_range;  /* r: x ~ U(-r/2, r/2), or the norm of the context's inputs */
    double weight_scale; /* of the labels: deviation of W, factor of a sine's amplitude */
    int inputs;          /* enum task_inputs: how x is distributed */
    int noisy_labels;    /* labels of the context that are N(0, 1) instead */
    double noise;      /* standard deviation: of the noise on the y of the context, or of a state */
    double state_clip; /* |s| <= state_clip in a sequence */
    int tasks;         /* few-shot tasks in one sequence, one behind the other */
    int state;         /* size of the state behind observations; 0: states are what is seen */
};

struct tokens_config {
    int kind;    /* enum tokens_kind */
    int readout; /* enum tokens_readout */
    bool masked; /* constructed tokens without their second channel */
};

extern const struct key_table task_keys, tokens_keys;

#endif
