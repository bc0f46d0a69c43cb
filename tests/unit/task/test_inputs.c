/* Inputs and labels that training does not have (science.md 1.4): a curve out of distribution shows
 * the distribution that it names. */
#include <string.h>

#include "sample.h"

static struct task_config with(enum task_inputs inputs, int context, int dimension)
{
    struct task_config config = paper;
    config.inputs = (int)inputs;
    config.context = context;
    config.dimension = dimension;
    return config;
}

static void what_does_not_fit_the_task_is_refused(void **state)
{
    (void)state;
    struct task task;
    struct error err;
    struct tokens_config joint = {.kind = TOKENS_JOINT}, raw = {.kind = TOKENS_RAW};
    struct task_config config = paper;
    config.noisy_labels = 11;
    assert_int_equal(task_init(&task, &config, &joint, &err), ERR_CONFIG);
    assert_string_equal(err.text, "task.noisy_labels: 11 of 10 labels; at most all of them");
    config.kind = TASK_LINEAR_DYNAMICS;
    config.noisy_labels = 1;
    assert_int_equal(task_init(&task, &config, &raw, &err), ERR_CONFIG);
    assert_string_equal(err.text, "task.noisy_labels: task.kind linear_dynamics has no labels, "
                                  "leave it at 0");
    config.inputs = INPUTS_NORMAL;
    assert_int_equal(task_init(&task, &config, &raw, &err), ERR_CONFIG);
    assert_string_equal(err.text, "task.inputs: task.kind linear_dynamics has uniform ones, leave "
                                  "it at uniform");
}

/* The norm is a root of n squares, summed in reals: n/2 + 5 roundings. */
static void the_context_has_the_norm_r(void **state)
{
    (void)state;
    for (int inputs = INPUTS_EXPONENTIAL; inputs <= INPUTS_MIXED; inputs++) {
        struct task_config config = with((enum task_inputs)inputs, 9, 5);
        config.input_range = 2.5;
        struct sample *s = draw(&config, TOKENS_JOINT, 0);
        for (int b = 0; b < LANES; b++) {
            double square = 0;
            for (int i = 0; i < 9; i++)
                for (int c = 0; c < 5; c++)
                    square += (double)x_at(s, i, c, b) * (double)x_at(s, i, c, b);
            assert_true(fabs(sqrt(square) - 2.5) <= 2.5 * (45. / 2 + 5) * 0x1p-24);
        }
        free(s);
    }
}

/* What a task shows of its distribution whatever its norm is: the mean and the mean size of all its
 * numbers, over the root of their mean square. */
struct looks {
    double mean, size;
};

static struct looks look(const struct sample *s, int b)
{
    int N = s->task.config.context, d = s->task.config.dimension;
    double sum = 0, size = 0, square = 0;
    for (int i = 0; i < N; i++)
        for (int c = 0; c < d; c++) {
            double x = (double)x_at(s, i, c, b);
            sum += x;
            size += fabs(x);
            square += x * x;
        }
    double root = sqrt(square * N * d);
    return (struct looks){sum / root, size / root};
}

/* Exponential: 1/sqrt 2 both; normal: 0, sqrt(2/pi); Laplace: 0, 1/sqrt 2. By the delta method the
 * mean has the variance 1/n or less, the size .125/n (exponential, Laplace) or .045/n; five
 * deviations over n = 16 * 5120 numbers. The bias, of order 1/5120 in each lane, is far below. */
static void context_and_query_have_the_shape_of_their_distribution(void **state)
{
    (void)state;
    static const struct looks expected[] = {[INPUTS_EXPONENTIAL] = {M_SQRT1_2, M_SQRT1_2},
                                            [INPUTS_NORMAL] = {0, M_SQRT1_2 * M_2_SQRTPI},
                                            [INPUTS_LAPLACE] = {0, M_SQRT1_2}};
    for (int inputs = INPUTS_EXPONENTIAL; inputs <= INPUTS_LAPLACE; inputs++) {
        struct task_config config = with((enum task_inputs)inputs, 512, 10);
        struct sample *s = draw(&config, TOKENS_JOINT, 0);
        double mean = 0, size = 0, query = 0, n = LANES * 5120;
        for (int b = 0; b < LANES; b++) {
            mean += look(s, b).mean / LANES;
            size += look(s, b).size / LANES;
            for (int c = 0; c < 10; c++)
                query += pow((double)x_at(s, 512, c, b), 2);
        }
        assert_true(fabs(mean - expected[inputs].mean) < 5 / sqrt(n));
        assert_true(fabs(size - expected[inputs].size) < 5 * sqrt(.125 / n));
        /* Of 160 squares with mean 1/5120 and a relative variance of at most 5 (exponential and
         * Laplace: 24/2^2 - 1). */
        assert_true(fabs(query * 5120 / 160 - 1) < 5 * sqrt(5. / 160));
        free(s);
    }
}

