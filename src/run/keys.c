/* The keys of a run that belong to no lower layer, and the schema of all keys. */
#include "run/config.h"
#include "run/keep.h"
#include "run/start.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static enum status check_keep(const char *text, struct error *err)
{
    struct keep keep;
    return keep_read(&keep, text, err);
}

/* clang-format off */
static const struct key seed_rows[] = {
    {.name = "seed", .type = KEY_LONG, .offset = 0, .fallback = "0", .neutral = "0",
     .free = true, .min = 0, .max = 0x1p53, .role = ROLE_SCIENCE, .unit = "1",
     .help = "seed of the initial weights and of the training data"},
};

static const struct key start_rows[] = {
    KEY(struct start_config, run,
      .name = "start.run", .check = start_check, .fallback = "none", .neutral = "none",
      .role = ROLE_SCIENCE,
      .help = "identity of a finished run whose weights this one starts from; tensors that it does not have are drawn"),
    KEY(struct start_config, file,
      .name = "start.file", .fallback = "none", .role = ROLE_EXECUTION,
      .help = "result file that has the run of start.run, seen from where mesasweep is called"),
};

static const struct key keep_rows[] = {
    KEY(struct keep_config, weights,
      .name = "keep.weights", .check = check_keep, .fallback = "final", .role = ROLE_EXECUTION,
      .help = "weights stored in the file: none, final, or {at: [500, 1000]}: also after so many steps"),
};

static const struct key retry_rows[] = {
    KEY(struct retry_config, attempts,
      .name = "retry.attempts", .fallback = "2", .min = 1, .max = 100, .role = ROLE_EXECUTION,
      .unit = "1", .help = "attempts at a run that crashed or ran out of time or memory"),
};

#define K(member, ...) KEY(struct limits_config, member, .role = ROLE_EXECUTION, __VA_ARGS__)
static const struct key limits_rows[] = {
    K(seconds, .name = "limits.seconds", .fallback = "0", .min = 0, .max = 1e9,
      .unit = "s", .help = "time of one attempt; 0: no limit"),
    K(memory, .name = "limits.memory", .fallback = "0", .min = 0, .max = 1e15,
      .unit = "B", .help = "memory of one run; 0: no limit"),
    K(file, .name = "limits.file", .fallback = "20e9", .min = 1, .max = 1e18,
      .unit = "B", .help = "a larger result file needs --yes"),
};
#undef K

static const struct key checkpoint_rows[] = {
    KEY(struct checkpoint_config, minutes,
      .name = "checkpoint.minutes", .fallback = "10", .min = 0.01, .max = 1e5,
      .role = ROLE_EXECUTION, .unit = "min", .help = "time between two checkpoints of a long run"),
};

static const char *const coordinator_choices[] = {"auto", "always", "never", NULL};
static const struct key cluster_rows[] = {
    KEY_CHOICE_OF(struct cluster_config, coordinator_runs, coordinator_choices,
      .name = "cluster.coordinator_runs", .fallback = "auto", .role = ROLE_EXECUTION,
      .help = "whether rank 0 computes runs too; auto: up to 128 ranks"),
};
/* clang-format on */

#define TABLE(section, rows, size)                                                                 \
    {                                                                                              \
        section, rows, COUNT(rows), size                                                           \
    }
static const struct key_table seed_keys = TABLE("seed", seed_rows, sizeof(int64_t));
static const struct key_table start_keys = TABLE("start", start_rows, sizeof(struct start_config));
static const struct key_table keep_keys = TABLE("keep", keep_rows, sizeof(struct keep_config));
static const struct key_table retry_keys = TABLE("retry", retry_rows, sizeof(struct retry_config));
static const struct key_table limits_keys =
    TABLE("limits", limits_rows, sizeof(struct limits_config));
static const struct key_table checkpoint_keys =
    TABLE("checkpoint", checkpoint_rows, sizeof(struct checkpoint_config));
static const struct key_table cluster_keys =
    TABLE("cluster", cluster_rows, sizeof(struct cluster_config));

/* clang-format off */
const struct schema run_schema = {
    .tables = {
        {&task_keys,       offsetof(struct run_config, task)},
        {&tokens_keys,     offsetof(struct run_config, tokens)},
        {&model_keys,      offsetof(struct run_config, model)},
        {&train_keys,      offsetof(struct run_config, train)},
        {&evaluation_keys, offsetof(struct run_config, evaluation)},
        {&seed_keys,       offsetof(struct run_config, seed)},
        {&start_keys,      offsetof(struct run_config, start)},
        {&keep_keys,       offsetof(struct run_config, keep)},
        {&retry_keys,      offsetof(struct run_config, retry)},
        {&limits_keys,     offsetof(struct run_config, limits)},
        {&checkpoint_keys, offsetof(struct run_config, checkpoint)},
        {&cluster_keys,    offsetof(struct run_config, cluster)},
    },
    .count = 12,
    .size = sizeof(struct run_config),
};
/* clang-format on */
