#include <string.h>

#include "engine_bench.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Paper 1's training (B = 2048) and paper 2's (B = 256); keys as in a sweep file. */
#define REG "train.batch=2048\ntrain.clip_norm=10\ntrain.rate=0.0005\n"
#define DYN                                                                                        \
    "task.kind=linear_dynamics\ntask.context=50\ntask.input_range=2\ntask.noise=0.01\n"            \
    "model.keys_from=causal\nmodel.key_size=20\nmodel.init=normal\nmodel.init_deviation=0.0002\n"  \
    "train.batch=256\ntrain.rate=0.0001\ntrain.beta1=0.9\ntrain.beta2=0.999\ntrain.decay=0.1\n"    \
    "train.clip_norm=0\ntrain.clip_value=1\ntokens.kind=constructed\n"

/* clang-format off */
static const struct bench_row rows[] = {
    {"reg-L1-H1",        "reg", "linear",   1, 1, 0,  REG},
    {"reg-L2-H1",        "reg", "linear",   2, 1, 0,  REG},
    {"reg-L5-H1",        "reg", "linear",   5, 1, 0,  REG},
    {"reg-L5-H4",        "reg", "linear",   5, 4, 0,  REG},
    {"reg-L12-H1",       "reg", "linear",  12, 1, 0,  REG},
    {"reg-L5-H1-clip",   "reg", "linear",   5, 1, 10, REG "model.weights=shared\n"},
    {"reg-L12-H1-clip",  "reg", "linear",  12, 1, 10, REG "model.weights=shared\n"},
    {"dyn-L1-H4",        "dyn", "linear",   1, 4, 0,  DYN "tokens.masked=true\n"},
    {"dyn-L2-H4",        "dyn", "linear",   2, 4, 0,  DYN},
    {"dyn-L6-H4",        "dyn", "linear",   6, 4, 0,  DYN},
    {"dyn-L2-H4-softmax", "dyn", "softmax", 2, 4, 0,  DYN},
    {"dyn-L1-H4-mesa",   "dyn", "mesa",     1, 4, 0,  DYN "tokens.masked=true\n"},
};
/* clang-format on */

int bench_rows(void)
{
    return COUNT(rows);
}

const struct bench_row *bench_row(int i)
{
    return &rows[i];
}

const struct bench_row *bench_find(const char *name)
{
    for (int i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}
