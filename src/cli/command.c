#include "cli/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "describe.h"

const char command_exit_codes[] =
    "0 all is done; 1 some runs failed, diff or verify found something, or disk, memory or MPI "
    "failed; 2 the command line or a file is wrong; 75 stopped early with work left";

static void print_commands(FILE *to, const struct command *commands, int count)
{
    fprintf(to, "Usage: mesasweep COMMAND ...\n\n"
                "Trains grids of small transformers over MPI and writes one HDF5 file.\n\n");
    for (int i = 0; i < count; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "%s %s", commands[i].name, commands[i].arguments);
        fprintf(to, "  %-36s %s\n", usage, commands[i].summary);
    }
    fprintf(to,
            "\n'mesasweep COMMAND --help' lists the options of a command; man mesasweep has them "
            "all.\nExit codes: %s.\n",
            command_exit_codes);
}

static const struct command *find(const struct command *commands, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* What was printed must have arrived: a full disk behind stdout is a failure. */
static enum status flush_output(struct error *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return error_set(err, ERR_IO, "standard output: %s", strerror(errno));
    return OK;
}

/* Names and values go into lines, files and scripts: they hold what can be shown. */
static enum status check_words(int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc; i++) {
        char shown[TEXT_SHOWN];
        size_t length = strlen(argv[i]);
        for (size_t at = 0, size; at < length; at += size) {
            uint32_t code;
            size = text_character(&code, argv[i] + at, length - at);
            if (size == 0 || text_is_control(code))
                return error_set(err, ERR_USAGE,
                                 "mesasweep: '%s' has a %s; rename the file, or leave it out",
                                 text_show(shown, argv[i]),
                                 size ? "control character" : "byte that is no UTF-8");
        }
    }
    return OK;
}

static enum status dispatch(int *code, const struct command *commands, int count, int argc,
                            char **argv, struct error *err)
{
    if (argc < 2)
        return error_set(err, ERR_USAGE,
                         "mesasweep: no command; 'mesasweep --help' lists the commands");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_commands(stdout, commands, count);
        return OK;
    }
    if (strncmp(argv[1], "--describe=", 11) == 0 && describe_form(argv[1] + 11))
        return describe_all(describe_form(argv[1] + 11), commands, count, err);
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    const struct command *command = find(commands, count, name);
    if (!command)
        return error_set(err, ERR_USAGE,
                         "mesasweep: '%s' is no command; 'mesasweep --help' lists the commands",
                         argv[1]);
    return command->run(code, command, argc - 1, argv + 1, err);
}

int command_main(const struct command *commands, int count, int argc, char **argv)
{
    struct error err = {""};
    int code = 0;
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is told as a full disk is, by the write */
    enum status st = check_words(argc, argv, &err);
    if (st == OK)
        st = dispatch(&code, commands, count, argc, argv, &err);
    if (st == OK)
        st = flush_output(&err);
    if (st == OK)
        return code;
    fprintf(stderr, "%s\n", err.text);
    return error_exit_code(st);
}
