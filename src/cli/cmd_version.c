#include <stdio.h>

#include "json.h"
#include "math/kernels.h"
#include "options.h"
#include "run/run.h"
#include "version.h"

enum status cmd_version(int *code, const struct command *self, int argc, char **argv,
                        struct error *err)
{
    static const struct argp_option rows[] = {
        {"json", OPTION_JSON, NULL, 0, "One JSON object", 0},
        {0},
    };
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 0, 0, "", err);
    if (st != OK)
        return st;
    const struct kernels *kernels;
    st = kernels_best(&kernels, err);
    if (st != OK)
        return st;
    *code = 0;
    if (options.json) {
        json_begin(stdout, "version");
        json_member(stdout, "number", version.number);
        json_member(stdout, "commit", version.commit);
        printf(", \"results_version\": %d", RESULTS_VERSION);
        json_member(stdout, "compiler", version.compiler);
        json_member(stdout, "instructions", kernels->name);
        puts("}");
        return OK;
    }
    printf("mesasweep %s\ncommit           %s\nresults version  %d\ncompiler         %s\n"
           "instructions     %s\n",
           version.number, version.commit, RESULTS_VERSION, version.compiler, kernels->name);
    return OK;
}
