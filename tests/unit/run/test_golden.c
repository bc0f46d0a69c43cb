/* The bits of results: hashes of curves and weights of small trainings. They are equal on every
 * instruction set, with gcc and clang. Whoever changes them changes what stored results mean: raise
 * RESULTS_VERSION in include/run/run.h, and write version and hashes (the test prints them) here,
 * in the same commit. */
#include <inttypes.h>

#include "analysis/analysis.h"
#include "base/hash.h"
#include "setup.h"

enum { GOLDEN_VERSION = 1 };

static const struct {
    const char *settings[10]; /* NULL-terminated */
    uint64_t hash;
} golden[] = {
    {{NULL}, 0x9fd19c9660ba2567},
    {{"model.depth=2", "model.heads=2", "model.weights=shared"}, 0x21d13d5150bb2c4d},
    {{"model.depth=4", "model.clip=0.5", "model.y_update=true", "model.damping=0.75"},
     0xb10517bbf9936ec6},
    {{"tokens.kind=separate", "model.depth=2", "model.layers=softmax linear",
      "model.positions=concatenated", "model.position_size=6"},
     0x169c080f9602b70f},
    {{"model.mlp=8", "model.layer_norm=true", "model.layers=mix", "task.outputs=2",
      "task.noise=0.1"},
     0xa6ced72de98e560b},
    {{"train.batch=150", "train.decay=0.1", "train.schedule=cosine", "train.warmup=3",
      "train.clip_value=0.01", "train.final_rate=1e-4"},
     0x76fa21dca902d9e0},
    {{"task.dimension=10", "task.context=10", "model.depth=2"}, 0x1cb5505f4f74212b},
    {{"task.dimension=10", "task.context=10", "model.depth=5", "model.heads=2", "model.clip=10"},
     0x73fa5037ff5a6925},
    {{"task.kind=linear_dynamics", "tokens.kind=constructed", "task.context=20", "task.noise=0.01",
      "model.depth=2", "model.keys_from=causal", "model.clip=4"},
     0x61cf336223461898},
    {{"task.kind=linear_dynamics", "tokens.kind=raw", "task.context=20", "model.depth=2",
      "model.keys_from=causal", "model.layers=softmax mesa", "model.embedding=8",
      "model.output_embedding=true"},
     0x304e9bb52bad242a},
    {{"task.inputs=mixed", "task.noisy_labels=2", "task.input_range=1.5"}, 0xdbb4e1581e855193},
    {{"task.kind=sine", "task.dimension=1", "task.input_range=10", "model.embedding=8",
      "model.input_mlp=20"},
     0x0c0a1f4cc797532b},
    {{"tokens.kind=separate", "tokens.readout=published", "model.depth=2",
      "model.layers=softmax linear", "model.positions=concatenated", "model.position_size=6"},
     0xd07c7dc3b11d4eea},
    {{"tokens.kind=separate", "model.prefix=1", "model.eos=2", "model.depth=2",
      "model.layers=softmax linear", "model.frozen=all except eos prefix"},
     0x3765e2b5df134c88},
    {{"task.kind=few_shot", "task.tasks=2", "task.noise=0.01", "tokens.kind=raw", "model.eos=2",
      "model.keys_from=causal", "model.layers=softmax", "model.embedding=8",
      "model.output_embedding=true"},
     0xbe1226e1ae8c2089},
    {{"task.kind=fixed_dynamics", "tokens.kind=raw", "model.keys_from=causal"}, 0x18c918661c10874b},
    {{"task.kind=contracting_dynamics", "task.dimension=10", "task.state_clip=2",
      "tokens.kind=constructed", "model.keys_from=causal"},
     0x2bba8b70828ae05f},
    {{"train.optimiser=sgd", "train.rate=0.5", "seed=7", "evaluation.seed=3"}, 0xca0c5a3587e2d932},
    {{"task.kind=partially_observed", "task.state=6", "task.noise=0.01", "tokens.kind=raw",
      "model.depth=2", "model.keys_from=causal", "model.layers=softmax linear",
      "model.positions=query_key", "model.normalise_keys=true"},
     0x52d0afa3a256e33f},
    {{"task.kind=nonlinear_dynamics", "task.input_range=0.5", "task.noise=0.01", "tokens.kind=raw",
      "model.kind=chebyshev", "model.depth=3", "model.keys_from=causal", "model.pairs=lagged"},
     0x63a037a81ae5af9a},
    {{"model.kind=gdpp", "model.depth=2", "model.rate=0.3"}, 0x3e15bc47aed4f147},
    {{"task.kind=sine", "task.dimension=1", "task.input_range=10", "model.kind=mlp_gd",
      "model.embedding=8", "model.input_mlp=20", "model.rate=0.01"},
     0xfcec13564de52a40},
};

