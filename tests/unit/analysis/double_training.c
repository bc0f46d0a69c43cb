/* The analysis `training_alignment`: each snapshot is what `alignment` and `gdpp` say of its
 * weights. */
#include "written.h"

enum { SNAPSHOTS = 3 };

static const struct bench_setting settings[] = {
    {PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 1}, {.tasks = 100, .seed = 3}},
    {PAPER_TASK,
     {.kind = TOKENS_JOINT},
     {LINEAR_MODEL, .depth = 2, .weights = WEIGHTS_SHARED},
     {.tasks = 100, .seed = 3}},
    {ODD_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 2, .clip = 2}, {.tasks = 20}},
    {PAPER_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 2}, {.tasks = 40}},
};

/* Column of a snapshot, and the column of another analysis that it is of its weights. */
static const struct {
    const char *column, *analysis, *of_weights;
} same[] = {
    {"snapshot_loss", "layer_losses", "layer_loss"},
    {"snapshot_loss_median", "layer_losses", "layer_loss_median"},
    {"snapshot_loss_trimmed", "layer_losses", "layer_loss_trimmed"},
    {"snapshot_gd_ratio", "gd", "gd_ratio"},
    {"snapshot_preds_diff", "alignment", "preds_diff"},
    {"snapshot_model_diff", "alignment", "model_diff"},
    {"snapshot_model_cos", "alignment", "model_cos"},
    {"snapshot_gdpp_ratio", "gdpp", "gdpp_ratio"},
    {"snapshot_gdpp_preds_diff", "gdpp", "gdpp_preds_diff"},
    {"snapshot_gdpp_model_diff", "gdpp", "gdpp_model_diff"},
    {"snapshot_gdpp_model_cos", "gdpp", "gdpp_model_cos"},
};

/* The passes differ in the order of their sums: 1e-11 relative in double, as for constructions. */
static void assert_as_of_weights(struct bench *bench, const double found[], int snapshot)
{
    size_t P = bench->model.parameters;
    const real *weights = bench->input.snapshot_weights;
    memcpy(bench->weights, weights + (size_t)snapshot * P, P * sizeof(real));
    for (size_t i = 0; i < COUNT(same); i++) {
        const struct analysis *of = bench_find(same[i].analysis);
        if (!of->applies(&bench->task.config, &bench->task.tokens, &bench->model.config)) {
            assert_true(isnan(found[i]));
            continue;
        }
        bench_execute(bench, same[i].analysis);
        int column = bench_column(bench, same[i].of_weights);
        bool layers = bench->analysis->columns[column].axes[0] == AXIS_LAYER;
        double expected = bench->values[column][layers ? bench->model.L : 0];
        assert_near(found[i], expected, 1e-11 * fabs(expected));
    }
}

static void snapshots_are_what_their_weights_are(void **state)
{
    (void)state;
    static const int64_t steps[SNAPSHOTS] = {0, 5, 9};
    for (size_t k = 0; k < COUNT(settings); k++) {
        static struct bench bench;
        struct fits fits = {0};
        bench_open(&bench, &settings[k], NULL);
        size_t P = bench.model.parameters;
        real *kept = calloc(SNAPSHOTS * P, sizeof(real));
        for (int s = 0; s < SNAPSHOTS; s++)
            model_draw(kept + (size_t)s * P, &bench.model, (uint64_t)s);
        bench.input.fits = &fits;
        bench.input.snapshots = SNAPSHOTS;
        bench.input.snapshot_steps = steps;
        bench.input.snapshot_weights = kept;
        bench_execute(&bench, "training_alignment");
        double found[SNAPSHOTS][COUNT(same)];
        for (int s = 0; s < SNAPSHOTS; s++)
            for (size_t i = 0; i < COUNT(same); i++)
                found[s][i] = bench.values[bench_column(&bench, same[i].column)][s];
        for (int s = 0; s < SNAPSHOTS; s++)
            assert_as_of_weights(&bench, found[s], s);
        free(kept);
        bench_close(&bench);
    }
}

/* A snapshot that has the weights of GD++ is GD++; sums of 11 tokens and 10 channels in double. */
static void a_snapshot_of_gdpp_is_gdpp(void **state)
{
    (void)state;
    static struct bench bench;
    struct fits fits = {0};
    bench_open(&bench, &settings[1], NULL);
    bench.input.fits = &fits;
    bench_execute(&bench, "gdpp");
    written_gdpp(&bench, &fits.gdpp);
    bench_snapshot(&bench);
    bench_execute(&bench, "training_alignment");
    assert_near(bench_value(&bench, "snapshot_gdpp_ratio"), 1, 1e-11);
    assert_near(bench_value(&bench, "snapshot_gdpp_preds_diff"), 0, 1e-11);
    assert_near(bench_value(&bench, "snapshot_gdpp_model_cos"), 1, 1e-11);
    assert_true(bench_value(&bench, "snapshot_gd_ratio") < 1);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots_are_what_their_weights_are),
        cmocka_unit_test(a_snapshot_of_gdpp_is_gdpp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
