#include "estimate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/kinds.h"
#include "show.h"

/* Multiply-adds a second of one core, to a factor of about two: `sweeps/first.yaml` makes 3.2e10
 * with AVX-512. Only for this figure; the scheduler learns its own. */
static const double multiply_adds = 2e10;

/* What is known of each kind of run. */
struct estimator {
    struct kinds *kinds;
    struct estimate_run *runs; /* of each kind */
    int size;
    uint64_t analyses;
};

enum status estimator_create(struct estimator **out, const struct plan *plan, struct error *err)
{
    struct estimator *estimator = calloc(1, sizeof *estimator);
    if (!estimator)
        return error_set(err, ERR_MEMORY, "no memory for an estimate");
    estimator->analyses = plan_analyses(plan);
    enum status st = kinds_create(&estimator->kinds, err);
    if (st == OK)
        *out = estimator;
    else
        estimator_destroy(estimator);
    return st;
}

void estimator_destroy(struct estimator *estimator)
{
    if (!estimator)
        return;
    kinds_destroy(estimator->kinds);
    free(estimator->runs);
    free(estimator);
}

enum status estimate_run(struct estimate_run *run, struct estimator *estimator,
                         const struct run_config *config, struct error *err)
{
    int kind, known = kinds_count(estimator->kinds);
    enum status st = kinds_find(&kind, estimator->kinds, config, err);
    if (st != OK)
        return st;
    if (kind == estimator->size) {
        int size = 2 * kind + 16;
        struct estimate_run *runs = realloc(estimator->runs, (size_t)size * sizeof *runs);
        if (!runs)
            return error_set(err, ERR_MEMORY, "no memory for an estimate");
        estimator->runs = runs;
        estimator->size = size;
    }
    if (kind == known)
        estimator->runs[kind] = (struct estimate_run){
            .seconds = run_cost(config, estimator->analyses) / multiply_adds,
            .memory = run_memory(config, estimator->analyses),
            .bytes = run_record_bytes(config, estimator->analyses),
        };
    *run = estimator->runs[kind];
    return OK;
}

void estimate_add(struct estimate *estimate, const struct estimate_run *run)
{
    estimate->seconds += run->seconds;
    estimate->longest = fmax(estimate->longest, run->seconds);
    estimate->bytes += (double)run->bytes;
    estimate->memory = run->memory > estimate->memory ? run->memory : estimate->memory;
}

enum status estimate_plan(struct estimate *out, const struct plan *plan, struct error *err)
{
    struct estimate estimate = {0};
    struct estimator *estimator;
    enum status st = estimator_create(&estimator, plan, err);
    if (st != OK)
        return st;
    for (int64_t run = 0; run < plan_count(plan) && st == OK; run++) {
        struct run_config config;
        struct estimate_run one;
        plan_config(plan, run, &config);
        st = estimate_run(&one, estimator, &config, err);
        if (st == OK)
            estimate_add(&estimate, &one);
        if (run == 0 || config.limits.file < estimate.limit)
            estimate.limit = config.limits.file;
    }
    estimator_destroy(estimator);
    if (st == OK)
        *out = estimate;
    return st;
}

void estimate_print(char *text, size_t size, const struct estimate *estimate)
{
    char seconds[32];
    show_seconds(seconds, sizeof seconds, estimate->seconds);
    snprintf(text, size, "about %s on one core", seconds);
}