/* Of the points of axes that are the same in all runs: a value stands where its label does. */
static const uint64_t golden_points = 0x65f23e81a9f753f6;

/* Of the values only: adding a column or moving one changes nothing. */
static uint64_t hash_of(const struct record *record)
{
    static const char *const columns[] = {"train_loss", "test_loss", "test_loss_median"};
    struct hash_xxh64 hash;
    hash_xxh64_begin(&hash, 0);
    for (size_t i = 0; i < COUNT(columns); i++) {
        const struct part *part = part_of(record, PART_COLUMN, column_named(columns[i]));
        hash_xxh64_add(&hash, part_data(part), (size_t)part->bytes);
    }
    const struct part *tensor;
    for (int i = 0; (tensor = part_of(record, PART_TENSOR, i)); i++)
        hash_xxh64_add(&hash, part_data(tensor), (size_t)tensor->bytes);
    return hash_xxh64_end(&hash);
}

static uint64_t trained(const char *const *settings)
{
    const char *all[32] = {TINY};
    int count = 0;
    while (all[count])
        count++;
    for (; *settings; settings++)
        all[count++] = *settings;
    struct run_config config = config_of(all);
    struct done done = execute(&config, 0, NULL);
    assert_int_equal(done.outcome, RUN_DONE);
    uint64_t hash = hash_of(&done.record);
    done_dispose(&done);
    return hash;
}

static void bits_of_results_change_only_with_their_version(void **state)
{
    (void)state;
    bool same = true;
    for (size_t i = 0; i < COUNT(golden); i++) {
        uint64_t hash = trained(golden[i].settings);
        if (hash != golden[i].hash)
            print_error("golden[%zu]: 0x%016" PRIx64 "\n", i, hash);
        same = same && hash == golden[i].hash;
    }
    assert_true(same);
    assert_int_equal(RESULTS_VERSION, GOLDEN_VERSION);
}

static void points_of_axes_change_only_with_their_version(void **state)
{
    (void)state;
    struct hash_xxh64 hash;
    hash_xxh64_begin(&hash, 0);
    for (int a = AXIS_NONE + 1; a < AXIS_COUNT; a++) {
        const struct axis *axis = analysis_axis((enum column_axis)a);
        bool fixed = axis && analysis_axis_fixed((enum column_axis)a);
        int points = fixed ? analysis_axis_length((enum column_axis)a, NULL, NULL) : 0;
        for (int i = 0; i < points; i++) {
            char point[64];
            if (axis->labels)
                snprintf(point, sizeof point, "%s %s", axis->name, axis->labels[i]);
            else
                snprintf(point, sizeof point, "%s %.6g", axis->name,
                         axis->value ? axis->value(i) : i);
            hash_xxh64_add(&hash, point, strlen(point) + 1);
        }
    }
    uint64_t found = hash_xxh64_end(&hash);
    if (found != golden_points)
        print_error("golden_points: 0x%016" PRIx64 "\n", found);
    assert_true(found == golden_points);
    assert_int_equal(RESULTS_VERSION, GOLDEN_VERSION);
}

static void they_are_the_same_on_every_instruction_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(golden); i++) {
        uint64_t best = trained(golden[i].settings);
        for (int k = 1; kernels_at(k); k++) {
            setenv("MESASWEEP_ISA", kernels_at(k)->name, 1);
            if (trained(golden[i].settings) != best)
                fail_msg("golden[%zu] differs with %s", i, kernels_at(k)->name);
            unsetenv("MESASWEEP_ISA");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_of_results_change_only_with_their_version),
        cmocka_unit_test(points_of_axes_change_only_with_their_version),
        cmocka_unit_test(they_are_the_same_on_every_instruction_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
