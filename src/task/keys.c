#include "task/config.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const task_kinds[] = {"linear_regression", NULL};
static const char *const tokens_kinds[] = {"joint", "separate", NULL};

/* clang-format off */
#define K(member, ...) KEY(struct task_config, member, .role = ROLE_SCIENCE, __VA_ARGS__)
static const struct key task_rows[] = {
    KEY_CHOICE_OF(struct task_config, kind, task_kinds,
      .name = "task.kind", .fallback = "linear_regression", .neutral = "linear_regression",
      .role = ROLE_SCIENCE, .help = "where data come from"),
    K(dimension, .name = "task.dimension", .fallback = "10", .neutral = "10", .min = 1, .max = 64,
      .unit = "1", .help = "size of an input x, d"),
    K(context, .name = "task.context", .fallback = "10", .neutral = "10", .min = 1, .max = 512,
      .unit = "pairs", .help = "pairs (x, y) in the context, N"),
    K(outputs, .name = "task.outputs", .fallback = "1", .neutral = "1", .min = 1, .max = 16,
      .unit = "1", .help = "size of an output y, O"),
    K(input_range, .name = "task.input_range", .fallback = "1", .neutral = "1", .min = 1e-3, .max = 1e3,
      .unit = "1", .help = "range r of the inputs: x ~ U(-r/2, r/2)"),
    K(weight_scale, .name = "task.weight_scale", .fallback = "1", .neutral = "1", .min = 1e-6, .max = 1e3,
      .unit = "1", .help = "standard deviation of the entries of a task's weights"),
    K(noise, .name = "task.noise", .fallback = "0", .neutral = "0", .min = 0, .max = 1e3,
      .unit = "1", .help = "standard deviation of the noise on the y of the context"),
};
#undef K

static const struct key tokens_rows[] = {
    KEY_CHOICE_OF(struct tokens_config, kind, tokens_kinds,
      .name = "tokens.kind", .fallback = "joint", .neutral = "joint", .role = ROLE_SCIENCE,
      .help = "joint: one token (x, y) a pair; separate: a token for x, then one for y"),
};
/* clang-format on */

const struct key_table task_keys = {"task", task_rows, COUNT(task_rows),
                                    sizeof(struct task_config)};
const struct key_table tokens_keys = {"tokens", tokens_rows, COUNT(tokens_rows),
                                      sizeof(struct tokens_config)};
