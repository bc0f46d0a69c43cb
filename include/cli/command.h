/* command.h - the commands of the program: one row in main.c and one file src/cli/cmd_x.c each. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/error.h"

struct command {
    const char *name;
    const char *arguments; /* "SWEEP.yaml [key=value ...]", as in the usage line */
    const char *summary;   /* one line, no full stop */
    /* argv[0] is the command's name, argv[-1] the program's. *code is the exit code when OK is
     * returned: 0, or 1 and 75 of a sweep that did not end well; a failure has the code of its
     * status. */
    enum status (*run)(int *code, const struct command *self, int argc, char **argv,
                       struct error *err);
};

enum status cmd_run(int *code, const struct command *self, int argc, char **argv,
                    struct error *err) MUST_CHECK;
enum status cmd_resume(int *code, const struct command *self, int argc, char **argv,
                       struct error *err) MUST_CHECK;
enum status cmd_retry(int *code, const struct command *self, int argc, char **argv,
                      struct error *err) MUST_CHECK;
enum status cmd_analyse(int *code, const struct command *self, int argc, char **argv,
                        struct error *err) MUST_CHECK;
enum status cmd_merge(int *code, const struct command *self, int argc, char **argv,
                      struct error *err) MUST_CHECK;
enum status cmd_verify(int *code, const struct command *self, int argc, char **argv,
                       struct error *err) MUST_CHECK;
enum status cmd_plan(int *code, const struct command *self, int argc, char **argv,
                     struct error *err) MUST_CHECK;
enum status cmd_sbatch(int *code, const struct command *self, int argc, char **argv,
                       struct error *err) MUST_CHECK;
enum status cmd_status(int *code, const struct command *self, int argc, char **argv,
                       struct error *err) MUST_CHECK;
enum status cmd_table(int *code, const struct command *self, int argc, char **argv,
                      struct error *err) MUST_CHECK;
enum status cmd_show(int *code, const struct command *self, int argc, char **argv,
                     struct error *err) MUST_CHECK;
enum status cmd_best(int *code, const struct command *self, int argc, char **argv,
                     struct error *err) MUST_CHECK;
enum status cmd_log(int *code, const struct command *self, int argc, char **argv,
                    struct error *err) MUST_CHECK;
enum status cmd_export(int *code, const struct command *self, int argc, char **argv,
                       struct error *err) MUST_CHECK;
enum status cmd_diff(int *code, const struct command *self, int argc, char **argv,
                     struct error *err) MUST_CHECK;
enum status cmd_new(int *code, const struct command *self, int argc, char **argv,
                    struct error *err) MUST_CHECK;
enum status cmd_keys(int *code, const struct command *self, int argc, char **argv,
                     struct error *err) MUST_CHECK;
enum status cmd_bench(int *code, const struct command *self, int argc, char **argv,
                      struct error *err) MUST_CHECK;
enum status cmd_version(int *code, const struct command *self, int argc, char **argv,
                        struct error *err) MUST_CHECK;

/* "0 all is done; 1 ...", without a full stop. */
extern const char command_exit_codes[];

/* The whole program: finds argv[1] among the commands and runs it, or prints the list of them.
 * Prints the one line of a failure on stderr and returns the exit code. */
int command_main(const struct command *commands, int count, int argc, char **argv);

#endif
