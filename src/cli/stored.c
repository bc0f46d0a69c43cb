#include "stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

enum status stored_plan(struct plan **plan, const char *file, struct error *err)
{
    struct store_origin origin;
    enum status st = store_origin(&origin, file, err);
    if (st != OK)
        return st;
    const char *settings[SETTINGS_MAX];
    struct plan_options options = {
        .overrides = settings,
        .override_count = split(settings, origin.overrides),
        .quick = origin.quick,
    };
    st = plan_parse(plan, file, origin.sweep, strlen(origin.sweep), &options, err);
    if (st == OK)
        plan_set_analyses(*plan, origin.analyses);
    store_origin_dispose(&origin);
    return st;
}

enum status stored_file(struct job *job, const char *name, struct error *err)
{
    int length = snprintf(job->file, sizeof job->file, "%s", name);
    if (length < 0 || (size_t)length >= sizeof job->file)
        return error_set(err, ERR_USAGE, "%.40s...: the name is too long", name);
    return OK;
}
