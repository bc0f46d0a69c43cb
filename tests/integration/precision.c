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
    {"train.optimiser=sgd", "train.rate=0.5", "train.clip_norm=0"},
};

int main(void)
{
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
