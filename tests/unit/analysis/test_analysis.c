/* What holds for every analysis of the table, and the probes of models whose answer is known. */
#include "bench.h"

#include "math/lapack.h"
#include "theory/construction.h"
#include "theory/expectation.h"

static void names_and_columns_are_unique_and_described(void **state)
{
    (void)state;
    for (int i = 0; i < analysis_count(); i++) {
        const struct analysis *a = analysis_at(i);
        assert_ptr_equal(bench_find(a->name), a); /* the first of that name */
        assert_true(strlen(a->about) > 0 && a->about[strlen(a->about) - 1] != '.');
        assert_true(a->column_count > 0);
        for (int c = 0; c < a->column_count; c++) {
            const struct column *column = &a->columns[c];
            assert_true(column->unit && column->about && strlen(column->about) > 0);
            for (int j = 0; j <= i; j++)
                for (int k = 0; k < (j < i ? analysis_at(j)->column_count : c); k++)
                    assert_string_not_equal(column->name, analysis_at(j)->columns[k].name);
        }
    }
}

static const struct bench_setting joint = {
    PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 2}, {.tasks = 100, .seed = 1}};
static const struct bench_setting prefixed = {PAPER_TASK,
                                              {.kind = TOKENS_JOINT},
                                              {LINEAR_MODEL, .depth = 2, .prefix = 2},
                                              {.tasks = 100, .seed = 1}};
static const struct bench_setting parted = {PAPER_TASK,
                                            {.kind = TOKENS_JOINT},
                                            {LINEAR_MODEL, .depth = 1, .prefix = 1, .eos = 2},
                                            {.tasks = 100, .seed = 1}};
static const struct bench_setting separate = {
    PAPER_TASK, {.kind = TOKENS_SEPARATE}, {COPYING_MODEL, .depth = 2}, {.tasks = 100, .seed = 1}};

static const struct bench_setting single = {
    PAPER_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 1}, {.tasks = 100, .seed = 1}};

static const struct bench_setting odd = {
    ODD_TASK, {.kind = TOKENS_JOINT}, {LINEAR_MODEL, .depth = 1}, {.tasks = 100, .seed = 1}};

static const struct bench_setting sine = {
    {.kind = TASK_SINE,
     .dimension = 1,
     .context = 10,
     .outputs = 1,
     .input_range = 10,
     .weight_scale = 1},
    {.kind = TOKENS_JOINT},
    {LINEAR_MODEL, .depth = 1, .embedding = 6, .input_mlp = 8},
    {.tasks = 100, .seed = 1}};
static const struct bench_setting sequence = {
    {.kind = TASK_LINEAR_DYNAMICS,
     .dimension = 3,
     .context = 7,
     .outputs = 1,
     .input_range = 2,
     .noise = .01,
     .state_clip = 10,
     .tasks = 1},
    {.kind = TOKENS_CONSTRUCTED},
    {LINEAR_MODEL, .depth = 2, .keys_from = KEYS_CAUSAL, .clip = 4},
    {.tasks = 100, .seed = 1}};
static const struct bench_setting softmax = {PAPER_TASK,
                                             {.kind = TOKENS_JOINT},
                                             {.heads = 2,
                                              .depth = 1,
                                              .layers = {"softmax"},
                                              .frozen = {"none"},
                                              .position_size = 10,
                                              .position_base = 10000,
                                              .damping = 1,
                                              .init_scale = 1},
                                             {.tasks = 100, .seed = 1}};

static const struct bench_setting raw = {
    {.kind = TASK_LINEAR_DYNAMICS,
     .dimension = 2,
     .context = 25,
     .outputs = 1,
     .input_range = 2,
     .weight_scale = 1,
     .noise = .01,
     .state_clip = 10,
     .tasks = 1},
    {.kind = TOKENS_RAW},
    {COPYING_MODEL, .depth = 2, .embedding = 5, .output_embedding = true, .keys_from = KEYS_CAUSAL},
    {.tasks = 100, .seed = 1}};

