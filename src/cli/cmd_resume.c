#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

enum { SETTINGS_MAX = 256 };

/* Splits the stored settings, one a line; the text is cut in place. Returns how many. */
static int split(const char **settings, char *text)
{
    int count = 0;
    char *rest = text;
    for (char *line; count < SETTINGS_MAX && (line = strsep(&rest, "\n"));)
        if (line[0])
            settings[count++] = line;
    return count;
}

/* The plan that the file was made from, as the file tells it. */
static enum status stored_plan(struct job *job, struct plan **plan, struct error *err)
{
    struct store_origin origin;
    enum status st = store_origin(&origin, job->file, err);
    if (st != OK)
        return st;
    const char *settings[SETTINGS_MAX];
    struct plan_options options = {
        .overrides = settings,
        .override_count = split(settings, origin.overrides),
        .quick = origin.quick,
    };
    st = plan_parse(plan, job->file, origin.sweep, strlen(origin.sweep), &options, err);
    store_origin_dispose(&origin);
    return st;
}

enum status cmd_resume(int *code, const struct command *self, int argc, char **argv,
                       struct error *err)
{
    static const struct argp_option rows[] = {JOB_OPTION_ROWS, {0}};
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st != OK)
        return st;
    struct job job = {.command = self, .options = &options, .plan = stored_plan};
    int length = snprintf(job.file, sizeof job.file, "%s", options.words[0]);
    if (length < 0 || (size_t)length >= sizeof job.file)
        return error_set(err, ERR_USAGE, "%.40s...: the name is too long", options.words[0]);
    return job_carry_out(code, &job, argv, err);
}
