#include "describe.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "aggregate.h"
#include "manual.h"
#include "options.h"
#include "run/run.h"

extern const char completion_bash[]; /* src/cli/completion.bash, which works on the tables below */

static const char *const names[] = {[DESCRIBE_MAN] = "man", [DESCRIBE_BASH] = "bash"};

enum describe_form describe_form(const char *name)
{
    for (enum describe_form form = DESCRIBE_MAN; form <= DESCRIBE_BASH; form++)
        if (strcmp(names[form], name) == 0)
            return form;
    return DESCRIBE_NONE;
}

/* One line in the tables of options: names as they are typed, what takes a value with its kind. */
static void list_options(const struct command *command, const struct argp_option *rows)
{
    printf("_mesasweep_arguments[%s]='%s'\n_mesasweep_options[%s]='", command->name,
           command->arguments, command->name);
    for (const struct argp_option *row = rows; row->name; row++) {
        bool may = row->flags & OPTION_ARG_OPTIONAL;
        if (row->flags & OPTION_HIDDEN)
            continue;
        printf("%s--%s%s%s", row == rows ? "" : " ", row->name, row->arg ? may ? "?" : "=" : "",
               row->arg ? row->arg : "");
        if (isascii(row->key))
            printf(" -%c%s%s", row->key, row->arg ? "=" : "", row->arg ? row->arg : "");
    }
    puts("'");
}

void describe_command(enum describe_form form, const struct command *command,
                      const struct argp_option *rows, const char *extra)
{
    if (form == DESCRIBE_MAN)
        manual_command(command, rows, extra);
    else
        list_options(command, rows);
}

static void list_keys(void)
{
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        const struct key *key = schema_key(&run_schema, k);
        printf("_mesasweep_values[%s]='", key->name);
        for (int i = 0; key->type == KEY_CHOICE && key->choices[i]; i++)
            printf("%s%s", i ? " " : "", key->choices[i]);
        puts(key->type == KEY_BOOL ? "true false'" : "'");
    }
    fputs("_mesasweep_columns='run status", stdout);
    for (int c = 0; c < run_columns(); c++)
        if (run_column(c)->summary || run_column(c)->axes[0] == AXIS_NONE)
            printf(" %s", run_column(c)->name);
    fputs("'\n_mesasweep_analyses='", stdout);
    for (int i = 0; i < run_analyses(); i++)
        printf("%s%s", i ? " " : "", run_analysis_name(i));
    fputs("'\n_mesasweep_aggregates='", stdout);
    for (enum aggregate a = 0; a < AGGREGATES; a++)
        printf("%s%s", a ? " " : "", aggregate_name(a));
    puts("'");
}

enum status describe_all(enum describe_form form, const struct command *commands, int count,
                         struct error *err)
{
    char program[] = "mesasweep", word[32];
    enum status st = OK;
    snprintf(word, sizeof word, "--describe=%s", names[form]);
    if (form == DESCRIBE_MAN)
        manual_head(commands, count);
    else
        puts("# bash completion of mesasweep, made by mesasweep --describe=bash\n"
             "declare -gA _mesasweep_arguments=() _mesasweep_options=() _mesasweep_values=()");
    for (int i = 0; i < count && st == OK; i++) {
        char name[32];
        char *argv[] = {program, name, word, NULL};
        int code;
        snprintf(name, sizeof name, "%s", commands[i].name);
        st = commands[i].run(&code, &commands[i], 2, argv + 1, err);
    }
    if (st == OK && form == DESCRIBE_MAN) {
        manual_tail();
    } else if (st == OK) {
        list_keys();
        fputs(completion_bash, stdout);
    }
    return st;
}