static const struct bench_setting shots = {
    {.kind = TASK_FEW_SHOT,
     .dimension = 2,
     .context = 5,
     .outputs = 1,
     .input_range = 2,
     .weight_scale = 1,
     .noise = .01,
     .state_clip = 10,
     .tasks = 2},
    {.kind = TOKENS_RAW},
    {COPYING_MODEL, .depth = 2, .embedding = 5, .output_embedding = true, .keys_from = KEYS_CAUSAL},
    {.tasks = 100, .seed = 1}};

static void axes_have_the_lengths_of_the_run(void **state)
{
    (void)state;
    static const struct {
        const struct bench_setting *setting;
        int layers, positions;
    } cases[] = {{&joint, 3, 11}, {&separate, 3, 21}, {&prefixed, 3, 13}, {&parted, 2, 17}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        static struct bench bench;
        bench_open(&bench, cases[i].setting, NULL);
        const struct task *task = &bench.task;
        const struct model_config *model = &bench.model.config;
        assert_int_equal(analysis_axis_length(AXIS_LAYER, task, model), cases[i].layers);
        assert_int_equal(analysis_axis_length(AXIS_POSITION, task, model), cases[i].positions);
        assert_int_equal(analysis_axis_length(AXIS_TARGET, task, model), cases[i].layers);
        assert_int_equal(analysis_axis_length(AXIS_PAIR, task, model), 10);
        bench_execute(&bench, "probe"); /* columns of these lengths */
        assert_int_equal(analysis_axis_length(AXIS_EVALUATION, task, model), -1);
        bench_close(&bench);
    }
}

static bool has_bits(const struct analysis *analysis)
{
    for (int c = 0; c < analysis->column_count; c++)
        if (analysis->columns[c].level == LEVEL_BITS)
            return true;
    return false;
}

/* Columns of level BITS have equal bits with every instruction set. */
static void bits_do_not_depend_on_the_instruction_set(void **state)
{
    (void)state;
    static const struct bench_setting *const settings[] = {&single,  &joint, &separate, &sine,
                                                           &softmax, &raw,   &sequence, &shots};
    static bool executed[64];
    static struct bench first, other;
    for (size_t k = 0; k < COUNT(settings); k++) {
        struct bench_setting setting = *settings[k];
        setting.evaluation.tasks = 20;
        for (int a = 0; a < analysis_count(); a++) {
            if (!has_bits(analysis_at(a)) || !bench_applies(&setting, analysis_at(a)))
                continue;
            executed[a] = true;
            bench_open(&first, &setting, kernels_at(0));
            model_draw(first.weights, &first.model, 5);
            bench_snapshot(&first);
            bench_execute(&first, analysis_at(a)->name);
            for (int isa = 1; kernels_at(isa); isa++) {
                bench_open(&other, &setting, kernels_at(isa));
                model_draw(other.weights, &other.model, 5);
                bench_snapshot(&other);
                bench_execute(&other, analysis_at(a)->name);
                for (int c = 0; c < analysis_at(a)->column_count; c++)
                    if (analysis_at(a)->columns[c].level == LEVEL_BITS)
                        assert_memory_equal(other.values[c], first.values[c],
                                            sizeof first.values[c]);
                bench_close(&other);
            }
            bench_close(&first);
        }
    }
    for (int a = 0; a < analysis_count(); a++)
        assert_int_equal(executed[a], has_bits(analysis_at(a)));
}

/* More tasks change nothing, and all of those that are said count. The rate of descent is that of
 * another search. */