/* An exponential task has no negative number; between normal and Laplace ones .7525 lies 2.8
 * deviations from either size, so few are mistaken, as many one way as the other. */
static void a_mixed_task_has_one_of_the_three_with_equal_chance(void **state)
{
    (void)state;
    struct task_config config = with(INPUTS_MIXED, 512, 1);
    int count[3] = {0}, tasks = 40 * LANES;
    for (int first = 0; first < tasks; first += LANES) {
        struct sample *s = draw(&config, TOKENS_JOINT, (uint64_t)first);
        for (int b = 0; b < LANES; b++) {
            struct looks l = look(s, b);
            count[l.mean == l.size ? 0 : l.size > .7525 ? 1 : 2]++;
        }
        free(s);
    }
    for (int k = 0; k < 3; k++)
        assert_true(fabs(count[k] - tasks / 3.) < 5 * sqrt(tasks * 2 / 9.));
}

static void noisy_pairs_are_as_many_as_asked_and_the_rest_is_untouched(void **state)
{
    (void)state;
    struct task_config config = paper;
    config.outputs = 2;
    config.noise = .1;
    struct sample *clean = draw(&config, TOKENS_JOINT, 0);
    for (int n = 0; n <= 10; n += 2) {
        config.noisy_labels = n;
        struct sample *noisy = draw(&config, TOKENS_JOINT, 0);
        assert_memory_equal(clean->target, noisy->target, sizeof(real) * 2 * LANES);
        for (int b = 0; b < LANES; b++) {
            int changed = 0;
            for (int i = 0; i < 10; i++) {
                for (int c = 0; c < 10; c++)
                    assert_true(x_at(clean, i, c, b) == x_at(noisy, i, c, b));
                bool first = y_at(clean, i, 0, b) != y_at(noisy, i, 0, b);
                assert_true(first == (y_at(clean, i, 1, b) != y_at(noisy, i, 1, b)));
                changed += first;
            }
            assert_int_equal(changed, n);
        }
        free(noisy);
    }
    free(clean);
}

/* Each pair is chosen with the chance n/N = .3, whatever its place; what it gets has mean 0 and
 * mean square 1, of variance 1 and 2. Five deviations. */
static void noisy_labels_are_standard_and_fall_on_every_pair(void **state)
{
    (void)state;
    struct task_config config = paper;
    double sum = 0, square = 0, tasks = 64 * LANES;
    int chosen[10] = {0};
    config.weight_scale = 3; /* of the labels that are told, not of these */
    for (int first = 0; first < tasks; first += LANES) {
        config.noisy_labels = 0;
        struct sample *clean = draw(&config, TOKENS_JOINT, (uint64_t)first);
        config.noisy_labels = 3;
        struct sample *noisy = draw(&config, TOKENS_JOINT, (uint64_t)first);
        for (int b = 0; b < LANES; b++)
            for (int i = 0; i < 10; i++) {
                double y = (double)y_at(noisy, i, 0, b);
                if (y_at(clean, i, 0, b) == y_at(noisy, i, 0, b))
                    continue;
                chosen[i]++;
                sum += y;
                square += y * y;
            }
        free(clean);
        free(noisy);
    }
    for (int i = 0; i < 10; i++)
        assert_true(fabs(chosen[i] / tasks - .3) < 5 * sqrt(.3 * .7 / tasks));
    assert_true(fabs(sum / (3 * tasks)) < 5 / sqrt(3 * tasks));
    assert_true(fabs(square / (3 * tasks) - 1) < 5 * sqrt(2 / (3 * tasks)));
}

static void every_construction_holds_the_same_tasks(void **state)
{
    (void)state;
    for (int inputs = INPUTS_UNIFORM; inputs <= INPUTS_MIXED; inputs++) {
        struct task_config config = with((enum task_inputs)inputs, 7, 3);
        config.noise = .3;
        config.noisy_labels = 2;
        struct sample *joint = draw(&config, TOKENS_JOINT, 32);
        struct sample *separate = draw(&config, TOKENS_SEPARATE, 32);
        for (int b = 0; b < LANES; b++)
            for (int i = 0; i <= 7; i++) {
                for (int c = 0; c < 3; c++)
                    assert_true(x_at(joint, i, c, b) == x_at(separate, i, c, b));
                assert_true(y_at(joint, i, 0, b) == y_at(separate, i, 0, b));
            }
        free(joint);
        free(separate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_the_task_is_refused),
        cmocka_unit_test(the_context_has_the_norm_r),
        cmocka_unit_test(context_and_query_have_the_shape_of_their_distribution),
        cmocka_unit_test(a_mixed_task_has_one_of_the_three_with_equal_chance),
        cmocka_unit_test(noisy_pairs_are_as_many_as_asked_and_the_rest_is_untouched),
        cmocka_unit_test(noisy_labels_are_standard_and_fall_on_every_pair),
        cmocka_unit_test(every_construction_holds_the_same_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
