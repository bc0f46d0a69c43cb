#include "left.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "rows.h"
#include "run/run.h"
#include "stored.h"

#define SURE 1.96 /* deviations of a normal distribution that hold 95 % */

/* Seconds a unit of cost, over the runs that are done. */
struct pace {
    double rate, deviation; /* of single runs */
    int64_t count;
};

static struct pace measure(const struct left_run *runs, int64_t count)
{
    struct pace pace = {0};
    double seconds = 0, cost = 0, squares = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(runs[i].seconds) && runs[i].cost > 0) {
            seconds += runs[i].seconds;
            cost += runs[i].cost;
            pace.count++;
        }
    pace.rate = seconds / cost;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(runs[i].seconds) && runs[i].cost > 0) {
            double difference = runs[i].seconds / runs[i].cost - pace.rate;
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
        bool at_work = isfinite(runs[i].elapsed);
        if (isfinite(runs[i].seconds) && !at_work)
            continue;
        double seconds = fmax(runs[i].cost * pace.rate - (at_work ? runs[i].elapsed : 0), 0);
        ranks += at_work;
        work += seconds;
        longest = fmax(longest, seconds);
        costs += runs[i].cost;
        squares += runs[i].cost * runs[i].cost;
    }
    if (ranks == 0 || pace.count == 0)
        return (struct left){unknown, unknown, unknown};
    double seconds = fmax(work / (double)ranks, longest);
    double spread =
        SURE * pace.deviation * sqrt(squares + costs * costs / (double)pace.count) / (double)ranks;
    return (struct left){seconds, fmax(seconds - spread, 0), seconds + spread};
}

static double number_of(const struct reader *reader, const char *name, int64_t row)
{
    int column = rows_column(reader, name);
    return column >= 0 ? reader_number(reader, column, row) : (double)NAN;
}

/* Done rows have their seconds, rows at work their start and the seconds before it, if any. */
static void describe(struct left_run *run, const struct reader *reader, int64_t row, double now)
{
    double seconds = number_of(reader, "seconds", row);
    double started = number_of(reader, "started", row);
    enum row_status status = reader_status(reader, row);
    run->seconds = run->elapsed = (double)NAN;
    if (status == ROW_RUNNING && isfinite(started))
        run->elapsed = fmax(now - started, 0) + (isfinite(seconds) ? seconds : 0);
    else if (status == ROW_DONE)
        run->seconds = seconds;
    else if (status != ROW_PENDING && status != ROW_STOPPED)
        run->cost = run->seconds = 0; /* nothing is left of it, and it tells nothing */
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
        runs[i].cost = run_cost(&config, plan_analyses(plan));
        describe(&runs[i], reader, i, (double)time(NULL));
    }
    if (count <= reader_count(reader))
        left = left_of(runs, count);
    free(runs);
    plan_destroy(plan);
    return left;
}