static void a_long_evaluation_set_is_read_as_far_as_is_said(void **state)
{
    (void)state;
    static const struct {
        const struct bench_setting *setting;
        const char *analysis;
        int tasks;
    } cases[] = {{&raw, "copy_sensitivity", 256},
                 {&separate, "copying", 512},
                 {&sequence, "condition", 1024},
                 {&odd, "repetition", 16384}};
    static const int more[] = {0, LANES + 1, -LANES};
    static double as_said[BENCH_COLUMNS][BENCH_VALUES];
    for (size_t k = 0; k < COUNT(cases); k++)
        for (int i = 0; i < 3; i++) {
            static struct bench bench;
            struct bench_setting setting = *cases[k].setting;
            struct fits fits = {.has_rate = true, .rate = .1};
            setting.evaluation.tasks = cases[k].tasks + more[i];
            bench_open(&bench, &setting, NULL);
            bench.input.fits = &fits;
            model_draw(bench.weights, &bench.model, 5);
            bench_execute(&bench, cases[k].analysis);
            if (i == 0)
                memcpy(as_said, bench.values, sizeof as_said);
            bool same = memcmp(as_said, bench.values, sizeof as_said) == 0;
            assert_int_equal(same, more[i] >= 0);
            bench_close(&bench);
        }
}

/* Baselines are a pure function of task and evaluation set: with any compiler and on any machine.
 * Changing them changes stored results. */
static void baselines_keep_their_bits(void **state)
{
    (void)state;
    static const struct {
        const struct bench_setting *setting;
        double rate, loss;
    } golden[] = {{&joint, 0x1.6362ba00547f9p-1, 0x1.4d66cfdc2d48fp-3},
                  {&separate, 0x1.04f68720c32fep-1, 0x1.f831dd4f711c4p-3}};
    static struct bench bench;
    for (size_t i = 0; i < COUNT(golden); i++) {
        bench_open(&bench, golden[i].setting, NULL);
        bench_execute(&bench, "gd");
        double rate = bench_value(&bench, "gd_rate"), loss = bench_value(&bench, "gd_loss");
        if (rate != golden[i].rate || loss != golden[i].loss)
            fail_msg("golden[%zu]: %a, %a", i, rate, loss);
        bench_close(&bench);
    }
    bench_open(&bench, &joint, NULL);
    bench_execute(&bench, "gdpp");
    double gamma = bench.values[bench_column(&bench, "gdpp_gamma")][1];
    double loss = bench_value(&bench, "gdpp_loss");
    if (gamma != 0x1.881dea4130ddfp-2 || loss != 0x1.c262184ee885cp-4)
        fail_msg("gdpp: %a, %a", gamma, loss);
    bench_close(&bench);
    bench_open(&bench, &sequence, NULL);
    bench_execute(&bench, "dynamics_baselines");
    enum { CHEBYSHEV = (6 * 14 + 3) * 2 }; /* of the last of 7 tokens, inclusive */
    loss = bench.values[bench_column(&bench, "forecast_loss")][CHEBYSHEV];
    if (loss != 0x1.9eace7e439c2fp-9)
        fail_msg("chebyshev: %a", loss);
    bench_close(&bench);
}

/* A model of weights that are not finite is an outcome: NaN, and nothing hangs. */
static void a_diverged_model_gives_nan(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &joint, NULL);
    for (size_t i = 0; i < bench.model.parameters; i++)
        bench.weights[i] = NAN;
    bench_execute(&bench, "gd");
    assert_true(isnan(bench_value(&bench, "gd_ratio")));
    assert_true(isfinite(bench_value(&bench, "gd_loss")));
    bench_execute(&bench, "alignment");
    assert_true(isnan(bench_value(&bench, "model_cos")));
    bench_execute(&bench, "probe");
    assert_true(isnan(bench_value(&bench, "probe_r2_query")));
    assert_true(isfinite(bench_value(&bench, "probe_r2"))); /* the input is fine */
    bench_execute(&bench, "gdpp");
    assert_true(isnan(bench_value(&bench, "gdpp_ratio")));
    assert_true(isnan(bench_value(&bench, "gdpp_model_cos")));
    assert_true(isfinite(bench_value(&bench, "gdpp_loss")));
    bench_execute(&bench, "distribution");
    const double *losses = bench.values[bench_column(&bench, "range_loss_trimmed")];
    assert_true(isnan(losses[0]) && isfinite(losses[51]));
    bench_close(&bench);
}

