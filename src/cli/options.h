/* options.h - the options of all commands, read by argp; each command lists those it takes. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "cli/command.h"
#include "sweep/plan.h"

/* The `key` of an argp row; the letter is the short form where there is one. */
enum option_key {
    OPTION_OUTPUT = 'o',
    OPTION_YES = 'y',
    OPTION_HELP = 'h',
    OPTION_QUICK = 256,
    OPTION_RANKS,
    OPTION_WALLTIME,
    OPTION_BREAK_LOCK,
    OPTION_JSON,
    OPTION_CSV,
    OPTION_MARKDOWN,
    OPTION_LIST,
    OPTION_RETIRE,
    OPTION_SHARD,
    OPTION_FILE,
    OPTION_TASKS,
    OPTION_RERUN,
    OPTION_FAILED,
    OPTION_WHERE,
    OPTION_SORT,
    OPTION_REQUEUE,
    OPTION_SRUN,
    OPTION_DISPATCH,
    OPTION_WATCH,
    OPTION_GROUP_BY,
    OPTION_AGGREGATES,
    OPTION_COLUMNS,
    OPTION_NPZ,
    OPTION_DESCRIBE,
};

enum { WHERE_MAX = 32 };

struct options {
    const char *output, *file; /* NULL: not given */
    const char *sort, *group_by, *aggregates, *columns;
    const char *where[WHERE_MAX];
    const char *describe; /* see describe.h */
    int where_count;
    int ranks;               /* or Slurm's tasks; 0: not given */
    int rerun;               /* runs to carry out once more; 0: not given */
    struct plan_shard shard; /* count 0: not given */
    double walltime;         /* seconds; 0: not given */
    double watch;            /* seconds between two looks; 0: not given */
    bool yes, quick, break_lock, json, csv, npz, markdown, list, retire, requeue, srun, dispatch;
    bool failed;  /* those that failed are meant */
    bool help;    /* the help, or a description, was printed: nothing else is to be done */
    char **words; /* what is no option, in order; points into argv */
    int word_count;
};

/* Reads the command line against `rows` (ended by {0}; --help comes by itself); options may stand
 * anywhere. ERR_USAGE "mesasweep run: --quik: unknown option; did you mean --quick?" and the like.
 * `extra` is printed below the options of --help; NULL for none. argv is permuted, not changed. */
enum status options_parse(struct options *options, const struct command *command,
                          const struct argp_option *rows, const char *extra, int argc, char **argv,
                          struct error *err) MUST_CHECK;

/* ERR_USAGE unless there are between `least` and `most` words; `what` names the first of them. */
enum status options_words(const struct options *options, const struct command *command, int least,
                          int most, const char *what, struct error *err) MUST_CHECK;

/* ERR_USAGE unless there are two words, which these names are for. */
enum status options_pair(const struct options *options, const struct command *command,
                         const char *first, const char *second, struct error *err) MUST_CHECK;

#endif
