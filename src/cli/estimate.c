#include "estimate.h"

#include <math.h>
#include <stdio.h>

#include "show.h"

/* Multiply-adds a second of one core, to a factor of about two: `sweeps/first.yaml` makes 3.2e10
 * with AVX-512. Only for this figure; the scheduler learns its own. */
static const double multiply_adds = 2e10;

struct estimate estimate_plan(const struct plan *plan)
{
    struct estimate estimate = {0};
    struct run_config config, last;
    uint64_t analyses = plan_analyses(plan);
    double seconds = 0;
    for (int64_t run = 0; run < plan_count(plan); run++) {
        plan_config(plan, run, &config);
        if (run == 0 || !run_same_but_seed(&config, &last)) {
            size_t memory = run_memory(&config, analyses);
            if (memory > estimate.memory)
                estimate.memory = memory;
            if (run == 0 || config.limits.file < estimate.limit)
                estimate.limit = config.limits.file;
            seconds = run_cost(&config, analyses) / multiply_adds;
            estimate.longest = fmax(estimate.longest, seconds);
            last = config;
        }
        estimate.seconds += seconds;
    }
    return estimate;
}

void estimate_print(char *text, size_t size, const struct estimate *estimate)
{
    char seconds[32];
    show_seconds(seconds, sizeof seconds, estimate->seconds);
    snprintf(text, size, "about %s on one core", seconds);
}