/* One step of descent is a linear function of the query's token after the layer, (x_q, -yhat), and
 * the best one: c* was chosen so. So the probe reads exactly the share of the variance that descent
 * explains, 1 - .206229 / .416667. The input says nothing: y = w . x_q with w of mean 0. What other
 * tokens say about y_q is nothing either. Held-out R^2 from 2,048 tasks: the loss of a task has
 * std/mean 1.6 (GD) and 1.4 (zero), so .5 (1.6 + 1.4) / sqrt(2048) < .035 at one standard error of
 * each, .1 at three; noise gives -(D + 1)/2048 and a spread of 2 sqrt(D / 2048 / 2048) = .003. */
static void probes_read_what_descent_has_written(void **state)
{
    (void)state;
    static struct bench bench;
    struct bench_setting setting = joint;
    setting.model.depth = 1;
    bench_open(&bench, &setting, NULL);
    const struct task_config *task = &bench.task.config;
    struct descent best = {.rate = expected_descent_rate(task)};
    construction_write(bench.weights, &bench.model, &bench.task, &best);
    bench_execute(&bench, "probe");
    const double *r2 = bench.values[bench_column(&bench, "probe_r2")];
    double share = 1 - expected_descent_loss(task, best.rate) / expected_zero_loss(task);
    assert_near(r2[2 * (11 + 10)], share, .1);
    assert_near(bench_value(&bench, "probe_r2_query"), r2[2 * (11 + 10)],
                1e-7); /* one is a float */
    for (int t = 0; t < 11; t++) {
        assert_near(r2[2 * t], 0, .02);
        if (t < 10)
            assert_near(r2[2 * (11 + t)], 0, .02);
    }
    bench_close(&bench);
}

/* After layer l of the construction the query's token holds -yhat of step l. The ridge leaves out
 * 1e-8 of the variance at least, the floats of the stream 1e-7 of the values. Before, it holds x_q:
 * yhat is bilinear in x_q and the context, whose mean is 0; bound as above. With separate tokens
 * the last layer has no step. */
static void probes_find_the_steps_of_descent(void **state)
{
    (void)state;
    static struct bench bench;
    bench_open(&bench, &joint, NULL);
    bench_execute(&bench, "gd");
    struct descent descent = {.rate = bench_value(&bench, "gd_rate")};
    construction_write(bench.weights, &bench.model, &bench.task, &descent);
    bench_execute(&bench, "probe");
    const double(*of_query)[3] = (const double(*)[3])bench.values[0] + 10; /* every 11th */
    for (int step = 1; step <= 2; step++) {
        assert_near(of_query[0][step], 0, .02);
        assert_near(of_query[step * 11][step], 1, 1e-6);
        assert_true(of_query[(3 - step) * 11][step] < .999);
    }
    bench_close(&bench);
    bench_open(&bench, &separate, NULL);
    bench_execute(&bench, "probe");
    for (int place = 0; place < 3 * 21; place++)
        assert_true(isnan(bench.values[0][3 * place + 2]));
    bench_close(&bench);
}

int main(void)
{
    lapack_threads(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_columns_are_unique_and_described),
        cmocka_unit_test(axes_have_the_lengths_of_the_run),
        cmocka_unit_test(bits_do_not_depend_on_the_instruction_set),
        cmocka_unit_test(a_long_evaluation_set_is_read_as_far_as_is_said),
        cmocka_unit_test(baselines_keep_their_bits),
        cmocka_unit_test(a_diverged_model_gives_nan),
        cmocka_unit_test(probes_read_what_descent_has_written),
        cmocka_unit_test(probes_find_the_steps_of_descent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
