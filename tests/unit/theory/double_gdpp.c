/* GD++ on the slots of its transformer: statement 2 of science.md, with and without a clip. */
#include "near.h"

#include <string.h>

#include "sample.h"
#include "theory/descent.h"
#include "theory/gdpp.h"

static const struct gdpp some = {3, {.5, .9, 1.3}, {.1, .2, .3}};

/* A clip that cuts some slots of both tasks below, but not most. */
static const double tight = .6;

/* Longest sums: 5 steps of N + d = 20 terms of order 1 (10 with odd_task's range), doubled by each
 * step at most: 1e-13 leaves a factor of ten. */
static const double rounding = 1e-13;

struct bench {
    struct regression_set set;
    struct regression group;
    double *scratch, *prediction, *sensitivity;
};

static struct bench begin(const struct task_config *task, int count, int layers)
{
    int d = task->dimension, N = task->context, O = task->outputs;
    struct bench bench = {.set = sample_set(task, count, 11)};
    size_t room = gdpp_scratch(layers, d, N, O) + descent_scratch(d, N, O);
    bench.group = regression_at(&bench.set, 0);
    bench.scratch = malloc(sizeof(double) * room);
    bench.prediction = malloc(sizeof(double) * (size_t)(O * LANES));
    bench.sensitivity = malloc(sizeof(double) * (size_t)(O * d * LANES));
    return bench;
}

static void end(struct bench *bench)
{
    free(bench->set.at);
    free(bench->scratch);
    free(bench->prediction);
    free(bench->sensitivity);
}

enum { TOKENS_MOST = 11, CHANNELS_MOST = 11 };

static double limited(double value, double clip)
{
    return clip > 0 ? fmax(-clip, fmin(clip, value)) : value;
}

/* One layer by definition on tokens h[T][d + O], the last one being the query. */
static void plain_layer(double h[TOKENS_MOST][CHANNELS_MOST], const struct regression *group,
                        double rate, double gamma, double clip)
{
    int d = group->d, D = d + group->O, N = group->N;
    double dh[TOKENS_MOST][CHANNELS_MOST] = {{0}};
    for (int j = 0; j <= N; j++)
        for (int i = 0; i < N; i++) {
            double score = 0;
            for (int c = 0; c < d; c++)
                score += h[i][c] * h[j][c];
            for (int c = 0; c < D; c++)
                dh[j][c] -= (c < d ? gamma : rate) * h[i][c] * score;
        }
    for (int j = 0; j <= N; j++)
        for (int c = 0; c < D; c++)
            h[j][c] = limited(h[j][c] + dh[j][c], clip);
}

static void plain(double *prediction, const struct regression *group, const struct gdpp *gdpp,
                  double clip, int lane)
{
    int d = group->d, O = group->O, N = group->N;
    double h[TOKENS_MOST][CHANNELS_MOST] = {{0}};
    for (int j = 0; j <= N; j++) {
        for (int c = 0; c < d; c++)
            h[j][c] = j < N ? group->x[(j * d + c) * LANES + lane] : group->xq[c * LANES + lane];
        for (int o = 0; o < O && j < N; o++)
            h[j][d + o] = group->y[(j * O + o) * LANES + lane];
    }
    for (int l = 0; l < gdpp->layers; l++)
        plain_layer(h, group, gdpp->rate[l], gdpp->gamma[l], clip);
    for (int o = 0; o < O; o++)
        prediction[o] = -h[N][d + o];
}

static void check_plain(const struct task_config *task, const struct gdpp *gdpp, double clip)
{
    struct bench b = begin(task, LANES, gdpp->layers);
    bool cuts = false;
    gdpp_predict(b.prediction, NULL, &b.group, gdpp, clip, b.scratch);
    for (int lane = 0; lane < LANES; lane++) {
        double expected[2], free_of_clip[2];
        plain(expected, &b.group, gdpp, clip, lane);
        plain(free_of_clip, &b.group, gdpp, 0, lane);
        for (int o = 0; o < task->outputs; o++) {
            cuts = cuts || expected[o] != free_of_clip[o];
            assert_near(b.prediction[o * LANES + lane], expected[o], rounding);
        }
    }
    assert_int_equal(cuts, clip > 0 && gdpp->layers > 0);
    end(&b);
}

static void predictions_are_those_of_the_definition(void **state)
{
    (void)state;
    static const struct gdpp none = {.layers = 0}, odd = {2, {.05, .04}, {.01, .02}};
    check_plain(&paper_task, &none, tight);
    check_plain(&paper_task, &some, 0);
    check_plain(&paper_task, &some, tight);
    check_plain(&odd_task, &odd, 0);
    check_plain(&odd_task, &odd, tight);
}

