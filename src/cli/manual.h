/* manual.h - pieces of a page in the man macros of troff. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <argp.h>

#include "cli/command.h"

void manual_head(const struct command *commands, int count);
void manual_command(const struct command *command, const struct argp_option *rows,
                    const char *extra);
void manual_tail(void);

#endif
