#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "options.h"
#include "store/store.h"

enum { EXIT_DAMAGED = 1 };

static void print_text(const struct store_verdict *verdict, const char *file)
{
    for (int64_t i = 0; i < verdict->damaged_count; i++)
        printf("%s: run %016" PRIx64 " is damaged: its checksum does not hold\n", file,
               verdict->damaged[i]);
    printf("%s: %" PRId64 " of %" PRId64 " runs have a checksum, %" PRId64
           " of them do not hold%s\n",
           file, verdict->results, verdict->runs, verdict->damaged_count,
           verdict->damaged_count ? "; 'mesasweep resume' runs them again" : "");
}

static void print_json(const struct store_verdict *verdict, const char *file)
{
    fputs("{\"file\": ", stdout);
    json_text(stdout, file);
    printf(", \"runs\": %" PRId64 ", \"results\": %" PRId64 ", \"damaged\": [", verdict->runs,
           verdict->results);
    for (int64_t i = 0; i < verdict->damaged_count; i++)
        printf("%s\"%016" PRIx64 "\"", i ? ", " : "", verdict->damaged[i]);
    puts("]}");
}

enum status cmd_verify(int *code, const struct command *self, int argc, char **argv,
                       struct error *err)
{
    static const struct argp_option rows[] = {
        {"json", OPTION_JSON, NULL, 0, "One JSON object", 0},
        {0},
    };
    static const char more[] = "Nothing is written, and a sweep may be at work in the file. The "
                               "exit code is 1 when a checksum does not hold.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st != OK)
        return st;
    struct store_verdict verdict;
    st = store_verify(&verdict, options.words[0], err);
    if (st != OK)
        return st;
    if (options.json)
        print_json(&verdict, options.words[0]);
    else
        print_text(&verdict, options.words[0]);
    *code = verdict.damaged_count > 0 ? EXIT_DAMAGED : 0;
    free(verdict.damaged);
    return OK;
}
