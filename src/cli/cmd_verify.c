#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "options.h"
#include "rerun.h"

enum { EXIT_DAMAGED = 1 };

/* What was found out about a file. */
struct found {
    const char *file;
    struct store_verdict verdict;
    struct rerun *reruns; /* [rerun_count]; NULL: none were asked for */
    int rerun_count, different;
};

static void print_text(const struct found *found)
{
    const struct store_verdict *verdict = &found->verdict;
    for (int64_t i = 0; i < verdict->damaged_count; i++)
        printf("%s: run %016" PRIx64 " is damaged: its checksum does not hold\n", found->file,
               verdict->damaged[i]);
    for (int i = 0; i < found->rerun_count; i++)
        if (found->reruns[i].difference[0])
            printf("%s: run %016" PRIx64 " was carried out once more and differs in %s\n",
                   found->file, found->reruns[i].identity, found->reruns[i].difference);
    printf("%s: %" PRId64 " of %" PRId64 " runs have a checksum, %" PRId64
           " of them do not hold%s\n",
           found->file, verdict->results, verdict->runs, verdict->damaged_count,
           verdict->damaged_count ? "; 'mesasweep resume' runs them again" : "");
    if (found->reruns)
        printf("%s: %d runs were carried out once more, %d of them differ\n", found->file,
               found->rerun_count, found->different);
}

static void print_json(const struct found *found)
{
    const struct store_verdict *verdict = &found->verdict;
    json_begin(stdout, "verify");
    json_member(stdout, "file", found->file);
    printf(", \"runs\": %" PRId64 ", \"results\": %" PRId64 ", \"damaged\": [", verdict->runs,
           verdict->results);
    for (int64_t i = 0; i < verdict->damaged_count; i++)
        printf("%s\"%016" PRIx64 "\"", i ? ", " : "", verdict->damaged[i]);
    putchar(']');
    if (found->reruns)
        fputs(", \"reruns\": [", stdout);
    for (int i = 0; found->reruns && i < found->rerun_count; i++) {
        const char *difference = found->reruns[i].difference;
        printf("%s{\"run\": \"%016" PRIx64 "\", \"difference\": ", i ? ", " : "",
               found->reruns[i].identity);
        if (difference[0])
            json_text(stdout, difference);
        else
            fputs("null", stdout);
        putchar('}');
    }
    puts(found->reruns ? "]}" : "}");
}

static enum status look(struct found *found, const struct options *options, struct error *err)
{
    *found = (struct found){.file = options->words[0]};
    enum status st = store_verify(&found->verdict, found->file, err);
    if (st != OK || options->rerun == 0)
        return st;
    st = rerun_some(&found->reruns, &found->rerun_count, found->file, options->rerun,
                    &found->verdict, err);
    if (st != OK)
        free(found->verdict.damaged);
    for (int i = 0; st == OK && i < found->rerun_count; i++)
        found->different += found->reruns[i].difference[0] != '\0';
    return st;
}

enum status cmd_verify(int *code, const struct command *self, int argc, char **argv,
                       struct error *err)
{
    static const struct argp_option rows[] = {
        {"rerun", OPTION_RERUN, "K", 0,
         "Also carry out K finished runs once more and compare every bit with the file (columns "
         "that OpenBLAS took part in: to 1e-6)",
         0},
        {"json", OPTION_JSON, NULL, 0, "One JSON object", 0},
        {0},
    };
    static const char more[] =
        "Nothing is written, and a sweep may be at work in the file. The exit code is 1 when a "
        "checksum does not hold or a run differs. The K runs are chosen evenly by their names, so "
        "the same K are chosen again; they run one after the other on one core.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st != OK)
        return st;
    struct found found;
    st = look(&found, &options, err);
    if (st != OK)
        return st;
    if (options.json)
        print_json(&found);
    else
        print_text(&found);
    *code = found.verdict.damaged_count + found.different > 0 ? EXIT_DAMAGED : 0;
    free(found.verdict.damaged);
    free(found.reruns);
    return OK;
}
