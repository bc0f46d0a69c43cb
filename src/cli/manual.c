#include "manual.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "key_table.h"
#include "options.h"
#include "version.h"

/* Text as it is: no word of it is a request, a dash is a dash. */
static void print(const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        fputs("\\&", stdout);
    for (; *text; text++)
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
}

/* A request with one argument in quotes. */
static void request(const char *name, const char *text)
{
    printf("%s \"", name);
    for (; *text; text++)
        fputs(*text == '"' ? "\"\"" : *text == '-' ? "\\-" : (char[]){*text, 0}, stdout);
    puts("\"");
}

/* A sentence: with a capital and a full stop, unless it has one. */
static void sentence(const char *text)
{
    size_t length = strlen(text);
    char first[] = {(char)toupper((unsigned char)text[0]), '\0'};
    print(first);
    print(text + (length > 0));
    puts(length > 0 && text[length - 1] == '.' ? "" : ".");
}

static void item(const char *name)
{
    puts(".TP");
    fputs("\\fB", stdout);
    print(name);
    fputs("\\fR", stdout);
}

void manual_head(const struct command *commands, int count)
{
    printf(".TH MESASWEEP 1 \"\" \"mesasweep %s\" \"User Commands\"\n", version.number);
    puts(".nh\n.ad l\n.SH NAME\nmesasweep \\- trains grids of small transformers over MPI and "
         "writes "
         "one HDF5 file\n.SH SYNOPSIS");
    for (int i = 0; i < count; i++) {
        printf("%s\\fBmesasweep %s\\fR ", i ? ".br\n" : "", commands[i].name);
        print(commands[i].arguments);
        putchar('\n');
    }
    puts(
        ".SH DESCRIPTION\n"
        "A sweep is one YAML file. Its runs spread over the ranks of an MPI job, each in a process "
        "of its own, and all of them end in one HDF5 file that every tool can read, also while the "
        "sweep runs. Kill it at any moment and type the same line again: no finished run is lost.\n"
        ".PP\n\\fBmesasweep new\\fR writes a sweep to begin with, \\fBmesasweep plan\\fR tells "
        "what "
        "a sweep would do, \\fBmesasweep run\\fR does it.\n.SH COMMANDS");
}

void manual_command(const struct command *command, const struct argp_option *rows,
                    const char *extra)
{
    char heading[128];
    snprintf(heading, sizeof heading, "%s %s", command->name, command->arguments);
    request(".SS", heading);
    sentence(command->summary);
    for (const struct argp_option *row = rows; row->name; row++) {
        char name[96];
        bool may = row->flags & OPTION_ARG_OPTIONAL;
        if (row->flags & OPTION_HIDDEN || row->key == OPTION_HELP)
            continue;
        snprintf(name, sizeof name, "%s%.*s%s--%s%s%s%s", isascii(row->key) ? "-" : "",
                 isascii(row->key), (char[]){(char)row->key, 0}, isascii(row->key) ? ", " : "",
                 row->name, row->arg ? may ? "[=" : "=" : "", row->arg ? row->arg : "",
                 row->arg && may ? "]" : "");
        item(name);
        putchar('\n');
        sentence(row->doc);
    }
    if (extra) {
        puts(".PP");
        sentence(extra);
    }
}

static void print_keys(void)
{
    puts(".SH KEYS\nWhat a sweep file may set, and \\fIkey=value\\fR on the command line.");
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        const struct key *key = schema_key(&run_schema, k);
        char range[256];
        item(key->name);
        fputs(" (", stdout);
        key_range(range, sizeof range, key);
        print(range);
        fputs("; default ", stdout);
        print(key_default(key));
        fputs(key_unit(key)[0] ? ", " : "", stdout);
        print(key_unit(key));
        puts(")");
        sentence(key->help);
    }
    puts(".SH ANALYSES\nNames for \\fBanalyses:\\fR of a sweep and for \\fBmesasweep analyse\\fR.");
    for (int i = 0; i < run_analyses(); i++) {
        item(run_analysis_name(i));
        putchar('\n');
        sentence(run_analysis_about(i));
    }
}

void manual_tail(void)
{
    print_keys();
    puts(".SH EXIT STATUS");
    sentence(command_exit_codes);
    puts(
        ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nWhen it is set and not empty nothing is coloured.\n"
        ".SH FILES\n.TP\n.I FILE.h5.lock\nWho writes the file.\n.TP\n.I FILE.h5.logs/\nWhat failed "
        "attempts said.\n.TP\n.I FILE.h5.checkpoints/\nStates of long runs, from which they go "
        "on.\n"
        ".SH EXAMPLES\n.nf\nmesasweep new my.yaml && mesasweep run my.yaml\nmesasweep table my.h5 "
        "\\-\\-agg mean,ci95\nmesasweep best my.h5\nmesasweep sbatch my.yaml \\-o my.sbatch && "
        "sbatch "
        "my.sbatch\n.fi\n.SH SEE ALSO\n.BR mpirun (1),\n.BR sbatch (1),\n.BR h5dump (1)");
}
