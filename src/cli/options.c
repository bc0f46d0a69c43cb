#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cluster/walltime.h"
#include "describe.h"

/* What the parser of argp works on: argp hands one pointer through. */
struct parse {
    struct options *options;
    const struct command *command;
    const struct argp_option *rows;
    struct error *err;
    enum status status;
    int at; /* where argp stopped, after the word that it refused */
};

enum { COUNT_MAX = 1000000 };

#define WATCH_DEFAULT 2.0 /* seconds */
#define WATCH_LEAST 0.1
#define WATCH_MOST 86400.0

/* What every command takes, too. */
static const struct argp_option common_rows[] = {
    {"help", OPTION_HELP, NULL, 0, "Print this", -1},
    {"describe", OPTION_DESCRIBE, "FORM", OPTION_HIDDEN, "For the manual and the completion", 0},
};

static error_t refuse(struct parse *parse, const char *option, const char *problem)
{
    parse->status = error_set(parse->err, ERR_USAGE, "mesasweep %s: %s: %s", parse->command->name,
                              option, problem);
    return EINVAL;
}

static error_t take_count(int *count, struct parse *parse, const char *option, const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || number < 1 || number > COUNT_MAX)
        return refuse(parse, option, "takes a whole number from 1 to 1000000");
    *count = (int)number;
    return 0;
}

static error_t take_walltime(struct parse *parse, const char *text)
{
    parse->options->walltime = walltime_seconds(text);
    if (parse->options->walltime > 0)
        return 0;
    return refuse(parse, "--walltime", "takes minutes, M:S, H:M:S or D-H:M:S, as Slurm does");
}

static error_t take_watch(struct parse *parse, const char *text)
{
    char *end = NULL;
    parse->options->watch = text ? strtod(text, &end) : WATCH_DEFAULT;
    if (!text || (isdigit((unsigned char)text[0]) && !*end &&
                  parse->options->watch >= WATCH_LEAST && parse->options->watch <= WATCH_MOST))
        return 0;
    return refuse(parse, "--watch", "takes seconds between two looks, 0.1 to 86400");
}

static error_t take_shard(struct parse *parse, const char *text)
{
    struct plan_shard shard = {0, 0};
    int end = 0;
    bool digits = isdigit((unsigned char)text[0]) && strspn(text, "0123456789/") == strlen(text);
    if (!digits || strlen(text) > 15 ||
        sscanf(text, "%d/%d%n", &shard.index, &shard.count, &end) != 2 || text[end] ||
        shard.count < 1 || shard.index >= shard.count)
        return refuse(parse, "--shard", "takes I/N, part I of 0 .. N-1");
    parse->options->shard = shard;
    return 0;
}

static error_t take_name(const char **name, struct parse *parse, const char *option,
                         const char *text)
{
    if (!text[0])
        return refuse(parse, option, "the name of the file is empty");
    *name = text;
    return 0;
}

static error_t take_where(struct parse *parse, const char *text)
{
    struct options *options = parse->options;
    if (options->where_count == WHERE_MAX)
        return refuse(parse, "--where", "there are more than 32 of them");
    options->where[options->where_count++] = text;
    return 0;
}

static error_t take_switch(struct options *options, int key)
{
    /* clang-format off */
    static const struct {
        int key;
        size_t offset; /* of a bool */
    } switches[] = {
        {OPTION_YES,        offsetof(struct options, yes)},
        {OPTION_HELP,       offsetof(struct options, help)},
        {OPTION_QUICK,      offsetof(struct options, quick)},
        {OPTION_BREAK_LOCK, offsetof(struct options, break_lock)},
        {OPTION_JSON,       offsetof(struct options, json)},
        {OPTION_CSV,        offsetof(struct options, csv)},
        {OPTION_NPZ,        offsetof(struct options, npz)},
        {OPTION_LIST,       offsetof(struct options, list)},
        {OPTION_REQUEUE,    offsetof(struct options, requeue)},
        {OPTION_SRUN,       offsetof(struct options, srun)},
        {OPTION_DISPATCH,   offsetof(struct options, dispatch)},
        {OPTION_MARKDOWN,   offsetof(struct options, markdown)},
        {OPTION_RETIRE,     offsetof(struct options, retire)},
        {OPTION_FAILED,     offsetof(struct options, failed)},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        if (switches[i].key == key) {
            *(bool *)((char *)options + switches[i].offset) = true;
            return 0;
        }
    return ARGP_ERR_UNKNOWN;
}

/* What its command makes sense of. */
static error_t take_text(struct options *options, int key, const char *text)
{
    static const struct {
        int key;
        size_t offset; /* of a const char * */
    } texts[] = {
        {OPTION_SORT, offsetof(struct options, sort)},
        {OPTION_GROUP_BY, offsetof(struct options, group_by)},
        {OPTION_AGGREGATES, offsetof(struct options, aggregates)},
        {OPTION_COLUMNS, offsetof(struct options, columns)},
        {OPTION_DESCRIBE, offsetof(struct options, describe)},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].key == key) {
            *(const char **)((char *)options + texts[i].offset) = text;
            return 0;
        }
    return ARGP_ERR_UNKNOWN;
}

