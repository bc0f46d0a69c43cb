/* script.h - the batch script that `mesasweep sbatch` writes. */
#ifndef CLI_SCRIPT_H
#define CLI_SCRIPT_H

#include <stdint.h>

#include "base/text.h"
#include "options.h"

/* What the script asks Slurm for, and what it starts. */
struct script {
    const char *name;              /* of the sweep: letters, digits and . _ - */
    const char *program;           /* path of mesasweep */
    const char *folder;            /* in which the command line is meant */
    const struct options *options; /* file, quick, yes, requeue, srun and the words are used */
    const char *about;             /* how much work it is; one line without line breaks */
    int tasks;
    double walltime; /* seconds */
    double memory;   /* bytes of one task */
};

/* Adds `word` so that a shell reads exactly it, whatever is in it. */
void script_quote(struct text *text, const char *word);

/* The whole script. Nothing that a user has named reaches the shell unquoted, and none of it
 * reaches Slurm's own lines. */
void script_print(struct text *text, const struct script *script);

#endif
