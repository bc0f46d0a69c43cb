#include "kinds.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

const char *const task_kinds[] = {
    "linear_regression",  "linear_dynamics",    "sine",
    "few_shot",           "fixed_dynamics",     "contracting_dynamics",
    "partially_observed", "nonlinear_dynamics", NULL};
static const char *const inputs_names[] = {"uniform", "exponential", "normal",
                                           "laplace", "mixed",       NULL};
static const char *const readout_names[] = {"clean", "published", NULL};
const char *const tokens_kinds[] = {"joint", "separate", "constructed", "raw", NULL};

/* clang-format off */
#define K(member, ...) KEY(struct task_config, member, .role = ROLE_SCIENCE, __VA_ARGS__)
static const struct key task_rows[] = {
    KEY_CHOICE_OF(struct task_config, kind, task_kinds,
      .name = "task.kind", .fallback = "linear_regression", .neutral = "linear_regression",
      .role = ROLE_SCIENCE, .help = "where data come from; sine: task.dimension 1; few_shot: a stream of x and y; the others: states s_1, s_2, ..., or what is observed of them"),
    K(dimension, .name = "task.dimension", .fallback = "10", .neutral = "10", .min = 1, .max = 64,
      .unit = "1", .help = "size of an input x, or of a state s, d"),
    K(context, .name = "task.context", .fallback = "10", .neutral = "10", .min = 1, .max = 512,
      .unit = "1", .help = "pairs (x, y) in the context, N; of dynamics their inputs, T"),
    K(tasks, .name = "task.tasks", .fallback = "1", .neutral = "1", .min = 1, .max = 16,
      .unit = "1", .help = "few_shot tasks, each with N pairs and weights of its own, that follow each other in one sequence"),
    K(state, .name = "task.state", .fallback = "0", .neutral = "0", .min = 0, .max = 64,
      .unit = "1", .help = "size of the state of which partially_observed shows task.dimension numbers (the paper: 15 and 5)"),
    K(outputs, .name = "task.outputs", .fallback = "1", .neutral = "1", .min = 1, .max = 16,
      .unit = "1", .help = "size of an output y, O"),
    K(input_range, .name = "task.input_range", .fallback = "1", .neutral = "1", .min = 1e-3, .max = 1e3,
      .free = true, .unit = "1", .help = "range r of the inputs: x ~ U(-r/2, r/2); of dynamics the first state (the paper: 2, nonlinear .5)"),
    KEY_CHOICE_OF(struct task_config, inputs, inputs_names, .name = "task.inputs", .fallback = "uniform",
      .neutral = "uniform", .role = ROLE_SCIENCE,
      .help = "distribution of x; other than uniform the context is scaled to the norm r; mixed: one of the three for each task"),
    K(noisy_labels, .name = "task.noisy_labels", .fallback = "0", .neutral = "0", .min = 0, .max = 512,
      .unit = "1", .help = "random pairs of the context whose y is replaced by N(0, 1)"),
    K(weight_scale, .name = "task.weight_scale", .fallback = "1", .neutral = "1", .min = 1e-6, .max = 1e3,
      .free = true, .unit = "1", .help = "standard deviation of the entries of a task's weights; factor of the amplitudes of sines"),
    K(noise, .name = "task.noise", .fallback = "0", .neutral = "0", .min = 0, .max = 1e3,
      .unit = "1", .help = "standard deviation of the noise on the y of the context, or on each state and observation"),
    K(state_clip, .name = "task.state_clip", .fallback = "10", .neutral = "10", .min = 1e-3, .max = 1e6,
      .unit = "1", .help = "limit of the states of a sequence"),
};
#undef K

static const struct key tokens_rows[] = {
    KEY_CHOICE_OF(struct tokens_config, kind, tokens_kinds,
      .name = "tokens.kind", .fallback = "joint", .neutral = "joint", .role = ROLE_SCIENCE,
      .help = "joint: one token (x, y) a pair; separate: a token for x, then one for y; "
              "sequences: constructed (0, s_t, s_t, s_t-1) or raw s_t"),
    KEY_CHOICE_OF(struct tokens_config, readout, readout_names, .name = "tokens.readout", .fallback = "clean",
      .neutral = "clean", .role = ROLE_SCIENCE,
      .help = "prediction: the channels of y, or as published the last of the stream; separate tokens then have width d"),
    KEY(struct tokens_config, masked, .name = "tokens.masked", .fallback = "false", .neutral = "false",
      .role = ROLE_SCIENCE, .unit = "1", .help = "constructed tokens (0, 0, s_t, s_t-1), for one layer"),
};
/* clang-format on */

const struct key_table task_keys = {"task", task_rows, COUNT(task_rows),
                                    sizeof(struct task_config)};
const struct key_table tokens_keys = {"tokens", tokens_rows, COUNT(tokens_rows),
                                      sizeof(struct tokens_config)};