/* One option or event of argp; a row that the command does not list never comes here. */
static error_t take(int key, char *text, struct argp_state *state)
{
    struct parse *parse = state->input;
    struct options *options = parse->options;
    switch (key) {
    case OPTION_OUTPUT:
        return take_name(&options->output, parse, "--output", text);
    case OPTION_FILE:
        return take_name(&options->file, parse, "--file", text);
    case OPTION_WHERE:
        return take_where(parse, text);
    case OPTION_SHARD:
        return take_shard(parse, text);
    case OPTION_WATCH:
        return take_watch(parse, text);
    case OPTION_RANKS:
        return take_count(&options->ranks, parse, "--ranks", text);
    case OPTION_TASKS:
        return take_count(&options->ranks, parse, "--tasks", text);
    case OPTION_RERUN:
        return take_count(&options->rerun, parse, "--rerun", text);
    case OPTION_WALLTIME:
        return take_walltime(parse, text);
    case ARGP_KEY_ARGS:
        options->words = state->argv + state->next;
        options->word_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_ERROR:
        parse->at = state->next;
        return ARGP_ERR_UNKNOWN;
    default:
        return text ? take_text(options, key, text) : take_switch(options, key);
    }
}

/* The row whose name is at most two typing mistakes away from `name`; NULL: there is none. */
static const struct argp_option *nearest(const struct argp_option *rows, const char *name)
{
    const struct argp_option *best = NULL;
    int least = 3;
    for (const struct argp_option *row = rows; row->name; row++) {
        int distance = text_distance(row->name, name, least);
        if (distance < least) {
            least = distance;
            best = row;
        }
    }
    return best;
}

static const struct argp_option *exact(const struct argp_option *rows, const char *name,
                                       size_t length)
{
    for (const struct argp_option *row = rows; row->name; row++)
        if (strlen(row->name) == length && strncmp(row->name, name, length) == 0)
            return row;
    return NULL;
}

/* getopt does not say what is wrong with a word that it refuses: tells an option without its value,
 * a value without need and an unknown name apart. */
static enum status explain(const struct parse *parse, const char *word)
{
    const char *command = parse->command->name;
    if (strncmp(word, "--", 2) == 0) {
        const char *name = word + 2;
        size_t length = strcspn(name, "=");
        const struct argp_option *row = exact(parse->rows, name, length);
        if (row && row->arg)
            return error_set(parse->err, ERR_USAGE, "mesasweep %s: %s: needs a value, %s", command,
                             word, row->arg);
        if (row)
            return error_set(parse->err, ERR_USAGE, "mesasweep %s: --%s: takes no value", command,
                             row->name);
        char alone[TEXT_SHOWN];
        snprintf(alone, sizeof alone, "%.*s", (int)length, name);
        row = nearest(parse->rows, alone);
        if (row)
            return error_set(parse->err, ERR_USAGE,
                             "mesasweep %s: %s: unknown option; did you mean --%s?", command, word,
                             row->name);
    }
    for (const struct argp_option *row = parse->rows; row->name && word[0] == '-' && word[1]; row++)
        if (row->key == word[strlen(word) - 1] && row->arg)
            return error_set(parse->err, ERR_USAGE, "mesasweep %s: %s: needs a value, %s", command,
                             word, row->arg);
    return error_set(parse->err, ERR_USAGE,
                     "mesasweep %s: %s: unknown option; 'mesasweep %s --help' lists them", command,
                     word, command);
}

/* Leaves out what argp adds about short options. */
static char *filter(int key, const char *text, void *input)
{
    (void)input;
    return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)text;
}

static void print_help(const struct command *command, const struct argp *argp)
{
    char name[64];
    snprintf(name, sizeof name, "mesasweep %s", command->name);
    argp_help(argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, name);
}

enum status options_parse(struct options *options, const struct command *command,
                          const struct argp_option *rows, const char *extra, int argc, char **argv,
                          struct error *err)
{
    enum { ROWS = 24 };
    struct argp_option all[ROWS] = {{0}};
    int count = 0;
    while (rows[count].name && count < ROWS - 3) {
        all[count] = rows[count];
        count++;
    }
    memcpy(all + count, common_rows, sizeof common_rows);

    char doc[1024];
    snprintf(doc, sizeof doc, "%c%s.\v%s", toupper((unsigned char)command->summary[0]),
             command->summary + 1, extra ? extra : "");
    struct argp argp = {.options = all,
                        .parser = take,
                        .args_doc = command->arguments,
                        .doc = doc,
                        .help_filter = filter};
    struct parse parse = {options, command, all, err, OK, 1};
    *options = (struct options){0};
    /* argp's own messages take several lines and say less; so it stays silent and gives no help. */
    error_t bad = argp_parse(&argp, argc, argv, ARGP_SILENT, NULL, &parse);
    if (options->help) {
        print_help(command, &argp);
        return OK;
    }
    if (!bad && options->describe && describe_form(options->describe)) {
        describe_command(describe_form(options->describe), command, all, extra);
        options->help = true;
        return OK;
    }
    if (!bad)
        return OK;
    return parse.status != OK ? parse.status : explain(&parse, argv[parse.at - 1]);
}

enum status options_words(const struct options *options, const struct command *command, int least,
                          int most, const char *what, struct error *err)
{
    if (options->word_count < least)
        return error_set(err, ERR_USAGE, "mesasweep %s: %s is missing; usage: mesasweep %s %s",
                         command->name, what, command->name, command->arguments);
    if (options->word_count > most)
        return error_set(err, ERR_USAGE, "mesasweep %s: '%s' is too much; usage: mesasweep %s%s%s",
                         command->name, options->words[most], command->name,
                         command->arguments[0] ? " " : "", command->arguments);
    return OK;
}

enum status options_pair(const struct options *options, const struct command *command,
                         const char *first, const char *second, struct error *err)
{
    enum status st = options_words(options, command, 1, INT32_MAX, first, err);
    return st == OK ? options_words(options, command, 2, 2, second, err) : st;
}
