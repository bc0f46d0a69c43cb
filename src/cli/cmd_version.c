#include <stdio.h>

#include "math/kernels.h"
#include "options.h"
#include "run/run.h"
#include "version.h"

enum status cmd_version(int *code, const struct command *self, int argc, char **argv,
                        struct error *err)
{
    static const struct argp_option rows[] = {{0}};
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
    printf("mesasweep %s\ncommit           %s\nresults version  %d\ncompiler         %s\n"
           "instructions     %s\n",
           version.number, version.commit, RESULTS_VERSION, version.compiler, kernels->name);
    *code = 0;
    return OK;
}
