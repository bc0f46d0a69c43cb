#include <stdio.h>
#include <string.h>

#include "cluster/cluster.h"
#include "dispatch_bench.h"
#include "engine_bench.h"
#include "json.h"
#include "options.h"
#include "show.h"

static const double SECONDS = 2;

static void print_json_row(const struct bench_row *row, const struct bench_result *result)
{
    printf("{\"row\": ");
    json_text(stdout, row->name);
    printf(", \"workload\": ");
    json_text(stdout, row->workload);
    printf(", \"depth\": %d, \"heads\": %d, \"kind\": ", row->depth, row->heads);
    json_text(stdout, row->kind);
    printf(", \"clip\": ");
    json_number(stdout, row->clip);
    if (result) {
        printf(", \"steps_per_s\": ");
        json_number(stdout, result->steps_per_s);
        printf(", \"multiply_adds\": ");
        json_number(stdout, result->multiply_adds);
        printf(", \"peak_fraction\": ");
        json_number(stdout, result->multiply_adds * result->steps_per_s / result->peak);
        for (enum bench_part part = PART_SAMPLE; part < BENCH_PARTS; part++) {
            printf(", \"%s\": ", bench_part_name(part));
            json_number(stdout, result->shares[part]);
        }
        printf(", \"working_set\": ");
        json_number(stdout, result->working_set);
    }
    printf("}");
}

static void print_head(void)
{
    printf("%-18s %10s %12s %7s  %6s %7s %8s %6s %12s\n", "row", "steps/s", "multiply-adds",
           "of peak", "sample", "forward", "backward", "update", "working set");
}

static void print_row(const struct bench_row *row, const struct bench_result *result)
{
    char rate[32], bytes[32];
    show_number(rate, sizeof rate, result->steps_per_s);
    show_bytes(bytes, sizeof bytes, result->working_set);
    printf("%-18s %10s %13.4g %5.0f %%  ", row->name, rate, result->multiply_adds,
           100 * result->multiply_adds * result->steps_per_s / result->peak);
    printf("%4.0f %% %5.0f %% %6.0f %% %4.0f %% %12s\n", 100 * result->shares[PART_SAMPLE],
           100 * result->shares[PART_FORWARD], 100 * result->shares[PART_BACKWARD],
           100 * result->shares[PART_UPDATE], bytes);
    fflush(stdout);
}

static enum status measure(const struct bench_row *row, const struct options *options, int index,
                           struct error *err)
{
    struct bench_result result;
    enum status st = options->list ? OK : bench_measure(&result, row, SECONDS, err);
    if (st != OK)
        return st;
    if (options->json) {
        printf("%s\n ", index ? "," : "");
        print_json_row(row, options->list ? NULL : &result);
    } else if (options->list) {
        printf("%s\n", row->name);
    } else {
        print_row(row, &result);
    }
    return OK;
}

/* Whether the words of the command line, if there are any, name the row. */
static bool wanted(const struct options *options, const struct bench_row *row)
{
    for (int i = 0; i < options->word_count; i++)
        if (strcmp(options->words[i], row->name) == 0)
            return true;
    return options->word_count == 0;
}

static enum status measure_all(const struct options *options, struct error *err)
{
    enum status st = OK;
    int done = 0;
    if (options->json) {
        json_begin(stdout, "bench");
        printf(", \"rows\": [");
    }
    if (!options->json && !options->list)
        print_head();
    for (int i = 0; i < bench_rows() && st == OK; i++)
        if (wanted(options, bench_row(i)))
            st = measure(bench_row(i), options, done++, err);
    if (options->json && st == OK)
        printf("\n]}\n");
    return st;
}

static enum status measure_dispatch(const struct options *options, struct error *err)
{
    struct dispatch_result result;
    if (options->word_count > 0 || options->list)
        return error_set(err, ERR_USAGE, "mesasweep bench: --dispatch takes no rows, nor --list");
    enum status st = dispatch_measure(&result, options->ranks, err);
    if (st != OK)
        return st;
    const struct {
        const char *name, *about;
        double value;
    } figures[] = {
        {"runs_per_s", "runs/s into a file in memory", result.runs_per_s},
        {"runs_per_s_synced", "runs/s into a file in this folder", result.runs_per_s_synced},
        {"runs_per_s_unbundled", "runs/s with a child for each run", result.runs_per_s_unbundled},
        {"coordinator_mb", "MB, coordinator of 100,000 runs", result.coordinator_mb},
    };
    if (options->json)
        json_begin(stdout, "bench");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (options->json) {
            printf(", \"%s\": ", figures[i].name);
            json_number(stdout, figures[i].value);
        } else {
            printf("%10.4g  %s\n", figures[i].value, figures[i].about);
        }
    }
    printf("%s", options->json ? "}\n" : "");
    return OK;
}

enum status cmd_bench(int *code, const struct command *self, int argc, char **argv,
                      struct error *err)
{
    static const struct argp_option rows[] = {
        {"json", OPTION_JSON, NULL, 0, "One JSON object", 0},
        {"list", OPTION_LIST, NULL, 0, "Name the rows, measure nothing", 0},
        {"dispatch", OPTION_DISPATCH, NULL, 0, "Empty runs through ranks, children and a file", 0},
        {"ranks", OPTION_RANKS, "N", 0, "With --dispatch: N ranks; default: one for each core", 0},
        {0},
    };
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    *code = 0;
    if (options.dispatch && launch_kind() == LAUNCH_RANK)
        return dispatch_rank(code, options.words, options.word_count, err);
    if (options.dispatch)
        return measure_dispatch(&options, err);
    for (int i = 0; i < options.word_count; i++)
        if (!bench_find(options.words[i]))
            return error_set(err, ERR_USAGE, "mesasweep bench: %s: no such row; see --list",
                             options.words[i]);
    return measure_all(&options, err);
}