static void without_gamma_it_is_gradient_descent(void **state)
{
    (void)state;
    for (int clipped = 0; clipped < 2; clipped++) {
        double clip = clipped ? tight : 0, yhat[2 * LANES], g[2 * 3 * LANES];
        struct gdpp gdpp = {3, {.05, .05, .05}, {0}};
        struct descent descent = {.steps = 3, .rate = .05, .clip = clip};
        struct bench b = begin(&odd_task, LANES, 3);
        gdpp_predict(b.prediction, b.sensitivity, &b.group, &gdpp, clip, b.scratch);
        descent_predict(yhat, g, &b.group, &descent, b.scratch);
        for (int i = 0; i < 2 * LANES; i++)
            assert_near(b.prediction[i], yhat[i], rounding);
        for (int i = 0; i < 2 * 3 * LANES; i++)
            assert_near(b.sensitivity[i], g[i], rounding);
        end(&b);
    }
}

/* Central differences have an error of h^2 times third derivatives of order 100, and 2^-53 / h
 * times values of order 1; a clip that is crossed inside of h is met by the smaller h. */
static const double steps[] = {1e-5, 1e-7};
static const double nearness = 1e-7;

static void sensitivities_equal_central_differences(void **state)
{
    (void)state;
    for (int clipped = 0; clipped < 2; clipped++) {
        double clip = clipped ? tight : 0, up[LANES], down[LANES];
        struct bench b = begin(&paper_task, LANES, some.layers);
        double *xq = (double *)b.group.xq; /* of the set, which is ours */
        gdpp_predict(b.prediction, b.sensitivity, &b.group, &some, clip, b.scratch);
        for (int i = 0; i < 10 * LANES; i++) {
            double value = xq[i], difference = 0;
            for (size_t k = 0; k < COUNT(steps); k++) {
                xq[i] = value + steps[k];
                gdpp_predict(up, NULL, &b.group, &some, clip, b.scratch);
                xq[i] = value - steps[k];
                gdpp_predict(down, NULL, &b.group, &some, clip, b.scratch);
                difference = (up[i % LANES] - down[i % LANES]) / (2 * steps[k]);
                if (fabs(difference - b.sensitivity[i]) <= nearness)
                    break;
            }
            xq[i] = value;
            assert_near(b.sensitivity[i], difference, nearness);
        }
        end(&b);
    }
}

static void check_gradient(const struct task_config *task, struct gdpp at, double clip)
{
    struct bench b = begin(task, 19, at.layers); /* the second group is not full */
    double gradient[2 * MODEL_LAYERS_MAX];
    int L = at.layers;
    double loss = gdpp_loss(gradient, &b.set, &at, clip, b.scratch);
    assert_near(gdpp_loss(NULL, &b.set, &at, clip, b.scratch), loss, 0);
    for (int i = 0; i < 2 * L; i++) {
        double *variable = i < L ? &at.rate[i] : &at.gamma[i - L], value = *variable;
        double difference = 0;
        for (size_t k = 0; k < COUNT(steps); k++) {
            *variable = value + steps[k];
            difference = gdpp_loss(NULL, &b.set, &at, clip, b.scratch);
            *variable = value - steps[k];
            difference -= gdpp_loss(NULL, &b.set, &at, clip, b.scratch);
            difference /= 2 * steps[k];
            if (fabs(difference - gradient[i]) <= nearness)
                break;
        }
        *variable = value;
        assert_near(gradient[i], difference, nearness);
    }
    assert_near(gradient[2 * L - 1], 0, 0); /* the last gamma has no effect */
    end(&b);
}

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    static const struct gdpp odd = {2, {.05, .04}, {.01, .02}};
    for (int clipped = 0; clipped < 2; clipped++) {
        check_gradient(&paper_task, some, clipped ? tight : 0);
        check_gradient(&odd_task, odd, clipped ? tight : 0);
    }
}

/* By definition the loss is .5 |yhat - y_q|^2. */
static void loss_is_that_of_the_predictions(void **state)
{
    (void)state;
    struct bench b = begin(&odd_task, 19, some.layers);
    double sum = 0;
    for (int t = 0; t < 19; t++) {
        struct regression group = regression_at(&b.set, t / LANES);
        double yhat[2];
        plain(yhat, &group, &some, tight, t % LANES);
        for (int o = 0; o < 2; o++)
            sum += .5 * pow(yhat[o] - group.yq[o * LANES + t % LANES], 2);
    }
    assert_near(gdpp_loss(NULL, &b.set, &some, tight, b.scratch), sum / 19, rounding);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_are_those_of_the_definition),
        cmocka_unit_test(without_gamma_it_is_gradient_descent),
        cmocka_unit_test(sensitivities_equal_central_differences),
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(loss_is_that_of_the_predictions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
