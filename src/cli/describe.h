/* describe.h - the manual page and the completion of bash, from the tables of commands, options,
 * keys and columns. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include <argp.h>

#include "cli/command.h"

enum describe_form { DESCRIBE_NONE, DESCRIBE_MAN, DESCRIBE_BASH };

/* The form of that name, "man" or "bash"; DESCRIBE_NONE for others. */
enum describe_form describe_form(const char *name);

/* What is known of one command; called by its options_parse. `rows` are ended by {0}, `extra` may
 * be NULL. */
void describe_command(enum describe_form form, const struct command *command,
                      const struct argp_option *rows, const char *extra);

/* The whole page or script, on standard output: each command is run with --describe. */
enum status describe_all(enum describe_form form, const struct command *commands, int count,
                         struct error *err) MUST_CHECK;

#endif
