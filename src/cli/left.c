#include "left.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "rows.h"
#include "run/run.h"
#include "stored.h"

#define SURE 1.96 /* deviations of a normal distribution that hold 95 % */

/* Seconds a unit of cost. */
struct pace {
    double rate, deviation; /* of single runs */
    int64_t count;          /* runs that tell */
};

/* What is known of a run's pace: these seconds for this cost; false: nothing. */
static bool sample(double *seconds, double *cost, const struct left_run *run)
{
    bool at_work = isfinite(run->elapsed);
    *seconds = at_work ? run->elapsed : run->seconds;
    *cost = at_work ? run->cost * run->share : run->cost;
    return isfinite(*seconds) && *cost > 0;
}

static struct pace measure(const struct left_run *runs, int64_t count)
{
    struct pace pace = {0};
    double seconds, cost, all_seconds = 0, all_cost = 0, squares = 0;
    for (int64_t i = 0; i < count; i++)
        if (sample(&seconds, &cost, &runs[i])) {
            all_seconds += seconds;
            all_cost += cost;
            pace.count++;
        }
    pace.rate = all_seconds / all_cost;
    for (int64_t i = 0; i < count; i++)
        if (sample(&seconds, &cost, &runs[i])) {
            double difference = seconds / cost - pace.rate;
            squares += difference * difference;
        }
    pace.deviation = pace.count > 1 ? sqrt(squares / (double)(pace.count - 1)) : pace.rate;
    return pace;
}

struct left left_of(const struct left_run *runs, int64_t count)
{
    const double unknown = (double)NAN;
    struct pace pace = measure(runs, count);
    double work = 0, longest = 0, costs = 0, squares = 0;
    int64_t ranks = 0;
    for (int64_t i = 0; i < count; i++) {
        const struct left_run *run = &runs[i];
        bool at_work = isfinite(run->elapsed), told = at_work && run->share > 0;
        if (isfinite(run->seconds) && !at_work)
            continue;
        double seconds = told ? run->elapsed * (1 - run->share) / run->share
                              : fmax(run->cost * pace.rate - (at_work ? run->elapsed : 0), 0);
        ranks += at_work;
        work += seconds;
        longest = fmax(longest, seconds);
        costs += told ? 0 : run->cost;
        squares += told ? 0 : run->cost * run->cost;
    }
    if (ranks == 0 || pace.count == 0)
        return (struct left){unknown, unknown, unknown};
    double seconds = fmax(work / (double)ranks, longest);
    double spread =
        SURE * pace.deviation * sqrt(squares + costs * costs / (double)pace.count) / (double)ranks;
    return (struct left){seconds, fmax(seconds - spread, 0), seconds + spread};
}

/* A run that has made so many updates is somewhere between that evaluation and the next. */
static double share_behind(const struct run_config *config, uint64_t analyses, double steps)
{
    int last = config->train.evaluations - 1;
    double at = round(steps * last / (double)config->train.steps);
    if (!(at >= 1 && at <= last))
        return 0; /* what the first steps say is little */
    return run_share(config, analyses, fmin(at + 0.5, last));
}

/* Done rows have their seconds, rows at work also what is behind them. */
static void describe(struct left_run *run, const struct reader *reader, int64_t row,
                     const struct run_config *config, uint64_t analyses)
{
    double seconds = rows_seconds(reader, row);
    enum row_status status = reader_status(reader, row);
    *run = (struct left_run){run_cost(config, analyses), (double)NAN, (double)NAN, 0};
    if (status == ROW_RUNNING) {
        run->elapsed = seconds;
        run->share = share_behind(config, analyses, rows_number(reader, "steps_done", row));
    } else if (status == ROW_DONE) {
        run->seconds = seconds;
    } else if (status != ROW_PENDING && status != ROW_STOPPED) {
        run->cost = run->seconds = 0; /* nothing is left of it, and it tells nothing */
    }
}

struct left left_in_file(const struct reader *reader, const char *file)
{
    struct plan *plan;
    struct error ignored;
    struct left left = {(double)NAN, (double)NAN, (double)NAN};
    if (rows_count(reader).running == 0 || stored_plan(&plan, file, &ignored) != OK)
        return left;
    int64_t count = plan_count(plan);
    struct left_run *runs = memory_zeroed((size_t)count + 1, sizeof *runs);
    for (int64_t i = 0; i < count && count <= reader_count(reader); i++) {
        struct run_config config;
        plan_config(plan, i, &config);
        describe(&runs[i], reader, i, &config, plan_analyses(plan));
    }
    if (count <= reader_count(reader))
        left = left_of(runs, count);
    free(runs);
    plan_destroy(plan);
    return left;
}
