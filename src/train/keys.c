#include "train/config.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const optimisers[] = {"adam", "sgd", NULL};
static const char *const schedules[] = {"constant", "cosine", NULL};

/* clang-format off */
#define K(member, ...) KEY(struct train_config, member, .role = ROLE_SCIENCE, __VA_ARGS__)
static const struct key train_rows[] = {
    KEY_CHOICE_OF(struct train_config, optimiser, optimisers,
      .name = "train.optimiser", .fallback = "adam", .neutral = "adam", .role = ROLE_SCIENCE,
      .help = "adam (with train.decay: AdamW) or sgd"),
    K(steps, .name = "train.steps", .fallback = "5000", .neutral = "5000", .min = 1, .max = 1e8,
      .unit = "steps", .help = "training steps, each on fresh tasks"),
    K(batch, .name = "train.batch", .fallback = "2048", .neutral = "2048", .min = 1, .max = 1 << 20,
      .unit = "tasks", .help = "tasks in a step, B"),
    K(rate, .name = "train.rate", .fallback = "0.001", .neutral = "0.001", .min = 0, .max = 100,
      .free = true, .unit = "1", .help = "learning rate; with a schedule its peak"),
    KEY_CHOICE_OF(struct train_config, schedule, schedules,
      .name = "train.schedule", .fallback = "constant", .neutral = "constant", .role = ROLE_SCIENCE,
      .help = "rate after the warm-up: constant, or a cosine down to train.final_rate"),
    K(warmup, .name = "train.warmup", .fallback = "0", .neutral = "0", .min = 0, .max = 1e8,
      .unit = "steps", .help = "steps in which the rate grows from 0 to its peak"),
    K(decay_steps, .name = "train.decay_steps", .fallback = "0", .neutral = "0", .min = 0, .max = 1e8,
      .unit = "steps", .help = "step at which the cosine ends; 0: train.steps"),
    K(final_rate, .name = "train.final_rate", .fallback = "1e-05", .neutral = "1e-05", .min = 0, .max = 100,
      .free = true, .unit = "1", .help = "learning rate at the end of the cosine"),
    K(beta1, .name = "train.beta1", .fallback = "0.9", .neutral = "0.9", .min = 0, .max = 0.999999,
      .free = true, .unit = "1", .help = "Adam's decay of the mean gradient"),
    K(beta2, .name = "train.beta2", .fallback = "0.98", .neutral = "0.98", .min = 0, .max = 0.999999,
      .free = true, .unit = "1", .help = "Adam's decay of the mean squared gradient"),
    K(epsilon, .name = "train.epsilon", .fallback = "1e-08", .neutral = "1e-08", .min = 1e-16, .max = 1,
      .free = true, .unit = "1", .help = "added to the root of Adam's mean squared gradient"),
    K(decay, .name = "train.decay", .fallback = "0", .neutral = "0", .min = 0, .max = 100,
      .free = true, .unit = "1", .help = "decoupled weight decay (AdamW) of matrices, not of biases and gains"),
    K(clip_norm, .name = "train.clip_norm", .fallback = "0.001", .neutral = "0.001", .min = 0, .max = 1e9,
      .free = true, .unit = "1", .help = "largest norm of the whole gradient; 0: none"),
    K(clip_value, .name = "train.clip_value", .fallback = "0", .neutral = "0", .min = 0, .max = 1e9,
      .free = true, .unit = "1", .help = "largest size of one entry of the gradient, cut first; 0: none"),
    K(evaluations, .name = "train.evaluations", .fallback = "51", .neutral = "51", .min = 2, .max = 100001,
      .unit = "1", .help = "points of the curves; the first is step 0, the last the end"),
};
#undef K

#define K(member, ...) KEY(struct evaluation_config, member, .role = ROLE_SCIENCE, __VA_ARGS__)
static const struct key evaluation_rows[] = {
    K(tasks, .name = "evaluation.tasks", .fallback = "10000", .neutral = "10000", .min = 1, .max = 1e7,
      .unit = "tasks", .help = "size of the fixed evaluation set"),
    K(seed, .name = "evaluation.seed", .fallback = "0", .neutral = "0", .min = 0, .max = 0x1p53,
      .free = true, .unit = "1", .help = "seed of the evaluation set, the same for every run that shares it"),
    K(distillation, .name = "evaluation.distillation", .fallback = "2000", .neutral = "2000", .min = 1, .max = 1e8,
      .unit = "steps", .help = "steps in which the analysis linearisation trains linear layers"),
};
#undef K
/* clang-format on */

const struct key_table train_keys = {"train", train_rows, COUNT(train_rows),
                                     sizeof(struct train_config)};
const struct key_table evaluation_keys = {"evaluation", evaluation_rows, COUNT(evaluation_rows),
                                          sizeof(struct evaluation_config)};
