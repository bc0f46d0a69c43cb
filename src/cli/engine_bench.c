#include "engine_bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "counting.h"
#include "math/peak.h"
#include "sweep/plan.h"
#include "train/train.h"

enum { WINDOWS = 5, TRAINING_STEPS = 5000 };

/* A trainer of its own arena. */
struct subject {
    struct run_config config;
    struct task task;
    struct model model;
    const struct kernels *kernels;
    struct arena arena;
    struct trainer *trainer;
};

static enum status configure(struct subject *s, const struct bench_row *row, struct error *err)
{
    char text[2048];
    snprintf(text, sizeof text,
             "model.depth=%d\nmodel.heads=%d\nmodel.layers=%s*\nmodel.clip=%g\n"
             "train.steps=%d\ntrain.evaluations=2\nevaluation.tasks=2\n%s",
             row->depth, row->heads, row->kind, row->clip,
             row->clip > 0 ? TRAINING_STEPS : 100000000, row->settings);
    enum status st = plan_config_from(&s->config, text, err);
    if (st == OK)
        st = task_init(&s->task, &s->config.task, &s->config.tokens, err);
    if (st == OK)
        st = model_init(&s->model, &s->config.model, &s->task.shape, err);
    return st;
}

static struct trainer *lay_out(struct subject *s)
{
    return train_create(&s->arena, &(struct train_setup){.config = &s->config.train,
                                                         .evaluation = &s->config.evaluation,
                                                         .task = &s->task,
                                                         .model = &s->model,
                                                         .kernels = s->kernels});
}

static enum status subject_create(struct subject *s, const struct bench_row *row,
                                  const struct kernels *kernels, struct error *err)
{
    *s = (struct subject){.kernels = kernels, .arena = arena_measure()};
    enum status st = configure(s, row, err);
    if (st != OK)
        return st;
    lay_out(s);
    st = arena_create(&s->arena, s->arena.used, err);
    if (st == OK)
        s->trainer = lay_out(s);
    return st;
}

static bool counted_down(void *context)
{
    int *left = context;
    return --*left <= 0;
}

