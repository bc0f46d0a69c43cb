#include <inttypes.h>
#include <stdio.h>

#include "stored.h"

static enum status merge(const struct options *options, struct error *err)
{
    struct plan *plan;
    struct store_change change;
    struct store_provenance provenance;
    struct utsname host;
    const char *out = options->words[0];
    char **parts = options->words + 1;
    int count = options->word_count - 1;
    enum status st = stored_whole(&plan, parts, count, err);
    if (st != OK)
        return st;
    st = job_provenance(&provenance, &host, 0, 0, err);
    if (st == OK)
        st = store_merge(&change, out, plan, (const char *const *)parts, count, &provenance, err);
    if (st == OK) {
        int64_t left = plan_count(plan) - change.kept;
        printf("%s: %" PRId64 " of %" PRId64 " runs are done", out, change.kept, plan_count(plan));
        if (left > 0)
            printf("; 'mesasweep resume %s' does the other %" PRId64, out, left);
        putchar('\n');
    }
    if (st == OK && change.damaged > 0)
        fprintf(stderr, "mesasweep: %" PRId64 " rows of the parts are damaged; they run again\n",
                change.damaged);
    plan_destroy(plan);
    return st;
}

enum status cmd_merge(int *code, const struct command *self, int argc, char **argv,
                      struct error *err)
{
    static const struct argp_option rows[] = {{0}};
    static const char more[] =
        "The parts are files of one sweep, as 'mesasweep run --shard I/N' makes them; they stay as "
        "they are. The new file is that of the whole sweep, with the same bits as if one job had "
        "made it.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 2, INT32_MAX, "a file to merge", err);
    *code = 0;
    return st == OK ? merge(&options, err) : st;
}
