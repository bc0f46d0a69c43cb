/* Trains each kind of model that is smooth, one line "settings: test loss before and after" each.
 * Built with the engine in single and in double precision; precision.py compares. */
#include "setup.h"

static const char *const kinds[][10] = {
    {NULL},
    {"model.depth=2", "model.weights=shared", "model.heads=2"},
    {"model.depth=3", "model.y_update=true", "model.damping=0.75"},
    {"model.depth=2", "model.layers=softmax*", "model.heads=2"},
    {"model.layers=mix", "model.mlp=8", "model.layer_norm=true", "task.outputs=2"},
    {"model.kind=gdpp", "model.depth=2", "model.rate=0.1"},
    {"tokens.kind=separate", "model.depth=2", "model.layers=softmax linear",
     "model.positions=concatenated", "model.position_size=6"},
    {"task.kind=sine", "task.dimension=1", "task.input_range=10", "model.embedding=8",
     "model.input_mlp=20", "model.init_scale=0.02"},
    {"task.kind=sine", "task.dimension=1", "task.input_range=10", "model.kind=mlp_gd",
     "model.rate=0.01", "model.embedding=8", "model.input_mlp=20", "train.rate=1e-3"},
    {"task.kind=linear_dynamics", "tokens.kind=constructed", "task.context=20", "task.noise=0.01",
     "model.depth=2", "model.keys_from=causal", "train.rate=1e-3"},
    {"task.kind=linear_dynamics", "tokens.kind=constructed", "task.context=20", "task.noise=0.01",
     "model.layers=mesa", "model.keys_from=causal", "train.rate=1e-3"},
    {"task.kind=linear_dynamics", "tokens.kind=raw", "task.context=20", "model.depth=2",
     "model.keys_from=causal", "model.layers=softmax mesa", "model.embedding=8",
     "model.positions=query_key", "model.output_embedding=true", "train.rate=1e-3"},
    {"task.kind=contracting_dynamics", "tokens.kind=raw", "task.context=20", "task.noise=0.01",
     "model.kind=chebyshev", "model.depth=4", "model.keys_from=causal", "train.rate=1e-3"},
    {"task.kind=few_shot", "task.tasks=2", "task.noise=0.01", "tokens.kind=raw", "model.eos=2",
     "model.prefix=1", "model.embedding=8", "model.keys_from=causal", "train.rate=1e-3"},
    {"train.optimiser=sgd", "train.rate=0.5", "train.clip_norm=0"},
};

/* Whether one of the kinds above has that setting. */
static bool is_trained(const char *setting)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (int k = 0; k < 10 && kinds[i][k]; k++)
            if (strcmp(kinds[i][k], setting) == 0)
                return true;
    return false;
}

/* A kind that is new has to come here, too; the first of each is what the others leave as it is. */
static void check_kinds(const char *key)
{
    const struct key *row = schema_key(&run_schema, schema_find(&run_schema, key));
    for (int i = 1; row->choices[i]; i++) {
        char setting[128];
        snprintf(setting, sizeof setting, "%s=%s", key, row->choices[i]);
        if (!is_trained(setting)) {
            fprintf(stderr, "no run with %s\n", setting);
            exit(1);
        }
    }
}

int main(void)
{
    check_kinds("model.kind");
    check_kinds("tokens.kind");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const char *all[32] = {TINY, "train.steps=200", "evaluation.tasks=1000", "train.batch=64"};
        int count = 0;
        while (all[count])
            count++;
        for (int k = 0; k < 10 && kinds[i][k]; k++) {
            printf("%s ", kinds[i][k]);
            all[count++] = kinds[i][k];
        }
        struct run_config config = config_of(all);
        struct done done = execute(&config, 0, NULL);
        const float *losses =
            part_data(part_of(&done.record, PART_COLUMN, column_named("test_loss")));
        printf(": %.9g %.9g\n", (double)losses[0], (double)losses[2]);
        done_dispose(&done);
    }
    return 0;
}