/* Trains on for `steps` steps; returns the seconds that took. */
static double train_on(struct subject *s, int steps)
{
    double begin = clock_monotonic();
    train_run(s->trainer, &(struct train_host){.context = &steps, .stop = counted_down});
    return clock_monotonic() - begin;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

static double measure_steps(struct subject *s, const struct bench_row *row, double seconds)
{
    if (row->clip > 0)
        return TRAINING_STEPS / train_on(s, TRAINING_STEPS);
    train_on(s, 1); /* the first step evaluates as well */
    double begin = clock_monotonic();
    int tried = 0;
    for (; clock_monotonic() - begin < seconds / 10 || tried < 1; tried++)
        train_on(s, 1);
    double one = (clock_monotonic() - begin) / tried;
    int steps = (int)(seconds / WINDOWS / one) + 1;
    double rates[WINDOWS];
    for (int w = 0; w < WINDOWS; w++)
        rates[w] = steps / train_on(s, steps);
    return median(rates, WINDOWS);
}

/* Multiply-adds of one step: what two steps count beyond one. */
static enum status count_step(double *multiply_adds, const struct bench_row *row,
                              const struct kernels *kernels, struct error *err)
{
    struct subject s;
    enum status st = subject_create(&s, row, counting_kernels(kernels), err);
    if (st == OK) {
        train_on(&s, 1);
        double before = counting_total();
        train_on(&s, 1);
        *multiply_adds = counting_total() - before;
    }
    arena_destroy(&s.arena);
    return st;
}

/* The pieces of a step on their own: the pass of the analysed path, its data and its sums. */
struct pieces {
    struct arena arena;
    struct pass *pass;
    real *target, *doutputs, *scratch;
    double *gradient;
    struct loss loss;
};

static void pieces_take(struct pieces *p, const struct subject *s)
{
    const struct token_shape *shape = &s->task.shape;
    size_t outputs = (size_t)shape->output_tokens * (size_t)shape->outputs * LANES;
    p->loss = (struct loss){shape->output_tokens, shape->outputs, NULL};
    p->pass = pass_create(&p->arena, &s->model, s->kernels, PASS_FAST);
    p->target = ARENA_TAKE(&p->arena, real, outputs);
    p->doutputs = ARENA_TAKE(&p->arena, real, outputs);
    p->scratch = ARENA_TAKE(&p->arena, real, (size_t)task_scratch(&s->task) * LANES);
    p->gradient = ARENA_TAKE(&p->arena, double, s->model.parameters);
}

/* One batch as far as `last`; the parts before it are done, too. */
static void batch(struct pieces *p, const struct subject *s, enum bench_part last, uint32_t step)
{
    struct task_source source = {1, STREAM_TRAIN, step};
    int count = s->config.train.batch;
    for (int first = 0; first < count; first += LANES) {
        task_draw(pass_tokens(p->pass), p->target, &s->task, s->kernels, &source, (uint64_t)first,
                  p->scratch);
        if (last >= PART_FORWARD)
            pass_forward(p->pass);
        if (last < PART_BACKWARD)
            continue;
        loss_gradient(p->doutputs, pass_outputs(p->pass), p->target, &p->loss, count, LANES);
        pass_backward(p->pass, p->doutputs);
        if ((first + LANES) % SUPER_GROUP == 0)
            pass_super_group(p->pass);
    }
    if (last >= PART_BACKWARD)
        pass_gradient(p->pass, p->gradient);
}

static double batch_seconds(struct pieces *p, const struct subject *s, enum bench_part last,
                            double seconds)
{
    uint32_t batches = 0;
    double begin = clock_monotonic(), now = begin;
    for (; now - begin < seconds || batches < 3; now = clock_monotonic())
        batch(p, s, last, batches++);
    return (now - begin) / batches;
}

/* Shares of the time of a step, by doing ever more of it. */
static enum status measure_parts(struct bench_result *result, const struct subject *s,
                                 double seconds, struct error *err)
{
    struct pieces p = {.arena = arena_measure()};
    pieces_take(&p, s);
    enum status st = arena_create(&p.arena, p.arena.used, err);
    if (st != OK)
        return st;
    pieces_take(&p, s);
    pass_weights(p.pass, train_weights(s->trainer));
    double before = 0, whole = 0, until[BENCH_PARTS];
    for (enum bench_part part = PART_SAMPLE; part < PART_UPDATE; part++)
        until[part] = batch_seconds(&p, s, part, seconds / BENCH_PARTS);
    whole = 1 / result->steps_per_s;
    until[PART_UPDATE] = whole > until[PART_BACKWARD] ? whole : until[PART_BACKWARD];
    for (enum bench_part part = PART_SAMPLE; part < BENCH_PARTS; part++) {
        double took = until[part] > before ? until[part] - before : 0;
        result->shares[part] = took / until[PART_UPDATE];
        before = until[part] > before ? until[part] : before;
    }
    arena_destroy(&p.arena);
    return OK;
}

const char *bench_part_name(enum bench_part part)
{
    static const char *const names[] = {"sample", "forward", "backward", "update"};
    return names[part];
}

enum status bench_measure(struct bench_result *result, const struct bench_row *row, double seconds,
                          struct error *err)
{
    const struct kernels *kernels;
    enum status st = kernels_best(&kernels, err);
    if (st != OK)
        return st;
    kernels_flush_denormals();
    struct subject s;
    st = subject_create(&s, row, kernels, err);
    if (st == OK) {
        result->working_set = (double)s.arena.size;
        result->steps_per_s = measure_steps(&s, row, seconds);
        result->peak = math_fma_peak(kernels) / 2;
        st = measure_parts(result, &s, seconds, err);
    }
    if (st == OK)
        st = count_step(&result->multiply_adds, row, kernels, err);
    arena_destroy(&s.arena);
    return st;
}
