/* Without these, the (a, b) that model.kind: chebyshev learns would be of another algorithm, or of
 * a wrong gradient. */
#include "runner.h"

#include "theory/forecast.h"

enum { d = 3, T = 7, L = 4 };

static const struct model_config chebyshev = {.kind = MODEL_CHEBYSHEV,
                                              .layers = {"linear*"},
                                              .depth = L,
                                              .heads = 1,
                                              .keys_from = KEYS_CAUSAL,
                                              .damping = 1,
                                              .frozen = {"none"}};

static const struct tokens_config raw = {.kind = TOKENS_RAW};

/* step and momentum of each layer, one behind the other. */
static const double numbers[2 * L] = {1.03, .2, 3.8, .6, 2.5, .5, 2.1, 1.7};

static void open_runner(struct runner *runner, const struct model_config *model)
{
    runner_open(runner, &small_sequence, &raw, model);
    assert_int_equal(runner->model.parameters, 2 * L);
    for (int i = 0; i < 2 * L; i++)
        runner->weights[i] = (real)numbers[i];
}

/* `unit` adds 1e-12 to |M|^2, which is above .05 where there is a pair: the norm is 1e-11 too
 * large, and A with it, four times. */
static void it_predicts_as_the_algorithm(void **state)
{
    (void)state;
    static double states[T * d * LANES], theory[T * d * LANES], scratch[256 * LANES];
    struct forecast sequences = {d, T, d, states, states};
    struct solver solver = solver_constant(SOLVER_CHEBYSHEV, L, 0, 0);
    assert_true(forecast_scratch(&sequences) <= COUNT(scratch));
    for (int l = 0; l < L; l++) {
        solver.a[l] = numbers[2 * l];
        solver.b[l] = numbers[2 * l + 1];
    }
    for (int pairs = 0; pairs < 2; pairs++) {
        struct runner runner;
        struct model_config model = chebyshev;
        model.pairs = pairs;
        open_runner(&runner, &model);
        const real *outputs = runner_predict(&runner, 0);
        for (int i = 0; i < T * d * LANES; i++)
            states[i] = (double)pass_tokens(runner.pass)[i];
        forecast_solve(pairs == PAIRS_INCLUSIVE ? theory : NULL,
                       pairs == PAIRS_LAGGED ? theory : NULL, &sequences, &solver, scratch);
        for (int i = 0; i < T * d * LANES; i++)
            assert_near((double)outputs[i], theory[i], 1e-10);
        runner_close(&runner);
    }
}

static void it_begins_as_neumanns_series(void **state)
{
    (void)state;
    struct runner runner;
    runner_open(&runner, &small_sequence, &raw, &chebyshev);
    model_draw(runner.weights, &runner.model, 3);
    for (int i = 0; i < runner.model.tensor_count; i++) {
        const struct tensor *tensor = &runner.model.tensors[i];
        bool step = strcmp(tensor->name, "step") == 0;
        assert_true(step || strcmp(tensor->name, "momentum") == 0);
        assert_int_equal(tensor->layer, i / 2);
        assert_false(tensor->decays);
        assert_true(runner.weights[tensor->offset] == (real)step);
    }
    runner_close(&runner);
}

/* sum of weights times outputs, the weights those of one group. */
static double weighted(struct runner *runner, const real *weights)
{
    const real *outputs = runner_predict(runner, 0);
    double sum = 0;
    for (int i = 0; i < T * d * LANES; i++)
        sum += (double)weights[i] * (double)outputs[i];
    return sum;
}

/* Central differences of h = 1e-5: the error is h^2 / 6 of the third derivative, and 1e-16 / h of
 * the sum, each below 1e-8 of the largest entry. */
static void its_gradient_is_that_of_central_differences(void **state)
{
    (void)state;
    static real weights[T * d * LANES];
    uint64_t seed = 4;
    for (int i = 0; i < T * d * LANES; i++)
        weights[i] = (real)sample_normal(&seed);
    for (int pairs = 0; pairs < 2; pairs++) {
        struct runner runner;
        struct model_config model = chebyshev;
        double gradient[2 * L] = {0}, largest = 0, h = 1e-5;
        model.pairs = pairs;
        open_runner(&runner, &model);
        weighted(&runner, weights);
        pass_backward(runner.pass, weights);
        pass_super_group(runner.pass);
        pass_backward(runner.pass, weights); /* twice: it adds up */
        pass_gradient(runner.pass, gradient);
        for (int i = 0; i < 2 * L; i++)
            largest = fmax(largest, fabs(gradient[i] / 2));
        for (int i = 0; i < 2 * L; i++) {
            runner.weights[i] = (real)(numbers[i] + h);
            double above = weighted(&runner, weights);
            runner.weights[i] = (real)(numbers[i] - h);
            double below = weighted(&runner, weights);
            runner.weights[i] = (real)numbers[i];
            assert_near(gradient[i] / 2, (above - below) / (2 * h), 1e-7 * largest);
        }
        assert_near(gradient[1], 0, 0); /* the first step has nothing before it */
        runner_close(&runner);
    }
}

static void it_needs_states_and_nothing_else(void **state)
{
    (void)state;
    struct task task;
    struct model model;
    struct error err;
    struct model_config wide = chebyshev, several = chebyshev;
    assert_int_equal(task_init(&task, &small_sequence,
                               &(struct tokens_config){.kind = TOKENS_CONSTRUCTED}, NULL),
                     OK);
    assert_int_equal(model_init(&model, &chebyshev, &task.shape, &err), ERR_CONFIG);
    assert_string_equal(err.text,
                        "model.kind: chebyshev needs tokens.kind: raw, and a task.kind of "
                        "which every token predicts the next one");
    assert_int_equal(task_init(&task, &small_sequence, &raw, NULL), OK);
    wide.embedding = 8;
    wide.output_embedding = true;
    assert_int_equal(model_init(&model, &wide, &task.shape, &err), ERR_CONFIG);
    assert_string_equal(err.text, "model.kind: chebyshev needs model.embedding: 0");
    several.heads = 2;
    assert_int_equal(model_init(&model, &several, &task.shape, &err), ERR_CONFIG);
    assert_string_equal(err.text, "model.kind: chebyshev needs model.heads: 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_predicts_as_the_algorithm),
        cmocka_unit_test(it_begins_as_neumanns_series),
        cmocka_unit_test(its_gradient_is_that_of_central_differences),
        cmocka_unit_test(it_needs_states_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
